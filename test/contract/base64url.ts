import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';

/** Holds with what the engine brings along and without it: Node 20 has nothing, workerd has. */
export function base64urlContract(): void {
  test('base64url reads what it wrote, and Buffer agrees', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = base64urlText(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(base64urlBytes(text)).toEqual(bytes);
      }),
    );
  });

  test('base64url has one text for each list of bytes: every other is refused', () => {
    const characters = [...'ABCabc019-_+/= .\n\u00e9'];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 }), (text) => {
        const bytes = base64urlBytes(text);
        const wouldWrite = base64urlText(new Uint8Array(Buffer.from(text, 'base64url')));
        expect(bytes !== undefined).toBe(wouldWrite === text);
      }),
      { numRuns: 2_000 },
    );
  });
}
