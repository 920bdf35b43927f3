import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { loadSeal, SealError } from '../../src/core/seal.ts';
import { drawnSeal, sampleScan } from '../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 110_000 });

const seal = await loadSeal();
const small = seal.enrol(drawnSeal(), 'stroke');
const scan = seal.enrol(sampleScan('s06-g0.jpg', 300), 'stroke');
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

const restored = (template: Uint8Array) => outcome(() => seal.restore('stroke', template));

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

test('a forged checksum does not break the restoring', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(small, scan),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (template, changes) => {
        expect(['done', 'template_invalid']).toContain(restored(changed(template, changes)));
      },
    ),
    { numRuns: 3000 },
  );
});

test('a forged checksum does not break the comparison, on either side', () => {
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (changes, isReserved) => {
        const forged = changed(isReserved ? small : scan, changes);
        const result = outcome(() =>
          isReserved ? seal.match('stroke', forged, small) : seal.match('stroke', small, forged),
        );
        expect(['done', 'template_invalid', 'imprint_not_found']).toContain(result);
      },
    ),
    { numRuns: 60 },
  );
});

test('memory does not grow from call to call', () => {
  const before = seal.match('stroke', small, scan);
  for (let round = 0; round < 5; round++) {
    outcome(() => seal.match('stroke', small.slice(0, 80), scan));
    expect(seal.match('stroke', small, scan)).toEqual(before);
  }
});
