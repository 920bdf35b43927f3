import { loadKernel } from './gm/kernel.ts';

export { GmError, type GmErrorCode } from './gm/error.ts';

/** The SM2, SM3 and SM4 of one module instance. */
export type Gm = Awaited<ReturnType<typeof loadGm>>;

/** Loads the module, compiling it once; later calls are free and share the instance. */
export async function loadGm() {
  const kernel = await loadKernel();
  return { kernel };
}
