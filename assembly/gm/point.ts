// Points of the SM2 curve (GB/T 32918.1): Jacobian coordinates over field.gen.ts, tables of odd
// multiples, and the three ways to multiply: by a secret scalar from a table, by a secret scalar
// from a point, and sums of public multiples.
//
// The formulas are incomplete: an addition does not see that both points are equal or opposite.
// Secret multiplications write the scalar in odd signed digits, so that no digit is zero and only
// the very last addition can meet that case; it is settled there by a mask. Public sums test for
// it at every addition.

import {
  ELEMENT,
  fromBytes,
  invertP,
  isBelow,
  isZero,
  select,
  squareRoot,
  toBytes,
  toPlain,
  wipeField,
} from './field';
import {
  add,
  B_P,
  carry,
  copy,
  GX_P,
  GY_P,
  mul,
  mulDiffSub,
  mulDiffSub2Sqr,
  mulSub,
  mulTriple,
  mulTwice,
  ONE_P,
  P,
  R2_P,
  sqr,
  sqrSub4,
  sqrSubSub,
  sqrSubSub2,
  sqrTwice,
  sub,
  subCarry,
} from './field.gen';

/** Bytes of an affine point: x, y in Montgomery form. */
export const AFFINE: u32 = 2 * ELEMENT;
/** Bytes of a Jacobian point: x = X / Z^2, y = Y / Z^3. */
export const JACOBIAN: u32 = 3 * ELEMENT;
const Y: u32 = ELEMENT;
const Z: u32 = 2 * ELEMENT;

/** Bytes of a scalar prepared for multiplication: eight little-endian words and a zero word. */
export const SCALAR: u32 = 48;

// A table entry holds the limbs of x and of y as 32-bit words, and a gap to five SIMD words.
const ENTRY: u32 = 80;

// A comb table holds, for each window i of the scalar, the odd multiples of 2^(6 i) times its
// point. Of windows of 4 to 7 bits, 6 sign fastest: fewer additions below, less scanning above.
const COMB_BITS: u32 = 6;
const COMB_WINDOWS: u32 = 43;
const COMB_ENTRIES: u32 = 32;
/** Bytes of a comb table. */
export const COMB: u32 = 110080;

// Multiplication of a point takes windows of five bits; its table is 16 odd multiples.
const LADDER_BITS: u32 = 5;
const LADDER_WINDOWS: u32 = 52;
const LADDER_ENTRIES: u32 = 16;
/** Bytes of a table of sixteen odd multiples. */
export const LADDER: u32 = 1280;

// Public sums use a non-adjacent form of width 5 for points, whose table then needs 8 entries, or of
// width 6 where a ladder's table is there; and width 10 for the base point, whose table of 256
// entries is built once.
const NAF_WIDTH: u32 = 5;
const LADDER_NAF_WIDTH: u32 = 6;
const NAF_ENTRIES: u32 = 8;
const BASE_NAF_WIDTH: u32 = 10;
const BASE_NAF_ENTRIES: u32 = 256;
const NAF_DIGITS: i32 = 257;
const NAF_BYTES: u32 = 528;

const scratch = memory.data(2400, 16);
const t0: usize = scratch;
const t1: usize = scratch + ELEMENT;
const t2: usize = scratch + 2 * ELEMENT;
const t3: usize = scratch + 3 * ELEMENT;
const t4: usize = scratch + 4 * ELEMENT;
const t5: usize = scratch + 5 * ELEMENT;
const t6: usize = scratch + 6 * ELEMENT;
const deltaX: usize = scratch + 7 * ELEMENT;
const deltaY: usize = scratch + 8 * ELEMENT;
const inverse: usize = scratch + 9 * ELEMENT;
const chosen: usize = scratch + 10 * ELEMENT;
const doubled: usize = scratch + 12 * ELEMENT;
const windowBase: usize = scratch + 15 * ELEMENT;
const even: usize = scratch + 18 * ELEMENT;
const oddScalar: usize = scratch + 21 * ELEMENT;
const entryWords: usize = scratch + 22 * ELEMENT;
const SCRATCH: u32 = 2400;

