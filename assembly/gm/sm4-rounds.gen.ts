// Made by wasm-build/generators/sm4.mjs; change that script, not this file.
const tables = memory.data<u8>([
  // inputLow
  95, 207, 169, 57, 219, 75, 45, 189, 87, 199, 161, 49, 211, 67, 37, 181,
  // inputHigh
  0, 111, 179, 220, 151, 248, 36, 75, 5, 106, 182, 217, 146, 253, 33, 78,
  // inverse
  128, 1, 9, 14, 13, 11, 7, 6, 15, 2, 12, 5, 10, 4, 3, 8,
  // aOver
  128, 2, 1, 15, 9, 5, 14, 12, 13, 4, 11, 10, 7, 8, 6, 3,
  // outputU
  0, 118, 32, 69, 83, 64, 101, 19, 51, 96, 37, 5, 54, 115, 22, 86,
  // outputV
  0, 189, 91, 202, 102, 74, 145, 44, 119, 17, 219, 128, 247, 61, 172, 230,
], 16);

/** The S-box on each of the four bytes of `word`, for the key schedule. */
export function substitute(word: u32): u32 {
  const inputLow: v128 = v128.load(tables, 0);
  const inputHigh: v128 = v128.load(tables, 16);
  const inverse: v128 = v128.load(tables, 32);
  const aOver: v128 = v128.load(tables, 48);
  const outputU: v128 = v128.load(tables, 64);
  const outputV: v128 = v128.load(tables, 80);
  const nibble: v128 = i8x16.splat(0x0f);
  const constant: v128 = i32x4.splat(0xd3d3d3d3);
  const x: v128 = i32x4.splat(word);
  const t: v128 = v128.xor(
    i8x16.swizzle(inputLow, v128.and(x, nibble)),
    i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x, 4), nibble)),
  );
  const i: v128 = v128.and(t, nibble);
  const j: v128 = v128.and(i32x4.shr_u(t, 4), nibble);
  const k: v128 = i8x16.swizzle(aOver, v128.xor(i, j));
  const u: v128 = v128.xor(
    j,
    i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i), k)),
  );
  const v: v128 = v128.xor(
    i,
    i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j), k)),
  );
  const y: v128 = v128.xor(
    v128.xor(i8x16.swizzle(outputU, u), i8x16.swizzle(outputV, v)),
    constant,
  );
  return <u32>i32x4.extract_lane(y, 0);
}

/**
 * Runs the 32 round keys at `roundKeys` over the 4 blocks at `from` and writes them to `to`, which
 * may be the same place. In reverse order the same keys undo it.
 */
