// What field.gen.ts does not unroll: canonical form, bytes, inversion. Shared by the prime p and the
// order n of SM2. Constant time throughout, unless a name ends in VarTime.

import { copy, mul, N_30, N_INVERSE_30, ONE, P, P_30, P_INVERSE_30, R2_P, sqr } from './field.gen';

/** Bytes of an element: nine limbs, and eight bytes so that elements stay 16-byte aligned. */
export const ELEMENT: u32 = 80;

const LIMB_BYTES: u32 = 72;
const MASK_29: i64 = 0x1fffffff;
const MASK_30: i64 = 0x3fffffff;

/** Elements brought to canonical form by these functions lie within this many multiples of m. */
const FREEZE_STEPS: i32 = 4;

const SCRATCH_ELEMENTS: u32 = 6;
const scratch = memory.data(480, 16);
const difference: usize = scratch;
const plain: usize = scratch + ELEMENT;
const coefficientD: usize = scratch + 2 * ELEMENT;
const coefficientE: usize = scratch + 3 * ELEMENT;
const valueF: usize = scratch + 4 * ELEMENT;
const valueG: usize = scratch + 5 * ELEMENT;

/** Sets an element to zero. */
export function clear(r: usize): void {
  memory.fill(r, 0, LIMB_BYTES);
}

/** r = a where mask is -1, unchanged where it is 0. */
export function select(r: usize, a: usize, mask: i64): void {
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    const kept = load<i64>(r + i);
    store<i64>(r + i, kept ^ ((kept ^ load<i64>(a + i)) & mask));
  }
}

/** r = a - m with carries, or a where that is negative; a has limbs of 29 bits. */
function subtractIfAbove(r: usize, a: usize, m: usize): void {
  let t: i64 = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    t = load<i64>(a + i) - load<i64>(m + i) + (t >> 29);
    store<i64>(difference + i, i < 64 ? t & MASK_29 : t);
  }
  copy(r, a);
  select(r, difference, ~(t >> 63));
}

/** r = the representative of a in [0, m), for a within (-m, 4 m). */
export function freeze(r: usize, a: usize, m: usize): void {
  let t: i64 = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    t = load<i64>(a + i) + load<i64>(m + i) + (t >> 29);
    store<i64>(r + i, i < 64 ? t & MASK_29 : t);
  }
  for (let step = 0; step < FREEZE_STEPS; step++) subtractIfAbove(r, r, m);
}

/** True when a, limbs of 29 bits, is below m. */
export function isBelow(a: usize, m: usize): bool {
  let t: i64 = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    t = load<i64>(a + i) - load<i64>(m + i) + (t >> 29);
  }
  return t < 0;
}

/** r = a out of Montgomery form, canonical. */
export function toPlain(r: usize, a: usize): void {
  mul(plain, a, ONE);
  freeze(r, plain, P);
}

/** -1 when a is zero modulo p, else 0. */
export function isZero(a: usize): i64 {
  toPlain(plain, a);
  return isZeroPlain(plain);
}

/** -1 when every limb is zero, else 0. */
export function isZeroPlain(a: usize): i64 {
  let bits: i64 = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) bits |= load<i64>(a + i);
  // Limbs of a canonical element are not negative.
  return (bits - 1) >> 63;
}

/** Reads 32 big-endian bytes into limbs; the value may be m or above. */
export function fromBytes(r: usize, bytes: usize): void {
  let word: u64 = 0;
  let bits: u32 = 0;
  for (let i: i32 = 28; i >= 0; i -= 4) {
    word |= (<u64>bswap<u32>(load<u32>(bytes + i))) << bits;
    bits += 32;
    while (bits >= 29) {
      store<u64>(r, word & MASK_29);
      r += 8;
      word >>= 29;
      bits -= 29;
    }
  }
  store<u64>(r, word);
}