// For each multiple while a table is made: X, Y, and what Z was multiplied by.
const building = memory.data(61440, 16);

const baseComb = memory.data(110080, 16);
let baseCombReady = false;
const baseNaf = memory.data(20480, 16);
let baseNafReady = false;

const nafDigits = memory.data(1584, 16);

/** r = 2 a; a is not the point at infinity. */
export function doublePoint(r: usize, a: usize): void {
  sqr(t0, a + Z);
  sqrTwice(t1, a + Y);
  mulTwice(r + Z, a + Y, a + Z);
  mul(t2, a, t1);
  mulTriple(t3, a, t0);
  sqrSub4(r, t3, t2);
  mulDiffSub2Sqr(r + Y, t3, t2, r, t1);
}

/** deltaX, deltaY = how far the affine point (x, y) is from a, both scaled to a's Z. */
function compareAffine(a: usize, x: usize, y: usize): void {
  sqr(t0, a + Z);
  mulSub(deltaX, x, t0, a);
  mul(t1, a + Z, t0);
  mulSub(deltaY, y, t1, a + Y);
}

/** r = a + (x, y), from what compareAffine left; r may be a. */
function finishAddition(r: usize, a: usize): void {
  sqr(t2, deltaX);
  mul(t3, t2, deltaX);
  mul(t4, a, t2);
  mul(r + Z, a + Z, deltaX);
  copy(t5, a + Y);
  sqrSubSub2(r, deltaY, t3, t4);
  mulDiffSub(r + Y, deltaY, t4, r, t5, t3);
}

/** r = a + (x, y); neither is infinity, nor are they equal or opposite. */
function addAffine(r: usize, a: usize, x: usize, y: usize): void {
  compareAffine(a, x, y);
  finishAddition(r, a);
}

/** r = a + (x, y), also when they are equal; their sum is not infinity. Constant time. */
function addAffineOrDouble(r: usize, a: usize, x: usize, y: usize): void {
  compareAffine(a, x, y);
  const equal = isZero(deltaX);
  copy(doubled, x);
  copy(doubled + Y, y);
  copy(doubled + Z, ONE_P);
  finishAddition(r, a);
  doublePoint(doubled, doubled);
  select(r, doubled, equal);
  select(r + Y, doubled + Y, equal);
  select(r + Z, doubled + Z, equal);
}

/** r = the affine form of a, which is not infinity; r may overlap a. */
export function toAffine(r: usize, a: usize): void {
  invertP(inverse, a + Z);
  scaleToAffine(r, a, inverse);
}

/** r = (X zi^2, Y zi^3). */
function scaleToAffine(r: usize, a: usize, zi: usize): void {
  sqr(t0, zi);
  mul(t1, t0, zi);
  mul(r, a, t0);
  mul(r + Y, a + Y, t1);
}

function packEntry(entry: usize, affine: usize): void {
  for (let i: usize = 0; i < 36; i += 4) {
    store<i32>(entry + i, <i32>load<i64>(affine + (i << 1)));
    store<i32>(entry + i, <i32>load<i64>(affine + (i << 1), Y), 36);
  }
}

/** r = the affine point of an entry, negated where `sign` is -1. */
function unpackEntry(r: usize, entry: usize, sign: i64): void {
  for (let i: usize = 0; i < 36; i += 4) {
    store<i64>(r + (i << 1), <i64>load<i32>(entry + i));
    const y = <i64>load<i32>(entry + i, 36);
    store<i64>(r + (i << 1), (y ^ sign) - sign, Y);
  }
}

