import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import wabt from 'wabt';
import { metered, STEPS } from '../../../src/core/metered.ts';
import { openVendor } from '../../../src/core/seal-vendor.ts';
import { drawnSeal } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const assembler = await wabt();

function assembled(text: string): Uint8Array<ArrayBuffer> {
  const module = assembler.parseWat('test.wat', text);
  const bytes = new Uint8Array(module.toBinary({}).buffer);
  module.destroy();
  return bytes;
}

interface Exports {
  readonly [STEPS]: WebAssembly.Global;
  run(count: number): number;
}

async function running(text: string): Promise<Exports> {
  const { instance } = await WebAssembly.instantiate(metered(assembled(text)));
  return instance.exports as unknown as Exports;
}

const counting = `(module (func (export "run") (param i32) (result i32) (local i32)
  (loop $again
    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
    (br_if $again (i32.lt_s (local.get 1) (local.get 0))))
  (local.get 1)))`;

test('a step for the call and one for every turn, and a trap at the same place every time', async () => {
  const exports = await running(counting);
  exports[STEPS].value = 1000n;
  expect(exports.run(500)).toBe(500);
  expect(exports[STEPS].value).toBe(499n);
  exports[STEPS].value = 100n;
  expect(() => exports.run(500)).toThrow(WebAssembly.RuntimeError);
  expect(exports[STEPS].value).toBe(-1n);
  exports[STEPS].value = 501n;
  expect(exports.run(500)).toBe(500);
});

test('a module whose host sets no steps ends soon', async () => {
  const exports = await running(counting);
  expect(() => exports.run(2_000_000)).toThrow(WebAssembly.RuntimeError);
});

test('recursion and copies in memory cost steps too', async () => {
  const deep = await running(`(module (func $run (export "run") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (call $run (i32.sub (local.get 0) (i32.const 1)))))))`);
  deep[STEPS].value = 1000n;
  deep.run(99);
  expect(deep[STEPS].value).toBe(900n);
  const wide = await running(`(module (memory 4) (func (export "run") (param i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 7) (local.get 0))
    (memory.copy (i32.const 64) (i32.const 0) (i32.const 640))
    (i32.load8_u (i32.const 5))))`);
  wide[STEPS].value = 100_000n;
  expect(wide.run(64_000)).toBe(7);
  expect(wide[STEPS].value).toBe(100_000n - 1n - 1000n - 10n);
  wide[STEPS].value = 900n;
  expect(() => wide.run(64_000)).toThrow(WebAssembly.RuntimeError);
});

const built = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../wasm-build/out/${name}.wasm`, import.meta.url)));

describe('our own modules, SIMD and all, do the same when they are metered', () => {
  test.each(['vendor-stroke', 'vendor-spectrum', 'vendor-glyphs'])('%s', async (name) => {
    const plain = openVendor(await WebAssembly.compile(built(name)));
    const counted = openVendor(await WebAssembly.compile(metered(built(name))));
    const reserved = plain.enrol(drawnSeal(), 'reserved');
    expect(counted.enrol(drawnSeal(), 'reserved')).toEqual(reserved);
    const query = plain.enrol(drawnSeal());
    expect(counted.match(reserved, query)).toEqual(plain.match(reserved, query));
  });
});

const tally = readFileSync(new URL('../../helpers/tally-vendor.wat', import.meta.url), 'utf8');

test('B6: a vendor that never ends is ended by the host, and has not agreed', async () => {
  const endless = tally.replace(
    '(memory.fill (local.get $out) (i32.const 0) (i32.const 48))',
    '(loop $for (br $for))',
  );
  expect(endless).not.toBe(tally);
  const vendor = openVendor(await WebAssembly.compile(metered(assembled(endless))), {
    steps: 3_000_000,
  });
  const template = vendor.enrol(drawnSeal());
  expect(() => vendor.match(template, template)).toThrow(
    expect.objectContaining({ code: 'core_failed' }),
  );
});

describe('what cannot be metered is refused', () => {
  const sound = assembled(counting);
  test.each([
    ['no module', new Uint8Array([1, 2, 3])],
    ['an empty file', new Uint8Array()],
    ['a module without code', assembled('(module)')],
    ['an imported memory', assembled('(module (import "env" "memory" (memory 1)) (func))')],
    ['a module that is cut off', sound.subarray(0, sound.length - 3)],
    ['a section that is longer than the file', Uint8Array.of(...sound.subarray(0, 8), 1, 255, 127)],
  ])('%s', (_, bytes) => {
    expect(() => metered(bytes)).toThrow(expect.objectContaining({ code: 'core_failed' }));
  });
});
