// Numbers modulo the order n of SM2, as 32 big-endian bytes outside and canonical limbs inside.
// Constant time; that a number was out of range may be seen.

import { ELEMENT, freeze, fromBytes, invertN, isBelow, isZeroPlain, toBytes } from './field';
import { add, mulN, N, R2_N, SHIFT_N, sub } from './field.gen';
import { HMAC_SM3_STATE_BYTES, hmacSm3Final, hmacSm3Init, hmacSm3Update } from './sm3';

const SCRATCH: u32 = 592;
const scratch = memory.data(592, 16);
const product: usize = scratch;
const wide: usize = scratch + ELEMENT;
const label: usize = scratch + 2 * ELEMENT;
const macState: usize = scratch + 3 * ELEMENT;
const macKeyed: usize = scratch + 3 * ELEMENT + 144;
const tags: usize = scratch + 3 * ELEMENT + 288;

/** r = a b modulo n. */
export function multiplyN(r: usize, a: usize, b: usize): void {
  mulN(product, a, R2_N);
  mulN(product, product, b);
  freeze(r, product, N);
}

/** r = a + b modulo n; either may be up to 2 n. */
export function addN(r: usize, a: usize, b: usize): void {
  add(product, a, b);
  freeze(r, product, N);
}

/** r = a - b modulo n. */
export function subN(r: usize, a: usize, b: usize): void {
  sub(product, a, b);
  freeze(r, product, N);
}

/** r = -a modulo n. */
export function negateN(r: usize, a: usize): void {
  sub(product, N, a);
  freeze(r, product, N);
}

/** 2^255 as limbs. */
export const TWO_255 = memory.data<i64>([0, 0, 0, 0, 0, 0, 0, 0, 1 << 23]);

/** r = 32 bytes modulo n. */
export function loadN(r: usize, bytes: usize): void {
  fromBytes(product, bytes);
  freeze(r, product, N);
}

/** r = 64 bytes modulo n, so even that nobody can tell it from a uniform number. */
export function loadWideN(r: usize, bytes: usize): void {
  fromBytes(product, bytes);
  mulN(wide, product, SHIFT_N);
  fromBytes(product, bytes + 32);
  add(product, product, wide);
  freeze(r, product, N);
}

/** Reads a number that must lie in [1, n). */
export function loadScalarN(r: usize, bytes: usize): bool {
  fromBytes(r, bytes);
  return isBelow(r, N) && isZeroPlain(r) == 0;
}

/** Reads a private key, a number in [1, n - 2] (GB/T 32918.1 §6.1). */
export function loadPrivateKey(d: usize, bytes: usize): bool {
  if (!loadScalarN(d, bytes)) return false;
  // n - 1 is the one number below n that gives 0 when 1 is added.
  copyPlusOne(product, d);
  return isZeroPlain(product) == 0;
}

function copyPlusOne(r: usize, a: usize): void {
  for (let i: usize = 0; i < 72; i += 8) store<i64>(r + i, load<i64>(a + i));
  store<i64>(r, load<i64>(r) + 1);
  freeze(r, r, N);
}

/** r = 1 / (1 + d) modulo n. */
export function invertPlusOne(r: usize, d: usize): void {
  copyPlusOne(product, d);
  invertN(r, product);
}

const LABEL: u32 = 10;
let derivations: u64 = 0;

/**
 * r = a number below n from HMAC-SM3 with the 32 bytes at `key` over `random`, `context` (32 bytes
 * each), the purpose, and how many numbers this instance has derived.
 *
 * With the private key as HMAC key and the digest as context, a nonce stays unpredictable and
 * unrepeated though the host's randomness failed, and fresh randomness keeps it from being a
 * function of the message alone.
 */
export function deriveN(r: usize, key: usize, random: usize, context: usize, purpose: u8): void {
  hmacSm3Init(macKeyed, key, 32);
  hmacSm3Update(macKeyed, random, 32);
  hmacSm3Update(macKeyed, context, 32);
  store<u64>(label, ++derivations);
  store<u8>(label, purpose, 8);
  store<u8>(label, 0, 9);
  memory.copy(macState, macKeyed, HMAC_SM3_STATE_BYTES);
  hmacSm3Update(macState, label, LABEL);
  hmacSm3Final(macState, tags);
  store<u8>(label, 1, 9);
  hmacSm3Update(macKeyed, label, LABEL);
  hmacSm3Final(macKeyed, tags + 32);
  loadWideN(r, tags);
}

/** Wipes the scratch of this file. */
export function wipeScalar(): void {
  memory.fill(scratch, 0, SCRATCH);
}

/** Writes a canonical number as 32 bytes. */
export function storeN(bytes: usize, a: usize): void {
  toBytes(bytes, a);
}
