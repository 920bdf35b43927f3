import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sealKernels } from '../../helpers/seal-kernels.ts';

const { call, place, bytes } = await sealKernels();
const ROOM = 1 << 16;
const arena = {
  bits: place([], ROOM),
  code: place([], ROOM),
  decoded: place([], ROOM),
  covers: place([], ROOM),
};

/** Writes into a region that is used again and again. */
function write(at: number, values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) call('poke', at + i, values[i] ?? 0);
  return at;
}

const bitmap = fc
  .record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 12 }),
    density: fc.constantFrom(0, 0.05, 0.5, 0.95, 1),
    seed: fc.integer(),
  })
  .map(({ width, height, density, seed }) => {
    let state = seed >>> 0;
    const draw = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const stride = (width + 7) >> 3;
    const bits = new Uint8Array(stride * height);
    // Runs as in drawings: the colour changes now and then, and rows resemble the row above.
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const above = y > 0 ? ((bits[(y - 1) * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 : 0;
        const isInk = draw() < 0.8 && y > 0 ? above === 1 : draw() < density;
        const byte = y * stride + (x >> 3);
        if (isInk) bits[byte] = (bits[byte] ?? 0) | (0x80 >> (x & 7));
      }
    }
    return { width, height, bits };
  });

test('bilevel pictures come back bit for bit', () => {
  fc.assert(
    fc.property(bitmap, ({ width, height, bits }) => {
      const length = call(
        'encodeBilevel',
        write(arena.bits, bits),
        width,
        height,
        arena.code,
        ROOM,
      );
      expect(length).toBeGreaterThan(0);
      expect(call('decodeBilevel', arena.code, length, width, height, arena.decoded)).toBe(0);
      expect(bytes(arena.decoded, bits.length)).toEqual(bits);
    }),
    { numRuns: 400 },
  );
});

test('any bytes either decode to a bilevel picture or are refused', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 120 }),
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 20 }),
      (code, width, height) => {
        const at = write(arena.code, code);
        expect([0, -2]).toContain(
          call('decodeBilevel', at, code.length, width, height, arena.decoded),
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test('too little room is said, not overrun', () => {
  const bits = Uint8Array.from({ length: 200 }, (_, i) => (i * 73) & 255);
  write(arena.bits, bits);
  write(arena.code, new Uint8Array(64).fill(0xaa));
  expect(call('encodeBilevel', arena.bits, 80, 20, arena.code, 16)).toBe(-4);
  expect(bytes(arena.code + 16, 48)).toEqual(new Uint8Array(48).fill(0xaa));
});

test('ink depth comes back level for level', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 11 })),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      (width, height, levelStream, coverStream) => {
        const take = (stream: Stream) =>
          Array.from({ length: width * height }, () => stream.next().value);
        type Stream = Iterator<number>;
        const levels = take(levelStream).map((value) => Math.max(0, value - 4));
        write(arena.covers, take(coverStream));
        const size = call('paddedSize', width, height);
        write(arena.bits, new Uint8Array(size));
        levels.forEach((level, i) => {
          const row = call('paddedRow', arena.bits, width, Math.floor(i / width));
          write(row + (i % width), [level]);
        });
        const padded = bytes(arena.bits, size);
        const length = call(
          'encodeDepth',
          arena.bits,
          arena.covers,
          width,
          height,
          arena.code,
          ROOM,
        );
        expect(length).toBeGreaterThan(0);
        call('decodeDepth', arena.code, length, arena.covers, width, height, arena.decoded);
        expect(bytes(arena.decoded, size)).toEqual(padded);
      },
    ),
    { numRuns: 200 },
  );
});

test('shrinking to two thirds counts ninths of ink', () => {
  // One block of 3 x 3 pixels: the upper left pixel and the middle one are ink.
  write(arena.bits, [0b10000000, 0b01000000, 0]);
  call('shrinkBilevel', arena.bits, 3, 3, arena.decoded);
  expect([...bytes(arena.decoded, 4)]).toEqual([5, 1, 1, 1]);
});
