import { compileEntry } from './assembly.ts';

/** The picture kernels, with planes copied in and out. */
export async function sealKernels() {
  const wasm = await compileEntry('assembly/seal/inspect.ts');

  function call(name: string, ...values: number[]): number {
    const kernel = wasm[name];
    if (!kernel) throw new Error(`no kernel ${name}`);
    return kernel(...values);
  }

  return {
    call,
    /** Copies bytes in and returns where they are; `spare` more bytes follow, all 0. */
    place(bytes: ArrayLike<number>, spare = 0): number {
      const at = call('take', bytes.length + spare + 16);
      const memory = new Uint8Array(wasm.memory.buffer);
      memory.fill(0, at, at + bytes.length + spare + 16);
      memory.set(bytes, at);
      return at;
    },
    placePlane(values: readonly number[]): number {
      const at = call('take', 4 * values.length + 16);
      new Float32Array(wasm.memory.buffer).set(values, at / 4);
      return at;
    },
    placeDoubles(values: readonly number[]): number {
      const at = call('take', 8 * values.length);
      new Float64Array(wasm.memory.buffer).set(values, at / 8);
      return at;
    },
    bytes: (at: number, length: number) =>
      new Uint8Array(wasm.memory.buffer.slice(at, at + length)),
    plane: (at: number, length: number) => [
      ...new Float32Array(wasm.memory.buffer.slice(at, at + 4 * length)),
    ],
    doubles: (at: number, length: number) => [
      ...new Float64Array(wasm.memory.buffer.slice(at, at + 8 * length)),
    ],
  };
}
