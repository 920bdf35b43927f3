import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { loadPictures } from '../../src/core/pictures.ts';
import { SealError } from '../../src/core/seal-error.ts';
import { continued, damaged, smallPictures } from '../helpers/picture-files.ts';

// Thousands of pictures a test: a busy machine may take longer than the default.
vi.setConfig({ testTimeout: 60_000 });

const pictures = await loadPictures();
const REFUSALS = ['picture_corrupt', 'picture_unsupported', 'picture_too_large'];

/** `decoded`, or the code of the refusal; a trap or any other error fails the test. */
function outcome(file: Uint8Array): string {
  try {
    const { width, height, rgba } = pictures.decode(file);
    expect(rgba.length).toBe(width * height * 4);
    return 'decoded';
  } catch (error) {
    if (error instanceof SealError && REFUSALS.includes(error.code)) return error.code;
    throw error;
  }
}

const files = await smallPictures();

test.each([...files])('%s cut after any byte is refused', (_, file) => {
  expect(outcome(file)).toBe('decoded');
  for (let length = 0; length < file.length; length++) {
    expect(outcome(file.subarray(0, length)), `${length} bytes`).not.toBe('decoded');
  }
});

test.each([...files])('%s with any one byte changed decodes or is refused', (name, file) => {
  for (let at = 0; at < file.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const result = outcome(changed);
      // Checksums cover all of a PNG but the bytes behind its last chunk.
      if (name.startsWith('png')) expect(result, `byte ${at}`).not.toBe('decoded');
    }
  }
});

test('random changes of several bytes never trap', () => {
  fc.assert(
    fc.property(damaged([...files.values()]), (file) => void outcome(file)),
    {
      numRuns: 6000,
      seed: 20,
    },
  );
});

test('random bytes behind every valid beginning never trap', () => {
  fc.assert(
    fc.property(continued([...files.values()]), (file) => void outcome(file)),
    {
      numRuns: 4000,
      seed: 20,
    },
  );
});