/**
 * Writes the entries 1, 3, 5 ... (2 count - 1) times the affine point `base` to `table`.
 *
 * Meloni's co-Z addition, "New point addition formulae for ECC applications" (WAIFI 2007): twice the
 * base and the multiple reached so far share their Z, the sum costs five products, and gives twice
 * the base again with the new Z. Each Z is the one before times a known factor, so that a single
 * inversion serves the whole table.
 */
function buildOddMultiples(table: usize, base: usize, count: u32): void {
  const twiceX = t4;
  const twiceY = t5;
  const z = t6;
  startCoZ(twiceX, twiceY, building, base);
  addCarryTwice(z, base + Y);
  for (let i: u32 = 1; i < count; i++) {
    const last = building + (i - 1) * JACOBIAN;
    const next = last + JACOBIAN;
    subCarry(next + Z, twiceX, last);
    sqr(t0, next + Z);
    mul(t1, twiceX, t0);
    mul(t2, last, t0);
    subCarry(deltaY, twiceY, last + Y);
    sub(t3, t1, t2);
    mul(twiceY, twiceY, t3);
    copy(twiceX, t1);
    sqrSubSub(next, deltaY, t1, t2);
    sub(t3, t1, next);
    mulSub(next + Y, deltaY, t3, twiceY);
    mul(z, z, next + Z);
  }
  invertP(inverse, z);
  for (let i = count - 1; i > 0; i--) {
    const multiple = building + i * JACOBIAN;
    scaleToAffine(chosen, multiple, inverse);
    packEntry(table + i * ENTRY, chosen);
    mul(inverse, inverse, multiple + Z);
  }
  packEntry(table, base);
}

/** 2 base at (x, y) and the base itself at `same`, both with Z = 2 y of the base. */
function startCoZ(x: usize, y: usize, same: usize, base: usize): void {
  sqrTwice(t1, base + Y);
  mul(t2, base, t1);
  mulTriple(t3, base, ONE_P);
  // t1 = 2 y^2, t2 = 2 x y^2, t3 = 3 (x^2 - 1); the base becomes (4 x y^2, 8 y^4).
  addCarryTwice(same, t2);
  sqrTwice(t0, t1);
  copy(same + Y, t0);
  sqrSub4(x, t3, t2);
  sub(deltaX, same, x);
  mulSub(y, t3, deltaX, t0);
}

/** r = 2 a, tight. */
function addCarryTwice(r: usize, a: usize): void {
  add(t0, a, a);
  carry(r, t0);
}

/** Makes the comb table of the affine point `base`; the two may not overlap. */
export function buildComb(table: usize, base: usize): void {
  copy(windowBase, base);
  copy(windowBase + Y, base + Y);
  for (let window: u32 = 0; window < COMB_WINDOWS; window++) {
    buildOddMultiples(table + window * COMB_ENTRIES * ENTRY, windowBase, COMB_ENTRIES);
    if (window + 1 == COMB_WINDOWS) break;
    copy(windowBase + Z, ONE_P);
    for (let bit: u32 = 0; bit < COMB_BITS; bit++) doublePoint(windowBase, windowBase);
    toAffine(windowBase, windowBase);
  }
}

/** The comb table of the base point, built when first asked for. */
export function baseCombTable(): usize {
  if (!baseCombReady) {
    copy(even, GX_P);
    copy(even + Y, GY_P);
    buildComb(baseComb, even);
    // Set last: a build that did not finish is begun again.
    baseCombReady = true;
  }
  return baseComb;
}

function baseNafTable(): usize {
  if (!baseNafReady) {
    copy(even, GX_P);
    copy(even + Y, GY_P);
    buildOddMultiples(baseNaf, even, BASE_NAF_ENTRIES);
    baseNafReady = true;
  }
  return baseNaf;
}

/** Makes the table of odd multiples of the affine point `base` that the ladders and sums take. */
export function buildLadder(table: usize, base: usize): void {
  buildOddMultiples(table, base, LADDER_ENTRIES);
}

