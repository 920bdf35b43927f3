import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { loadSeal, SealError } from '../../src/core/seal.ts';
import { drawnSeal, sampleScan } from '../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 110_000 });

/** The memories of the modules that were started since the tests began. */
const memories: WebAssembly.Memory[] = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, [module, imports]) {
    const instance = new Instance(module, imports);
    memories.push(instance.exports.memory as WebAssembly.Memory);
    return instance;
  },
});

const seal = await loadSeal();
const scanned = sampleScan('s06-g0.jpg', 300);
const scan = seal.enrol(scanned, 'stroke');
const vendors = seal.vendors.map(({ code }) => ({
  code,
  small: seal.enrol(drawnSeal(), code),
  scan: seal.enrol(scanned, code),
}));
const CHECK = 48;

/** Puts the right checksum on a template, as an attacker would. */
function sign(template: Uint8Array): Uint8Array {
  const view = new DataView(template.buffer, template.byteOffset, template.length);
  view.setUint32(CHECK, 0, true);
  view.setUint32(CHECK, crc32(template), true);
  return template;
}

/** `done`, or the code of a refusal; a breakdown inside fails the test. */
function outcome(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (error instanceof SealError && error.code !== 'core_failed') return error.code;
    throw error;
  }
}

const restored = (template: Uint8Array, code = 'stroke') =>
  outcome(() => seal.restore(code, template));

/** A comparison says what its scale allows, of however strange a template. */
function compared(code: string, reserved: Uint8Array, query: Uint8Array): void {
  const { match, score, threshold, unknownShare, tiles } = seal.match(code, reserved, query);
  for (const share of [score, unknownShare, ...tiles.map((tile) => tile.score)]) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
  expect(match).toBe(score >= threshold);
}

test('a template cut after any byte is refused', () => {
  for (let length = 0; length < scan.length; length++) {
    expect(restored(scan.slice(0, length))).toBe('template_invalid');
  }
});

test('a template with any one byte changed is refused', () => {
  for (let at = 0; at < scan.length; at++) {
    const damaged = scan.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    expect(restored(damaged), `byte ${at}`).toBe('template_invalid');
  }
});

test('random bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(restored(bytes)).toBe('template_invalid');
    }),
    { numRuns: 500 },
  );
});

const change = fc.record({
  at: fc.oneof(fc.nat({ max: 63 }), fc.nat({ max: 65_535 })),
  value: fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat({ max: 255 })),
});

function changed(template: Uint8Array, changes: readonly { at: number; value: number }[]) {
  const copy = template.slice();
  for (const { at, value } of changes) copy[at % copy.length] = value;
  return sign(copy);
}

test('M6: a forged checksum does not break the restoring', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...vendors),
      fc.boolean(),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (vendor, isSmall, changes) => {
        const forged = changed(isSmall ? vendor.small : vendor.scan, changes);
        expect(['done', 'template_invalid']).toContain(restored(forged, vendor.code));
      },
    ),
    { numRuns: 3000 },
  );
});

test('M6: a forged checksum breaks no comparison, on either side, and its score is one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...vendors),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (vendor, changes, isReserved) => {
        const forged = changed(isReserved ? vendor.small : vendor.scan, changes);
        const pair = isReserved ? ([forged, vendor.small] as const) : [vendor.small, forged];
        const result = outcome(() => compared(vendor.code, pair[0], pair[1]));
        expect(['done', 'template_invalid', 'imprint_not_found']).toContain(result);
      },
    ),
    { numRuns: 90 },
  );
});

test('M6: after a refusal a comparison gives the same, and memory does not grow from call to call', () => {
  for (const { code, small: one, scan: other } of vendors) {
    const before = seal.match(code, one, other);
    const pages = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    const held = pages();
    expect(held).toBeGreaterThan(0);
    for (let round = 0; round < 4; round++) {
      outcome(() => seal.match(code, one.slice(0, 80), other));
      expect(seal.match(code, one, other)).toEqual(before);
    }
    expect(pages()).toBe(held);
  }
});
