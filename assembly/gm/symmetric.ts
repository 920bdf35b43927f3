// The host's entries to SM3 and SM4. Every address and length is checked to lie in the exchange
// region before a kernel runs; the kernels do not check again. Hash states live in the host between
// calls, which copies them in and out, so that any number may be under way.

import { BAD_LENGTH, OK } from '../shared/status';
import { ghash } from './ghash';
import { IO_BYTES, io } from './io';
import {
  HMAC_SM3_STATE_BYTES,
  hmacSm3Final,
  hmacSm3Init,
  kdfExpand,
  pbkdf2Block,
  SM3_DIGEST_BYTES,
  SM3_STATE_BYTES,
  sm3,
  sm3Final,
  sm3Init,
  sm3Many,
  sm3Update,
} from './sm3';
import {
  SM4_ROUND_KEYS_BYTES,
  sm4CbcDecrypt,
  sm4CbcEncrypt,
  sm4Ctr,
  sm4Ecb,
  sm4ExpandKey,
  sm4ReverseKeys,
} from './sm4';

function outside(at: usize, length: u32): bool {
  const offset = <u32>(at - io());
  return offset > IO_BYTES || length > IO_BYTES - offset;
}

function notBlocks(length: u32): bool {
  return length % 16 != 0;
}

/** Hashes `length` bytes at `data` into the 32 at `digest`. */
export function sm3Digest(data: usize, length: u32, digest: usize): i32 {
  if (outside(data, length) || outside(digest, SM3_DIGEST_BYTES)) return BAD_LENGTH;
  sm3(data, length, digest);
  return OK;
}

/** Starts a hash in the 104 bytes at `state`. */
export function sm3Begin(state: usize): i32 {
  if (outside(state, SM3_STATE_BYTES)) return BAD_LENGTH;
  sm3Init(state);
  return OK;
}

/** Absorbs `length` bytes at `data` into a hash or an HMAC. */
export function sm3Absorb(state: usize, data: usize, length: u32): i32 {
  if (outside(state, SM3_STATE_BYTES) || outside(data, length)) return BAD_LENGTH;
  sm3Update(state, data, length);
  return OK;
}

/** Writes the 32 bytes of the digest and wipes the state. */
export function sm3Finish(state: usize, digest: usize): i32 {
  if (outside(state, SM3_STATE_BYTES) || outside(digest, SM3_DIGEST_BYTES)) return BAD_LENGTH;
  sm3Final(state, digest);
  return OK;
}

/** Hashes `count` messages that lie one after the other; see `sm3Many`. */
export function sm3Batch(lengths: usize, count: u32, messages: usize, digests: usize): i32 {
  if (count > IO_BYTES / SM3_DIGEST_BYTES) return BAD_LENGTH;
  if (outside(lengths, count << 2) || outside(digests, count << 5)) return BAD_LENGTH;
  let total: u64 = 0;
  for (let i: u32 = 0; i < count; i++) total += load<u32>(lengths + (i << 2));
  if (total > IO_BYTES || outside(messages, <u32>total)) return BAD_LENGTH;
  sm3Many(lengths, count, messages, digests);
  return OK;
}

/** Starts HMAC-SM3 in the 136 bytes at `mac`; its data goes to `sm3Absorb`. */
export function hmacBegin(mac: usize, key: usize, keyLength: u32): i32 {
  if (outside(mac, HMAC_SM3_STATE_BYTES) || outside(key, keyLength)) return BAD_LENGTH;
  hmacSm3Init(mac, key, keyLength);
  return OK;
}

/** Writes the 32 bytes of the tag and wipes the state. */
export function hmacFinish(mac: usize, tag: usize): i32 {
  if (outside(mac, HMAC_SM3_STATE_BYTES) || outside(tag, SM3_DIGEST_BYTES)) return BAD_LENGTH;
  hmacSm3Final(mac, tag);
  return OK;
}