/** Writes a canonical element as 32 big-endian bytes. */
export function toBytes(bytes: usize, a: usize): void {
  let word: u64 = 0;
  let bits: u32 = 0;
  let at = bytes + 32;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    word |= load<u64>(a + i) << bits;
    bits += 29;
    if (bits < 32) continue;
    at -= 4;
    store<u32>(at, bswap<u32>(<u32>word));
    word >>= 32;
    bits -= 32;
  }
}

/** Limbs of 29 bits to limbs of 30, or back; the value is canonical. */
function regroup(r: usize, a: usize, from: u64, to: u64): void {
  let word: u64 = 0;
  let bits: u64 = 0;
  let source: usize = 0;
  const mask = ((<u64>1) << to) - 1;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    while (bits < to && source < LIMB_BYTES) {
      word |= load<u64>(a + source) << bits;
      bits += from;
      source += 8;
    }
    store<u64>(r + i, word & mask);
    word >>= to;
    bits -= to;
  }
}

// Inversion by the divsteps of Bernstein and Yang, "Fast constant-time gcd computation and modular
// inversion" (CHES 2019), in the half-delta variant, whose 590 steps suffice for 256 bits: twenty
// batches of thirty. A batch works on the low limb only and yields a transition matrix, scaled by
// 2^30, that is then applied to all limbs. The two entries of a matrix row live in one word,
// u + v 2^32, since every step is linear in them.
const BATCHES: i32 = 20;
const BATCH_STEPS: i32 = 30;

let rowF: i64 = 0;
let rowG: i64 = 0;

/** Runs thirty divsteps from the low limbs; leaves the matrix in rowF and rowG, returns zeta. */
function divsteps(zeta: i64, f: i64, g: i64): i64 {
  let uv: i64 = 1;
  let qr: i64 = 0x100000000;
  for (let i = 0; i < BATCH_STEPS; i++) {
    let negative = zeta >> 63;
    const odd = -(g & 1);
    g += ((f ^ negative) - negative) & odd;
    qr += ((uv ^ negative) - negative) & odd;
    negative &= odd;
    zeta = (zeta ^ negative) - 1;
    f += g & negative;
    uv = (uv + (qr & negative)) << 1;
    g >>= 1;
  }
  rowF = uv;
  rowG = qr;
  return zeta;
}

/** (f, g) = matrix (f, g) / 2^30, exactly. */
function applyToValues(u: i64, v: i64, q: i64, r: i64): void {
  let a = load<i64>(valueF);
  let b = load<i64>(valueG);
  let f = (u * a + v * b) >> 30;
  let g = (q * a + r * b) >> 30;
  for (let i: usize = 8; i < LIMB_BYTES; i += 8) {
    a = load<i64>(valueF + i);
    b = load<i64>(valueG + i);
    f += u * a + v * b;
    g += q * a + r * b;
    store<i64>(valueF + i - 8, f & MASK_30);
    store<i64>(valueG + i - 8, g & MASK_30);
    f >>= 30;
    g >>= 30;
  }
  store<i64>(valueF, f, 64);
  store<i64>(valueG, g, 64);
}

/**
 * (d, e) = matrix (d, e) / 2^30 modulo m, within (-2 m, m).
 *
 * Multiples of m are added that make the low limbs vanish, and one more of each coefficient that is
 * negative, so that the range is kept.
 */
function applyToCoefficients(u: i64, v: i64, q: i64, r: i64, m: usize, mInverse: i64): void {
  const signD = load<i64>(coefficientD, 64) >> 63;
  const signE = load<i64>(coefficientE, 64) >> 63;
  let a = load<i64>(coefficientD);
  let b = load<i64>(coefficientE);
  let d = u * a + v * b;
  let e = q * a + r * b;
  let md = (u & signD) + (v & signE);
  let me = (q & signD) + (r & signE);
  md -= (mInverse * d + md) & MASK_30;
  me -= (mInverse * e + me) & MASK_30;
  d = (d + load<i64>(m) * md) >> 30;
  e = (e + load<i64>(m) * me) >> 30;
  for (let i: usize = 8; i < LIMB_BYTES; i += 8) {
    a = load<i64>(coefficientD + i);
    b = load<i64>(coefficientE + i);
    const c = load<i64>(m + i);
    d += u * a + v * b + c * md;
    e += q * a + r * b + c * me;
    store<i64>(coefficientD + i - 8, d & MASK_30);
    store<i64>(coefficientE + i - 8, e & MASK_30);
    d >>= 30;
    e >>= 30;
  }
  store<i64>(coefficientD, d, 64);
  store<i64>(coefficientE, e, 64);
}

