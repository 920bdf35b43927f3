// The module as tests compile it: what the curve needs beyond the released one. Field operations one
// by one, any multiple of any point, signing and encrypting with a given nonce. Never shipped.

export { freeze, fromBytes, invertN, invertP, toBytes } from './field';
export {
  addCarry,
  carry,
  mul,
  mulDiffSub,
  mulDiffSub2Sqr,
  mulN,
  mulSub,
  mulTriple,
  mulTwice,
  sqr,
  sqrSub4,
  sqrSubSub,
  sqrSubSub2,
  sqrTwice,
  subCarry,
} from './field.gen';
export * from './index';
export { loadWideN } from './scalar';
export { signWithNonce, startEncryptWithNonce } from './sm2';

import {
  addCombVarTime,
  baseCombTable,
  buildComb,
  buildLadder,
  buildNafTable,
  decodePointVarTime,
  encodePoint,
  isSumInfinite,
  multiplyComb,
  multiplyLadder,
  multiplyTwoBlinded,
  startSumVarTime,
  sumOfLaddersVarTime,
  sumVarTime,
  toAffine,
} from './point';

const jacobian = memory.data(240, 16);
const affine = memory.data(160, 16);
const ladder = memory.data(1280, 16);
const otherLadder = memory.data(1280, 16);
const comb = memory.data(110080, 16);

function give(result: usize): i32 {
  if (isSumInfinite()) return 1;
  toAffine(affine, jacobian);
  encodePoint(result, affine);
  return 0;
}

/** k P by the constant-time ladder. */
export function multiplyPoint(k: usize, point: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, point)) return -1;
  buildLadder(ladder, affine);
  multiplyLadder(jacobian, ladder, k);
  toAffine(affine, jacobian);
  encodePoint(result, affine);
  return 0;
}

/** k P by a constant-time comb made for P. */
export function multiplyPointByComb(k: usize, point: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, point)) return -1;
  buildComb(comb, affine);
  multiplyComb(jacobian, comb, k);
  toAffine(affine, jacobian);
  encodePoint(result, affine);
  return 0;
}

/** s G + j A + k B; 1 for infinity. */
export function sumOfThree(s: usize, a: usize, j: usize, b: usize, k: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, a)) return -1;
  buildLadder(ladder, affine);
  if (!decodePointVarTime(affine, b)) return -1;
  buildLadder(otherLadder, affine);
  sumOfLaddersVarTime(jacobian, s, ladder, j, otherLadder, k);
  return give(result);
}

/** s G + t P by non-adjacent forms; 1 for infinity. */
export function sumByNafs(s: usize, point: usize, t: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, point)) return -1;
  buildNafTable(ladder, affine);
  sumVarTime(jacobian, s, ladder, t);
  return give(result);
}

/** s G + t P by the two combs; 1 for infinity. */
export function sumByCombs(s: usize, point: usize, t: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, point)) return -1;
  buildComb(comb, affine);
  startSumVarTime();
  addCombVarTime(jacobian, baseCombTable(), s);
  addCombVarTime(jacobian, comb, t);
  return give(result);
}

/** 2^255 u G + j A + k B. */
export function blindedSum(u: usize, a: usize, j: usize, b: usize, k: usize, result: usize): i32 {
  if (!decodePointVarTime(affine, a)) return -1;
  buildLadder(ladder, affine);
  if (!decodePointVarTime(affine, b)) return -1;
  buildLadder(otherLadder, affine);
  multiplyComb(jacobian, baseCombTable(), u);
  multiplyTwoBlinded(jacobian, ladder, j, otherLadder, k);
  toAffine(affine, jacobian);
  encodePoint(result, affine);
  return 0;
}