/** Makes the shorter table, enough for sums of public multiples. */
export function buildNafTable(table: usize, base: usize): void {
  buildOddMultiples(table, base, NAF_ENTRIES);
}

/** Reads 32 big-endian bytes into a scalar. */
function loadScalar(scalar: usize, bytes: usize): void {
  for (let i: usize = 0; i < 32; i += 4) {
    store<u32>(scalar + i, bswap<u32>(load<u32>(bytes + 28 - i)));
  }
  store<u64>(scalar, 0, 32);
}

/**
 * Reads 32 big-endian bytes, a number k in [0, n), into an odd scalar: k, or n - k where k is even.
 * Returns -1 in the second case, where the multiple is to be negated, else 0.
 */
function loadOddScalar(scalar: usize, bytes: usize): i64 {
  loadScalar(scalar, bytes);
  const isEven = <i64>(load<u32>(scalar) & 1) - 1;
  let borrow: i64 = 0;
  for (let i: usize = 0; i < 32; i += 4) {
    const word = <i64>load<u32>(scalar + i);
    const t = <i64>load<u32>(nWords + i) - word + borrow;
    borrow = t >> 32;
    store<u32>(scalar + i, <u32>(word ^ ((word ^ t) & isEven)));
  }
  return isEven;
}

/** The order as eight little-endian words. */
const nWords = memory.data<u32>([
  0x39d54123, 0x53bbf409, 0x21c6052b, 0x7203df6b, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe,
]);

/** `count` bits of a scalar, up to 25, from bit `at` on. */
function bitsOf(scalar: usize, at: u32, count: u32): u32 {
  const word = load<u64>(scalar + ((at >> 5) << 2));
  return <u32>(word >> (at & 31)) & ((1 << count) - 1);
}

// An odd scalar of windows of w bits is the sum of the digits 2 b + 1 - 2^w, where b is bits
// w i + 1 to w i + w; the last window has no negative digits. This is -1 where the digit is
// negative, else 0; the entry is then b or its complement.
function digitSign(window: u32, bits: u32): i32 {
  return <i32>(window >> (bits - 1)) - 1;
}

/** Copies entry `index` of `count` to entryWords, reading all of them. */
function pickEntry(table: usize, index: u32, count: u32): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let number = a;
  const one = i32x4.splat(1);
  const wanted = i32x4.splat(index);
  const end = table + count * ENTRY;
  for (let entry = table; entry < end; entry += ENTRY) {
    const mask = i32x4.eq(number, wanted);
    a = v128.or(a, v128.and(mask, v128.load(entry)));
    b = v128.or(b, v128.and(mask, v128.load(entry, 16)));
    c = v128.or(c, v128.and(mask, v128.load(entry, 32)));
    d = v128.or(d, v128.and(mask, v128.load(entry, 48)));
    e = v128.or(e, v128.and(mask, v128.load(entry, 64)));
    number = i32x4.add(number, one);
  }
  v128.store(entryWords, a);
  v128.store(entryWords, b, 16);
  v128.store(entryWords, c, 32);
  v128.store(entryWords, d, 48);
  v128.store(entryWords, e, 64);
}

/** chosen = the multiple that a window's bits name, negated where `negate` is -1. */
function choose(table: usize, window: u32, bits: u32, count: u32, negate: i64): void {
  const sign = digitSign(window, bits);
  pickEntry(table, (window ^ <u32>sign) & (count - 1), count);
  unpackEntry(chosen, entryWords, <i64>sign ^ negate);
}

function startFromChosen(r: usize): void {
  copy(r, chosen);
  carry(r + Y, chosen + Y);
  copy(r + Z, ONE_P);
}

function negateWhere(r: usize, mask: i64): void {
  for (let i: usize = 0; i < 72; i += 8) store<i64>(r + i, (load<i64>(r + i) ^ mask) - mask);
  carry(r, r);
}

