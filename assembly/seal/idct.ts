// The inverse DCT of JPEG (ITU-T T.81 §A.3.3) in integers: the factorisation of Loeffler, Ligtenberg
// and Moschytz (ICASSP 1989) with 13-bit constants, columns first, all eight at a time. Rounding is
// that of the widespread reference decoder, so results agree with it bit for bit.

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

// Products that share an operand pair are formed by one dot product: lanes (x, y) of two rows
// interleaved, times these pairs. Values are the constants of the paper times 2^13.
const F_0_298: i16 = 2446;
const F_0_390: i16 = 3196;
const F_0_541: i16 = 4433;
const F_0_765: i16 = 6270;
const F_0_899: i16 = 7373;
const F_1_175: i16 = 9633;
const F_1_501: i16 = 12299;
const F_1_847: i16 = 15137;
const F_1_961: i16 = 16069;
const F_2_053: i16 = 16819;
const F_2_562: i16 = 20995;
const F_3_072: i16 = 25172;

/** The rows between and after the passes. */
const work = memory.data(128, 16);

function pair(x: i16, y: i16): v128 {
  return i32x4.splat(((<i32>y) << 16) | (<i32>x & 0xffff));
}

function dot(rows: v128, x: i16, y: i16): v128 {
  return i32x4.dot_i16x8_s(rows, pair(x, y));
}

function low(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

function high(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Sign-extends the low or high four lanes and multiplies them by 2^CONST_BITS. */
function scaleLow(a: v128): v128 {
  return i32x4.shl(i32x4.extend_low_i16x8_s(a), CONST_BITS);
}

function scaleHigh(a: v128): v128 {
  return i32x4.shl(i32x4.extend_high_i16x8_s(a), CONST_BITS);
}

function sum(lowHalf: v128, highHalf: v128, round: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(lowHalf, round), shift),
    i32x4.shr_s(i32x4.add(highHalf, round), shift),
  );
}

/** One pass down the columns of the eight rows at `work`, in place. */
function pass(shift: i32): void {
  const round = i32x4.splat(1 << (shift - 1));
  const r0 = v128.load(work, 0);
  const r1 = v128.load(work, 16);
  const r2 = v128.load(work, 32);
  const r3 = v128.load(work, 48);
  const r4 = v128.load(work, 64);
  const r5 = v128.load(work, 80);
  const r6 = v128.load(work, 96);
  const r7 = v128.load(work, 112);

  // Even part.
  const l26 = low(r2, r6);
  const h26 = high(r2, r6);
  const t3l = dot(l26, F_0_541 + F_0_765, F_0_541);
  const t3h = dot(h26, F_0_541 + F_0_765, F_0_541);
  const t2l = dot(l26, F_0_541, F_0_541 - F_1_847);
  const t2h = dot(h26, F_0_541, F_0_541 - F_1_847);
  const plus = i16x8.add(r0, r4);
  const minus = i16x8.sub(r0, r4);
  const t0l = scaleLow(plus);
  const t0h = scaleHigh(plus);
  const t1l = scaleLow(minus);
  const t1h = scaleHigh(minus);
  const e0l = i32x4.add(t0l, t3l);
  const e0h = i32x4.add(t0h, t3h);
  const e3l = i32x4.sub(t0l, t3l);
  const e3h = i32x4.sub(t0h, t3h);
  const e1l = i32x4.add(t1l, t2l);
  const e1h = i32x4.add(t1h, t2h);
  const e2l = i32x4.sub(t1l, t2l);
  const e2h = i32x4.sub(t1h, t2h);

  // Odd part.
  const z3 = i16x8.add(r7, r3);
  const z4 = i16x8.add(r5, r1);
  const lz = low(z3, z4);
  const hz = high(z3, z4);
  const z3l = dot(lz, F_1_175 - F_1_961, F_1_175);
  const z3h = dot(hz, F_1_175 - F_1_961, F_1_175);
  const z4l = dot(lz, F_1_175, F_1_175 - F_0_390);
  const z4h = dot(hz, F_1_175, F_1_175 - F_0_390);
  const l71 = low(r7, r1);
  const h71 = high(r7, r1);
  const o0l = i32x4.add(dot(l71, F_0_298 - F_0_899, -F_0_899), z3l);
  const o0h = i32x4.add(dot(h71, F_0_298 - F_0_899, -F_0_899), z3h);
  const o3l = i32x4.add(dot(l71, -F_0_899, F_1_501 - F_0_899), z4l);
  const o3h = i32x4.add(dot(h71, -F_0_899, F_1_501 - F_0_899), z4h);
  const l53 = low(r5, r3);
  const h53 = high(r5, r3);
  const o1l = i32x4.add(dot(l53, F_2_053 - F_2_562, -F_2_562), z4l);
  const o1h = i32x4.add(dot(h53, F_2_053 - F_2_562, -F_2_562), z4h);
  const o2l = i32x4.add(dot(l53, -F_2_562, F_3_072 - F_2_562), z3l);
  const o2h = i32x4.add(dot(h53, -F_2_562, F_3_072 - F_2_562), z3h);

  v128.store(work, sum(i32x4.add(e0l, o3l), i32x4.add(e0h, o3h), round, shift), 0);
  v128.store(work, sum(i32x4.sub(e0l, o3l), i32x4.sub(e0h, o3h), round, shift), 112);
  v128.store(work, sum(i32x4.add(e1l, o2l), i32x4.add(e1h, o2h), round, shift), 16);
  v128.store(work, sum(i32x4.sub(e1l, o2l), i32x4.sub(e1h, o2h), round, shift), 96);
  v128.store(work, sum(i32x4.add(e2l, o1l), i32x4.add(e2h, o1h), round, shift), 32);
  v128.store(work, sum(i32x4.sub(e2l, o1l), i32x4.sub(e2h, o1h), round, shift), 80);
  v128.store(work, sum(i32x4.add(e3l, o0l), i32x4.add(e3h, o0h), round, shift), 48);
  v128.store(work, sum(i32x4.sub(e3l, o0l), i32x4.sub(e3h, o0h), round, shift), 64);
}