/** Derives `length` bytes from a hash that has absorbed Z, beginning at counter `ct`. */
export function kdfDerive(state: usize, ct: u32, key: usize, length: u32): i32 {
  if (outside(state, SM3_STATE_BYTES) || outside(key, length)) return BAD_LENGTH;
  kdfExpand(state, ct, key, length);
  return OK;
}

/**
 * One block of PBKDF2 (RFC 8018 §5.2). `mac` is HMAC-SM3 begun with the password; `block` holds
 * HMAC of salt and block number, which is U_1, and is left holding T.
 */
export function pbkdf2Derive(mac: usize, iterations: u32, block: usize): i32 {
  if (outside(mac, HMAC_SM3_STATE_BYTES) || outside(block, SM3_DIGEST_BYTES)) return BAD_LENGTH;
  pbkdf2Block(mac, iterations, block);
  return OK;
}

/** Expands the 16 bytes at `key` for encryption, or with `decrypts` for ECB and CBC decryption. */
export function sm4SetKey(key: usize, roundKeys: usize, decrypts: bool): i32 {
  if (outside(key, 16) || outside(roundKeys, SM4_ROUND_KEYS_BYTES)) return BAD_LENGTH;
  sm4ExpandKey(key, roundKeys);
  if (decrypts) sm4ReverseKeys(roundKeys);
  return OK;
}

function badPiece(roundKeys: usize, chain: usize, data: usize, length: u32): bool {
  return outside(roundKeys, SM4_ROUND_KEYS_BYTES) || outside(chain, 16) || outside(data, length);
}

/** ECB in place, in the direction of the keys. */
export function sm4EcbApply(roundKeys: usize, data: usize, length: u32): i32 {
  if (badPiece(roundKeys, data, data, length) || notBlocks(length)) return BAD_LENGTH;
  sm4Ecb(roundKeys, data, data, length);
  return OK;
}

/** CBC encryption in place; `chain` goes on to the next call. */
export function sm4CbcApply(roundKeys: usize, chain: usize, data: usize, length: u32): i32 {
  if (badPiece(roundKeys, chain, data, length) || notBlocks(length)) return BAD_LENGTH;
  sm4CbcEncrypt(roundKeys, chain, data, data, length);
  return OK;
}

/** CBC decryption in place, with keys of decryption. */
export function sm4CbcUndo(roundKeys: usize, chain: usize, data: usize, length: u32): i32 {
  if (badPiece(roundKeys, chain, data, length) || notBlocks(length)) return BAD_LENGTH;
  sm4CbcDecrypt(roundKeys, chain, data, data, length);
  return OK;
}

/** CTR in place, both directions; with `low32` the counter is that of GCM. */
export function sm4CtrApply(
  roundKeys: usize,
  counter: usize,
  data: usize,
  length: u32,
  low32: bool,
): i32 {
  if (badPiece(roundKeys, counter, data, length)) return BAD_LENGTH;
  sm4Ctr(roundKeys, counter, data, data, length, low32);
  return OK;
}

/** Folds `length` bytes at `data` into the 16 at `hash` under the GHASH key at `key`. */
export function ghashFold(key: usize, hash: usize, data: usize, length: u32): i32 {
  if (outside(key, 16) || outside(hash, 16) || outside(data, length)) return BAD_LENGTH;
  ghash(key, hash, data, length);
  return OK;
}

/**
 * Whether two regions hold the same bytes: 1 or 0, in a time that depends on `length` alone. The
 * answer is the only bit about the bytes that leaves this function.
 */
export function sameBytes(a: usize, b: usize, length: u32): i32 {
  if (outside(a, length) || outside(b, length)) return BAD_LENGTH;
  let difference: u32 = 0;
  for (let i: u32 = 0; i < length; i++) difference |= load<u8>(a + i) ^ load<u8>(b + i);
  return <i32>((difference - 1) >>> 31);
}
