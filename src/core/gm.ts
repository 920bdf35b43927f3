import { loadKernel } from './gm/kernel.ts';
import { createSm3Functions } from './gm/sm3.ts';
import { createSm4 } from './gm/sm4.ts';

export { GmError, type GmErrorCode } from './gm/error.ts';
export type { Sm3Hash } from './gm/sm3.ts';
export type { Sm4Mode, Sm4Options } from './gm/sm4.ts';

/** The SM2, SM3 and SM4 of one module instance. */
export type Gm = Awaited<ReturnType<typeof loadGm>>;

/** Loads the module, compiling it once; later calls are free and share the instance. */
export async function loadGm() {
  const kernel = await loadKernel();
  return { ...createSm3Functions(kernel), sm4: createSm4(kernel) };
}
