import source from '#wasm/gm';
import { type CoreExports, instantiate, moduleOf } from '../load.ts';

/** Every function that the module exports; each part of the facade declares its own. */
export interface GmExports extends CoreExports {
  io(): number;
  ioBytes(): number;
}

/**
 * One instance of the module and a view of the region through which bytes are exchanged with it.
 *
 * Its memory never grows, so the view stays valid. Calls are synchronous and each begins from its
 * arguments, so facades share one instance.
 */
export interface Kernel {
  readonly wasm: GmExports;
  /** Address of the first byte of `bytes`. */
  readonly base: number;
  readonly bytes: Uint8Array;
}

let loading: Promise<Kernel> | undefined;

/** Loads the module once; later calls return the same instance. */
export function loadKernel(): Promise<Kernel> {
  loading ??= moduleOf(source).then((module) => {
    const wasm = instantiate<GmExports>(module);
    const base = wasm.io();
    return { wasm, base, bytes: new Uint8Array(wasm.memory.buffer, base, wasm.ioBytes()) };
  });
  // A failed download may succeed when asked again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}