/** r = k times the point of a comb table, k 32 big-endian bytes in [1, n). Constant time. */
export function multiplyComb(r: usize, table: usize, k: usize): void {
  const isNegative = loadOddScalar(oddScalar, k);
  choose(table, bitsOf(oddScalar, 1, COMB_BITS), COMB_BITS, COMB_ENTRIES, 0);
  startFromChosen(r);
  for (let i: u32 = 1; i < COMB_WINDOWS - 1; i++) {
    table += COMB_ENTRIES * ENTRY;
    choose(table, bitsOf(oddScalar, i * COMB_BITS + 1, COMB_BITS), COMB_BITS, COMB_ENTRIES, 0);
    addAffine(r, r, chosen, chosen + Y);
  }
  // The sum so far is below 2^252 in magnitude, and this multiple is above: equal only modulo n.
  table += COMB_ENTRIES * ENTRY;
  const top = bitsOf(oddScalar, (COMB_WINDOWS - 1) * COMB_BITS + 1, COMB_BITS);
  pickEntry(table, top, COMB_ENTRIES);
  unpackEntry(chosen, entryWords, 0);
  addAffineOrDouble(r, r, chosen, chosen + Y);
  negateWhere(r + Y, isNegative);
}

/** r = k times the point of a ladder table, k 32 big-endian bytes in [1, n). Constant time. */
export function multiplyLadder(r: usize, table: usize, k: usize): void {
  const isNegative = loadOddScalar(oddScalar, k);
  // The top window holds bit 256 and above of a number below 2^256: its digit is 1.
  unpackEntry(chosen, table, 0);
  startFromChosen(r);
  for (let i: i32 = LADDER_WINDOWS - 2; i >= 0; i--) {
    for (let bit: u32 = 0; bit < LADDER_BITS; bit++) doublePoint(r, r);
    choose(
      table,
      bitsOf(oddScalar, i * LADDER_BITS + 1, LADDER_BITS),
      LADDER_BITS,
      LADDER_ENTRIES,
      0,
    );
    // 32 times what was reached exceeds any digit, except modulo n at the end.
    if (i > 0) addAffine(r, r, chosen, chosen + Y);
    else addAffineOrDouble(r, r, chosen, chosen + Y);
  }
  negateWhere(r + Y, isNegative);
}

/**
 * r = 2^255 r + j A + k B for two ladder tables; j and k as above, but zero is allowed too.
 * Constant time.
 *
 * The caller starts r at a random point, whose logarithm nobody else knows: then no addition meets
 * an equal or opposite point, whoever chose A and B.
 */
export function multiplyTwoBlinded(
  r: usize,
  tableA: usize,
  j: usize,
  tableB: usize,
  k: usize,
): void {
  const scalarA = oddScalar;
  const scalarB = windowBase;
  const negateA = loadOddScalar(scalarA, j);
  const negateB = loadOddScalar(scalarB, k);
  unpackEntry(chosen, tableA, negateA);
  addAffine(r, r, chosen, chosen + Y);
  unpackEntry(chosen, tableB, negateB);
  addAffine(r, r, chosen, chosen + Y);
  for (let i: i32 = LADDER_WINDOWS - 2; i >= 0; i--) {
    for (let bit: u32 = 0; bit < LADDER_BITS; bit++) doublePoint(r, r);
    const at = i * LADDER_BITS + 1;
    choose(tableA, bitsOf(scalarA, at, LADDER_BITS), LADDER_BITS, LADDER_ENTRIES, negateA);
    addAffine(r, r, chosen, chosen + Y);
    choose(tableB, bitsOf(scalarB, at, LADDER_BITS), LADDER_BITS, LADDER_ENTRIES, negateB);
    addAffine(r, r, chosen, chosen + Y);
  }
}

let sumIsInfinite = true;

/** Starts a public sum at infinity; the accumulator is the `r` of the functions below. */
export function startSumVarTime(): void {
  sumIsInfinite = true;
}