export function cipher4(roundKeys: usize, from: usize, to: usize): void {
  const inputLow: v128 = v128.load(tables, 0);
  const inputHigh: v128 = v128.load(tables, 16);
  const inverse: v128 = v128.load(tables, 32);
  const aOver: v128 = v128.load(tables, 48);
  const outputU: v128 = v128.load(tables, 64);
  const outputV: v128 = v128.load(tables, 80);
  const nibble: v128 = i8x16.splat(0x0f);
  const constant: v128 = i32x4.splat(0xd3d3d3d3);
  const raw00: v128 = v128.load(from, 0);
  const in00: v128 = v128.shuffle<u8>(raw00, raw00, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw01: v128 = v128.load(from, 16);
  const in01: v128 = v128.shuffle<u8>(raw01, raw01, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw02: v128 = v128.load(from, 32);
  const in02: v128 = v128.shuffle<u8>(raw02, raw02, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw03: v128 = v128.load(from, 48);
  const in03: v128 = v128.shuffle<u8>(raw03, raw03, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const lowA0: v128 = v128.shuffle<u32>(in00, in01, 0, 4, 1, 5);
  const lowB0: v128 = v128.shuffle<u32>(in02, in03, 0, 4, 1, 5);
  const highA0: v128 = v128.shuffle<u32>(in00, in01, 2, 6, 3, 7);
  const highB0: v128 = v128.shuffle<u32>(in02, in03, 2, 6, 3, 7);
  let a0: v128 = v128.shuffle<u64>(lowA0, lowB0, 0, 2);
  let b0: v128 = v128.shuffle<u64>(lowA0, lowB0, 1, 3);
  let c0: v128 = v128.shuffle<u64>(highA0, highB0, 0, 2);
  let d0: v128 = v128.shuffle<u64>(highA0, highB0, 1, 3);
  for (let at: usize = 0; at < 128; at += 16) {
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 0);
      const x0: v128 = v128.xor(v128.xor(b0, c0), v128.xor(d0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      a0 = v128.xor(
        v128.xor(v128.xor(a0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 4);
      const x0: v128 = v128.xor(v128.xor(c0, d0), v128.xor(a0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      b0 = v128.xor(
        v128.xor(v128.xor(b0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 8);
      const x0: v128 = v128.xor(v128.xor(d0, a0), v128.xor(b0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      c0 = v128.xor(
        v128.xor(v128.xor(c0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 12);
      const x0: v128 = v128.xor(v128.xor(a0, b0), v128.xor(c0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      d0 = v128.xor(
        v128.xor(v128.xor(d0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
  }
  const outA0: v128 = v128.shuffle<u32>(d0, c0, 0, 4, 1, 5);
  const outB0: v128 = v128.shuffle<u32>(b0, a0, 0, 4, 1, 5);
  const outC0: v128 = v128.shuffle<u32>(d0, c0, 2, 6, 3, 7);
  const outD0: v128 = v128.shuffle<u32>(b0, a0, 2, 6, 3, 7);
  const done00: v128 = v128.shuffle<u64>(outA0, outB0, 0, 2);
  v128.store(to, v128.shuffle<u8>(done00, done00, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 0);
  const done01: v128 = v128.shuffle<u64>(outA0, outB0, 1, 3);
  v128.store(to, v128.shuffle<u8>(done01, done01, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 16);
  const done02: v128 = v128.shuffle<u64>(outC0, outD0, 0, 2);
  v128.store(to, v128.shuffle<u8>(done02, done02, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 32);
  const done03: v128 = v128.shuffle<u64>(outC0, outD0, 1, 3);
  v128.store(to, v128.shuffle<u8>(done03, done03, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 48);
}

/**
 * Runs the 32 round keys at `roundKeys` over the 8 blocks at `from` and writes them to `to`, which
 * may be the same place. In reverse order the same keys undo it.
 */
export function cipher8(roundKeys: usize, from: usize, to: usize): void {
  const inputLow: v128 = v128.load(tables, 0);
  const inputHigh: v128 = v128.load(tables, 16);
  const inverse: v128 = v128.load(tables, 32);
  const aOver: v128 = v128.load(tables, 48);
  const outputU: v128 = v128.load(tables, 64);
  const outputV: v128 = v128.load(tables, 80);
  const nibble: v128 = i8x16.splat(0x0f);
  const constant: v128 = i32x4.splat(0xd3d3d3d3);
  const raw00: v128 = v128.load(from, 0);
  const in00: v128 = v128.shuffle<u8>(raw00, raw00, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw01: v128 = v128.load(from, 16);
  const in01: v128 = v128.shuffle<u8>(raw01, raw01, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw02: v128 = v128.load(from, 32);
  const in02: v128 = v128.shuffle<u8>(raw02, raw02, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw03: v128 = v128.load(from, 48);
  const in03: v128 = v128.shuffle<u8>(raw03, raw03, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const lowA0: v128 = v128.shuffle<u32>(in00, in01, 0, 4, 1, 5);
  const lowB0: v128 = v128.shuffle<u32>(in02, in03, 0, 4, 1, 5);
  const highA0: v128 = v128.shuffle<u32>(in00, in01, 2, 6, 3, 7);
  const highB0: v128 = v128.shuffle<u32>(in02, in03, 2, 6, 3, 7);
  let a0: v128 = v128.shuffle<u64>(lowA0, lowB0, 0, 2);
  let b0: v128 = v128.shuffle<u64>(lowA0, lowB0, 1, 3);
  let c0: v128 = v128.shuffle<u64>(highA0, highB0, 0, 2);
  let d0: v128 = v128.shuffle<u64>(highA0, highB0, 1, 3);
  const raw10: v128 = v128.load(from, 64);
  const in10: v128 = v128.shuffle<u8>(raw10, raw10, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw11: v128 = v128.load(from, 80);
  const in11: v128 = v128.shuffle<u8>(raw11, raw11, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw12: v128 = v128.load(from, 96);
  const in12: v128 = v128.shuffle<u8>(raw12, raw12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const raw13: v128 = v128.load(from, 112);
  const in13: v128 = v128.shuffle<u8>(raw13, raw13, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
  const lowA1: v128 = v128.shuffle<u32>(in10, in11, 0, 4, 1, 5);
  const lowB1: v128 = v128.shuffle<u32>(in12, in13, 0, 4, 1, 5);
  const highA1: v128 = v128.shuffle<u32>(in10, in11, 2, 6, 3, 7);
  const highB1: v128 = v128.shuffle<u32>(in12, in13, 2, 6, 3, 7);
  let a1: v128 = v128.shuffle<u64>(lowA1, lowB1, 0, 2);
  let b1: v128 = v128.shuffle<u64>(lowA1, lowB1, 1, 3);
  let c1: v128 = v128.shuffle<u64>(highA1, highB1, 0, 2);
  let d1: v128 = v128.shuffle<u64>(highA1, highB1, 1, 3);
  for (let at: usize = 0; at < 128; at += 16) {
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 0);
      const x0: v128 = v128.xor(v128.xor(b0, c0), v128.xor(d0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      a0 = v128.xor(
        v128.xor(v128.xor(a0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
      const x1: v128 = v128.xor(v128.xor(b1, c1), v128.xor(d1, key));
      const t1: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x1, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x1, 4), nibble)),
      );
      const i1: v128 = v128.and(t1, nibble);
      const j1: v128 = v128.and(i32x4.shr_u(t1, 4), nibble);
      const k1: v128 = i8x16.swizzle(aOver, v128.xor(i1, j1));
      const u1: v128 = v128.xor(
        j1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i1), k1)),
      );
      const v1: v128 = v128.xor(
        i1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j1), k1)),
      );
      const s1: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u1), i8x16.swizzle(outputV, v1)),
        constant,
      );
      const r1: v128 = v128.or(i32x4.shl(s1, 2), i32x4.shr_u(s1, 30));
      a1 = v128.xor(
        v128.xor(v128.xor(a1, s1), v128.xor(r1, v128.shuffle<u8>(s1, s1, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r1, r1, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r1, r1, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 4);
      const x0: v128 = v128.xor(v128.xor(c0, d0), v128.xor(a0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      b0 = v128.xor(
        v128.xor(v128.xor(b0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
      const x1: v128 = v128.xor(v128.xor(c1, d1), v128.xor(a1, key));
      const t1: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x1, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x1, 4), nibble)),
      );
      const i1: v128 = v128.and(t1, nibble);
      const j1: v128 = v128.and(i32x4.shr_u(t1, 4), nibble);
      const k1: v128 = i8x16.swizzle(aOver, v128.xor(i1, j1));
      const u1: v128 = v128.xor(
        j1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i1), k1)),
      );
      const v1: v128 = v128.xor(
        i1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j1), k1)),
      );
      const s1: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u1), i8x16.swizzle(outputV, v1)),
        constant,
      );
      const r1: v128 = v128.or(i32x4.shl(s1, 2), i32x4.shr_u(s1, 30));
      b1 = v128.xor(
        v128.xor(v128.xor(b1, s1), v128.xor(r1, v128.shuffle<u8>(s1, s1, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r1, r1, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r1, r1, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 8);
      const x0: v128 = v128.xor(v128.xor(d0, a0), v128.xor(b0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      c0 = v128.xor(
        v128.xor(v128.xor(c0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
      const x1: v128 = v128.xor(v128.xor(d1, a1), v128.xor(b1, key));
      const t1: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x1, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x1, 4), nibble)),
      );
      const i1: v128 = v128.and(t1, nibble);
      const j1: v128 = v128.and(i32x4.shr_u(t1, 4), nibble);
      const k1: v128 = i8x16.swizzle(aOver, v128.xor(i1, j1));
      const u1: v128 = v128.xor(
        j1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i1), k1)),
      );
      const v1: v128 = v128.xor(
        i1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j1), k1)),
      );
      const s1: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u1), i8x16.swizzle(outputV, v1)),
        constant,
      );
      const r1: v128 = v128.or(i32x4.shl(s1, 2), i32x4.shr_u(s1, 30));
      c1 = v128.xor(
        v128.xor(v128.xor(c1, s1), v128.xor(r1, v128.shuffle<u8>(s1, s1, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r1, r1, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r1, r1, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
    {
      const key: v128 = v128.load_splat<u32>(roundKeys + at, 12);
      const x0: v128 = v128.xor(v128.xor(a0, b0), v128.xor(c0, key));
      const t0: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x0, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x0, 4), nibble)),
      );
      const i0: v128 = v128.and(t0, nibble);
      const j0: v128 = v128.and(i32x4.shr_u(t0, 4), nibble);
      const k0: v128 = i8x16.swizzle(aOver, v128.xor(i0, j0));
      const u0: v128 = v128.xor(
        j0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i0), k0)),
      );
      const v0: v128 = v128.xor(
        i0,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j0), k0)),
      );
      const s0: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u0), i8x16.swizzle(outputV, v0)),
        constant,
      );
      const r0: v128 = v128.or(i32x4.shl(s0, 2), i32x4.shr_u(s0, 30));
      d0 = v128.xor(
        v128.xor(v128.xor(d0, s0), v128.xor(r0, v128.shuffle<u8>(s0, s0, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r0, r0, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r0, r0, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
      const x1: v128 = v128.xor(v128.xor(a1, b1), v128.xor(c1, key));
      const t1: v128 = v128.xor(
        i8x16.swizzle(inputLow, v128.and(x1, nibble)),
        i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(x1, 4), nibble)),
      );
      const i1: v128 = v128.and(t1, nibble);
      const j1: v128 = v128.and(i32x4.shr_u(t1, 4), nibble);
      const k1: v128 = i8x16.swizzle(aOver, v128.xor(i1, j1));
      const u1: v128 = v128.xor(
        j1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, i1), k1)),
      );
      const v1: v128 = v128.xor(
        i1,
        i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, j1), k1)),
      );
      const s1: v128 = v128.xor(
        v128.xor(i8x16.swizzle(outputU, u1), i8x16.swizzle(outputV, v1)),
        constant,
      );
      const r1: v128 = v128.or(i32x4.shl(s1, 2), i32x4.shr_u(s1, 30));
      d1 = v128.xor(
        v128.xor(v128.xor(d1, s1), v128.xor(r1, v128.shuffle<u8>(s1, s1, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))),
        v128.xor(v128.shuffle<u8>(r1, r1, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14), v128.shuffle<u8>(r1, r1, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
      );
    }
  }
  const outA0: v128 = v128.shuffle<u32>(d0, c0, 0, 4, 1, 5);
  const outB0: v128 = v128.shuffle<u32>(b0, a0, 0, 4, 1, 5);
  const outC0: v128 = v128.shuffle<u32>(d0, c0, 2, 6, 3, 7);
  const outD0: v128 = v128.shuffle<u32>(b0, a0, 2, 6, 3, 7);
  const done00: v128 = v128.shuffle<u64>(outA0, outB0, 0, 2);
  v128.store(to, v128.shuffle<u8>(done00, done00, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 0);
  const done01: v128 = v128.shuffle<u64>(outA0, outB0, 1, 3);
  v128.store(to, v128.shuffle<u8>(done01, done01, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 16);
  const done02: v128 = v128.shuffle<u64>(outC0, outD0, 0, 2);
  v128.store(to, v128.shuffle<u8>(done02, done02, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 32);
  const done03: v128 = v128.shuffle<u64>(outC0, outD0, 1, 3);
  v128.store(to, v128.shuffle<u8>(done03, done03, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 48);
  const outA1: v128 = v128.shuffle<u32>(d1, c1, 0, 4, 1, 5);
  const outB1: v128 = v128.shuffle<u32>(b1, a1, 0, 4, 1, 5);
  const outC1: v128 = v128.shuffle<u32>(d1, c1, 2, 6, 3, 7);
  const outD1: v128 = v128.shuffle<u32>(b1, a1, 2, 6, 3, 7);
  const done10: v128 = v128.shuffle<u64>(outA1, outB1, 0, 2);
  v128.store(to, v128.shuffle<u8>(done10, done10, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 64);
  const done11: v128 = v128.shuffle<u64>(outA1, outB1, 1, 3);
  v128.store(to, v128.shuffle<u8>(done11, done11, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 80);
  const done12: v128 = v128.shuffle<u64>(outC1, outD1, 0, 2);
  v128.store(to, v128.shuffle<u8>(done12, done12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 96);
  const done13: v128 = v128.shuffle<u64>(outC1, outD1, 1, 3);
  v128.store(to, v128.shuffle<u8>(done13, done13, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12), 112);
}
