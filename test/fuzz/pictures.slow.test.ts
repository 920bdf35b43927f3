import fc from 'fast-check';
import { expect, test } from 'vitest';
import source from '#wasm/seal';
import { instantiate, moduleOf } from '../../src/core/load.ts';
import { continued, damaged, smallPictures } from '../helpers/picture-files.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  reserve(length: number): number;
  open(length: number, pixelsMax: number): number;
  nextBand(): number;
}

const STATUSES = [0, -2, -3, -4];

test('400,000 damaged pictures on one instance: no trap, no other status, memory within the limit', async () => {
  const core = instantiate<Exports>(await moduleOf(source));
  const files = [...(await smallPictures()).values()];
  const decode = (file: Uint8Array) => {
    const input = core.reserve(file.length);
    new Uint8Array(core.memory.buffer, input, file.length).set(file);
    let status = core.open(file.length, 12_000_000);
    if (status === 0)
      do status = core.nextBand();
      while (status > 0);
    expect(STATUSES).toContain(status);
  };
  for (let seed = 1; seed <= 20; seed++) {
    const pictures = fc.oneof(damaged(files), continued(files));
    fc.assert(fc.property(pictures, decode), { numRuns: 20_000, seed });
    // A damaged header may ask for a large picture, never for more than the limit.
    expect(core.memory.buffer.byteLength).toBeLessThanOrEqual(96 * 1024 * 1024);
  }
});