/** Lets a sum go on from a point in the accumulator that is not infinity. */
export function continueSumVarTime(): void {
  sumIsInfinite = false;
}

/** True when the sum is the point at infinity, and the accumulator means nothing. */
export function isSumInfinite(): bool {
  return sumIsInfinite;
}

/**
 * True when a tight difference may be a multiple of p: those within the range of tight elements
 * are -16 p to 16 p, and p is -1 modulo 2^29.
 */
function mayBeZero(a: usize): bool {
  return ((load<i64>(a) + 16) & 0x1fffffff) <= 32;
}

/** r = r + (x, y), whatever they are. */
export function addToSumVarTime(r: usize, x: usize, y: usize): void {
  if (sumIsInfinite) {
    copy(r, x);
    carry(r + Y, y);
    copy(r + Z, ONE_P);
    sumIsInfinite = false;
    return;
  }
  compareAffine(r, x, y);
  if (mayBeZero(deltaX) && isZero(deltaX) != 0) {
    if (isZero(deltaY) != 0) doublePoint(r, r);
    else sumIsInfinite = true;
    return;
  }
  finishAddition(r, r);
}

/** r = r + k times the point of a comb table, k in [0, n) and public. */
export function addCombVarTime(r: usize, table: usize, k: usize): void {
  const negate = loadOddScalar(oddScalar, k);
  for (let i: u32 = 0; i < COMB_WINDOWS; i++) {
    const window = bitsOf(oddScalar, i * COMB_BITS + 1, COMB_BITS);
    const sign = i + 1 < COMB_WINDOWS ? digitSign(window, COMB_BITS) : 0;
    const index = (window ^ <u32>sign) & (COMB_ENTRIES - 1);
    unpackEntry(chosen, table + index * ENTRY, <i64>sign ^ negate);
    addToSumVarTime(r, chosen, chosen + Y);
    table += COMB_ENTRIES * ENTRY;
  }
}

/** Writes the width-w non-adjacent form of a scalar, one 16-bit digit for each bit. */
function writeNafVarTime(digits: usize, bytes: usize, width: u32): void {
  loadScalar(oddScalar, bytes);
  memory.fill(digits, 0, NAF_BYTES);
  const span = 1 << width;
  let borrowed: u32 = 0;
  let at: u32 = 0;
  while (at < 257) {
    if ((bitsOf(oddScalar, at, 1) ^ borrowed) == 0) {
      at++;
      continue;
    }
    let digit = <i32>(bitsOf(oddScalar, at, width) + borrowed);
    borrowed = 0;
    if (digit >= span >> 1) {
      digit -= span;
      borrowed = 1;
    }
    store<i16>(digits + (at << 1), <i16>digit);
    at += width;
  }
}

function addNafDigitVarTime(r: usize, table: usize, digit: i32): void {
  const sign = digit >> 31;
  const index = <u32>((digit ^ sign) - sign) >> 1;
  unpackEntry(chosen, table + index * ENTRY, <i64>sign);
  addToSumVarTime(r, chosen, chosen + Y);
}

/** r = s G + k P for a short table of P and public scalars in [0, n), 32 big-endian bytes each. */
export function sumVarTime(r: usize, s: usize, table: usize, k: usize): void {
  sumOfNafsVarTime(r, s, table, k, 0, 0, NAF_WIDTH);
}

/** r = s G + j A + k B for the tables of ladders. A `tableB` of 0 leaves the last term out. */
export function sumOfLaddersVarTime(
  r: usize,
  s: usize,
  tableA: usize,
  j: usize,
  tableB: usize,
  k: usize,
): void {
  sumOfNafsVarTime(r, s, tableA, j, tableB, k, LADDER_NAF_WIDTH);
}