/** d = the representative of sign d in [0, m), limbs of 30 bits; sign is 0 or -1. */
function normalise(sign: i64, m: usize): void {
  let addition = load<i64>(coefficientD, 64) >> 63;
  let t: i64 = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    const limb = load<i64>(coefficientD + i) + (load<i64>(m + i) & addition);
    t = (limb ^ sign) - sign + (t >> 30);
    store<i64>(coefficientD + i, i < 64 ? t & MASK_30 : t);
  }
  addition = t >> 63;
  t = 0;
  for (let i: usize = 0; i < LIMB_BYTES; i += 8) {
    t = load<i64>(coefficientD + i) + (load<i64>(m + i) & addition) + (t >> 30);
    store<i64>(coefficientD + i, i < 64 ? t & MASK_30 : t);
  }
}

/** r = 1/a modulo m for canonical plain a, also canonical; zero for zero. */
function invert(r: usize, a: usize, m: usize, mInverse: i64): void {
  clear(coefficientD);
  clear(coefficientE);
  store<i64>(coefficientE, 1);
  copy(valueF, m);
  regroup(valueG, a, 29, 30);
  let zeta: i64 = -1;
  for (let batch = 0; batch < BATCHES; batch++) {
    zeta = divsteps(zeta, load<i64>(valueF), load<i64>(valueG));
    const u: i64 = <i32>rowF;
    const v = (rowF - u) >> 32;
    const q: i64 = <i32>rowG;
    const s = (rowG - q) >> 32;
    applyToCoefficients(u, v, q, s, m, mInverse);
    applyToValues(u, v, q, s);
  }
  normalise(load<i64>(valueF, 64) >> 63, m);
  regroup(r, coefficientD, 30, 29);
}

/** r = 1/a modulo n, a and r canonical plain. */
export function invertN(r: usize, a: usize): void {
  invert(r, a, N_30, N_INVERSE_30);
}

/** r = 1/a modulo p, a in Montgomery form; r is tight and in Montgomery form. */
export function invertP(r: usize, a: usize): void {
  toPlain(r, a);
  invert(r, r, P_30, P_INVERSE_30);
  mul(r, r, R2_P);
}

/** Wipes the scratch of this file. */
export function wipeField(): void {
  memory.fill(scratch, 0, SCRATCH_ELEMENTS * ELEMENT);
  rowF = 0;
  rowG = 0;
}

function squareTimes(r: usize, count: i32): void {
  for (let i = 0; i < count; i++) sqr(r, r);
}

/** r = a^(2^bits - 1); r and a are apart. */
function raiseToOnes(r: usize, a: usize, bits: i32): void {
  // The leading bit of `bits` gives a; each further one doubles the run of ones and may add one.
  copy(r, a);
  let ones = 1;
  for (let bit = 30 - clz<i32>(bits); bit >= 0; bit--) {
    copy(difference, r);
    squareTimes(r, ones);
    mul(r, r, difference);
    ones <<= 1;
    if (((bits >> bit) & 1) == 0) continue;
    sqr(r, r);
    mul(r, r, a);
    ones++;
  }
}

/**
 * r = a square root of a if there is one; the caller squares it to know. r and a are apart.
 *
 * p is 3 modulo 4, and (p + 1) / 4 = 2^62 (2^32 - 1)(2^160 - 1).
 */
export function squareRoot(r: usize, a: usize): void {
  raiseToOnes(r, a, 32);
  copy(plain, r);
  raiseToOnes(r, plain, 160);
  squareTimes(r, 62);
}