/** Swaps rows and columns of the 8 by 8 values at `work`. */
function transpose(): void {
  const a0 = low(v128.load(work, 0), v128.load(work, 64));
  const a1 = high(v128.load(work, 0), v128.load(work, 64));
  const a2 = low(v128.load(work, 16), v128.load(work, 80));
  const a3 = high(v128.load(work, 16), v128.load(work, 80));
  const a4 = low(v128.load(work, 32), v128.load(work, 96));
  const a5 = high(v128.load(work, 32), v128.load(work, 96));
  const a6 = low(v128.load(work, 48), v128.load(work, 112));
  const a7 = high(v128.load(work, 48), v128.load(work, 112));
  const b0 = low(a0, a4);
  const b1 = high(a0, a4);
  const b2 = low(a2, a6);
  const b3 = high(a2, a6);
  const b4 = low(a1, a5);
  const b5 = high(a1, a5);
  const b6 = low(a3, a7);
  const b7 = high(a3, a7);
  v128.store(work, low(b0, b2), 0);
  v128.store(work, high(b0, b2), 16);
  v128.store(work, low(b1, b3), 32);
  v128.store(work, high(b1, b3), 48);
  v128.store(work, low(b4, b6), 64);
  v128.store(work, high(b4, b6), 80);
  v128.store(work, low(b5, b7), 96);
  v128.store(work, high(b5, b7), 112);
}

/**
 * Turns the 64 coefficients at `block` times the steps at `quantiser` (both row-major i16) into
 * eight rows of eight samples at `target`, `stride` bytes apart.
 */
export function inverseDct(block: usize, quantiser: usize, target: usize, stride: usize): void {
  for (let row: usize = 0; row < 128; row += 16) {
    v128.store(work + row, i16x8.mul(v128.load(block + row), v128.load(quantiser + row)));
  }
  pass(CONST_BITS - PASS1_BITS);
  transpose();
  pass(CONST_BITS + PASS1_BITS + 3);
  transpose();
  const middle = i8x16.splat(-128);
  let to = target;
  for (let row: usize = 0; row < 128; row += 32) {
    const two = i8x16.narrow_i16x8_s(v128.load(work + row), v128.load(work + row, 16));
    const samples = v128.xor(two, middle);
    v128.store64_lane(to, samples, 0);
    v128.store64_lane(to + stride, samples, 1);
    to += stride << 1;
  }
}

/** The same for a block that has only its DC coefficient. */
export function inverseDctOfDc(dc: i32, target: usize, stride: usize): void {
  const level = (<i32>(<i16>dc) + 4) >> 3;
  const samples = i8x16.splat(<i8>(max(-128, min(127, level)) ^ -128));
  let to = target;
  for (let row = 0; row < 8; row++, to += stride) v128.store64_lane(to, samples, 0);
}