function sumOfNafsVarTime(
  r: usize,
  s: usize,
  tableA: usize,
  j: usize,
  tableB: usize,
  k: usize,
  width: u32,
): void {
  const base = baseNafTable();
  const digitsA = nafDigits + NAF_BYTES;
  const digitsB = digitsA + NAF_BYTES;
  writeNafVarTime(nafDigits, s, BASE_NAF_WIDTH);
  writeNafVarTime(digitsA, j, width);
  if (tableB != 0) writeNafVarTime(digitsB, k, width);
  sumIsInfinite = true;
  for (let at: i32 = NAF_DIGITS - 1; at >= 0; at--) {
    if (!sumIsInfinite) doublePoint(r, r);
    const a = <i32>load<i16>(digitsA + (at << 1));
    if (a != 0) addNafDigitVarTime(r, tableA, a);
    if (tableB != 0) {
      const b = <i32>load<i16>(digitsB + (at << 1));
      if (b != 0) addNafDigitVarTime(r, tableB, b);
    }
    const g = <i32>load<i16>(nafDigits + (at << 1));
    if (g != 0) addNafDigitVarTime(r, base, g);
  }
}

/** True when x, limbs below p and not in Montgomery form, is the affine x of a. */
export function hasXVarTime(a: usize, x: usize): bool {
  mul(t2, x, R2_P);
  sqr(t3, a + Z);
  mulSub(t4, t2, t3, a);
  return isZero(t4) != 0;
}

/** The affine point at `affine` as 64 big-endian bytes x || y. */
export function encodePoint(bytes: usize, affine: usize): void {
  toPlain(t2, affine);
  toBytes(bytes, t2);
  toPlain(t2, affine + Y);
  toBytes(bytes + 32, t2);
}

/** The affine point at `affine` in 33 bytes (GB/T 32918.1 §4.2.9). */
export function compressPoint(bytes: usize, affine: usize): void {
  toPlain(t2, affine + Y);
  store<u8>(bytes, 2 | (<u8>load<i64>(t2) & 1));
  toPlain(t2, affine);
  toBytes(bytes + 1, t2);
}

/** y^2 of the curve at x, both in Montgomery form: x^3 - 3 x + b. */
function curveAt(r: usize, x: usize): void {
  sqr(t0, x);
  for (let i = 0; i < 3; i++) subCarry(t0, t0, ONE_P);
  mul(t1, t0, x);
  add(t0, t1, B_P);
  carry(r, t0);
}

/** Reads 64 bytes x || y as an affine point. False unless both are below p and on the curve. */
export function decodePointVarTime(affine: usize, bytes: usize): bool {
  fromBytes(t2, bytes);
  fromBytes(t3, bytes + 32);
  if (!isBelow(t2, P) || !isBelow(t3, P)) return false;
  mul(affine, t2, R2_P);
  mul(affine + Y, t3, R2_P);
  curveAt(t4, affine);
  sqr(t5, affine + Y);
  subCarry(t5, t5, t4);
  return isZero(t5) != 0;
}

/** Reads 33 bytes of a compressed point (GB/T 32918.1 §4.2.10), prefix 02 or 03. */
export function decompressPointVarTime(affine: usize, bytes: usize): bool {
  const prefix = load<u8>(bytes);
  if (prefix != 2 && prefix != 3) return false;
  fromBytes(t2, bytes + 1);
  if (!isBelow(t2, P)) return false;
  mul(affine, t2, R2_P);
  curveAt(t4, affine);
  squareRoot(t5, t4);
  sqr(t6, t5);
  subCarry(t6, t6, t4);
  if (isZero(t6) == 0) return false;
  toPlain(t6, t5);
  if (((load<i64>(t6) ^ prefix) & 1) != 0) negateWhere(t5, -1);
  copy(affine + Y, t5);
  return true;
}

/** Wipes the scratch of this file and of field.ts; tables of public points stay. */
export function wipePoint(): void {
  memory.fill(scratch, 0, SCRATCH);
  wipeField();
}
