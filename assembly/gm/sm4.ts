// SM4 (GB/T 32907) and its modes of GB/T 17964. The S-box is computed with byte shuffles inside
// registers (sm4-rounds.gen.ts), so that neither an address nor a branch depends on key or data.
// Lengths, counters and initial values are public.

import { cipher4, cipher8, substitute } from './sm4-rounds.gen';

export const SM4_KEY_BYTES: u32 = 16;
export const SM4_BLOCK_BYTES: u32 = 16;
/** Bytes of an expanded key: 32 round keys. */
export const SM4_ROUND_KEYS_BYTES: u32 = 128;

const WIDE: u32 = 128;
const scratch = memory.data(128, 16);
const keyWords = memory.data(144, 16);

/** GB/T 32907 §7.3, the transformation T' of the key schedule. */
function keyTransform(x: u32): u32 {
  const y = substitute(x);
  return y ^ rotl<u32>(y, 13) ^ rotl<u32>(y, 23);
}

/** GB/T 32907 §7.3: byte j of CK_i is (4 i + j) * 7 mod 256. */
function scheduleConstant(i: u32): u32 {
  let word: u32 = 0;
  for (let j: u32 = 0; j < 4; j++) word = (word << 8) | (((4 * i + j) * 7) & 0xff);
  return word;
}

/** Expands the 16 bytes at `key` into the 128 at `roundKeys`, in the order of encryption. */
export function sm4ExpandKey(key: usize, roundKeys: usize): void {
  store<u32>(keyWords, bswap<u32>(load<u32>(key)) ^ 0xa3b1bac6);
  store<u32>(keyWords, bswap<u32>(load<u32>(key, 4)) ^ 0x56aa3350, 4);
  store<u32>(keyWords, bswap<u32>(load<u32>(key, 8)) ^ 0x677d9197, 8);
  store<u32>(keyWords, bswap<u32>(load<u32>(key, 12)) ^ 0xb27022dc, 12);
  for (let i: u32 = 0; i < 32; i++) {
    const at = keyWords + ((i << 2) % 16);
    const k1 = load<u32>(keyWords + ((i + 1) % 4) * 4);
    const k2 = load<u32>(keyWords + ((i + 2) % 4) * 4);
    const k3 = load<u32>(keyWords + ((i + 3) % 4) * 4);
    const next = load<u32>(at) ^ keyTransform(k1 ^ k2 ^ k3 ^ scheduleConstant(i));
    store<u32>(at, next);
    store<u32>(roundKeys + (i << 2), next);
  }
  memory.fill(keyWords, 0, 16);
}

/** Turns the order of encryption into that of decryption, or back (GB/T 32907 §7.2). */
export function sm4ReverseKeys(roundKeys: usize): void {
  for (let i: usize = 0; i < 64; i += 4) {
    const swapped = load<u32>(roundKeys + i);
    store<u32>(roundKeys + i, load<u32>(roundKeys + 124 - i));
    store<u32>(roundKeys + 124 - i, swapped);
  }
}

/** The cipher alone on `length` bytes, a multiple of 16; `from` and `to` may be the same place. */
export function sm4Ecb(roundKeys: usize, from: usize, to: usize, length: u32): void {
  while (length >= WIDE) {
    cipher8(roundKeys, from, to);
    from += WIDE;
    to += WIDE;
    length -= WIDE;
  }
  if (length == 0) return;
  memory.copy(scratch, from, length);
  cipher8(roundKeys, scratch, scratch);
  memory.copy(to, scratch, length);
  memory.fill(scratch, 0, WIDE);
}

/** CBC; `chain` holds the initial value and then the last block, so that a call can go on. */
export function sm4CbcEncrypt(
  roundKeys: usize,
  chain: usize,
  from: usize,
  to: usize,
  length: u32,
): void {
  let last = v128.load(chain);
  for (let at: u32 = 0; at < length; at += 16) {
    v128.store(scratch, v128.xor(last, v128.load(from + at)));
    cipher4(roundKeys, scratch, scratch);
    last = v128.load(scratch);
    v128.store(to + at, last);
  }
  v128.store(chain, last);
  memory.fill(scratch, 0, WIDE);
}

/** The inverse of `sm4CbcEncrypt`, with keys in the order of decryption. */
export function sm4CbcDecrypt(
  roundKeys: usize,
  chain: usize,
  from: usize,
  to: usize,
  length: u32,
): void {
  let last = v128.load(chain);
  while (length > 0) {
    const step = min<u32>(length, WIDE);
    memory.copy(scratch, from, step);
    cipher8(roundKeys, scratch, scratch);
    for (let at: u32 = 0; at < step; at += 16) {
      const block = v128.load(from + at);
      v128.store(to + at, v128.xor(v128.load(scratch + at), last));
      last = block;
    }
    from += step;
    to += step;
    length -= step;
  }
  v128.store(chain, last);
  memory.fill(scratch, 0, WIDE);
}

/**
 * Adds the key stream to `length` bytes. The 16 bytes at `counter` move on by one a block: all 128
 * bits of them (GB/T 17964), or with `low32` only the last 32 (GCM). Only the last call of a
 * message may have a length that is no multiple of 16.
 */
export function sm4Ctr(
  roundKeys: usize,
  counter: usize,
  from: usize,
  to: usize,
  length: u32,
  low32: bool,
): void {
  let high = bswap<u64>(load<u64>(counter));
  let low = bswap<u64>(load<u64>(counter, 8));
  while (length > 0) {
    const step = min<u32>(length, WIDE);
    for (let at: u32 = 0; at < step; at += 16) {
      store<u64>(scratch + at, bswap<u64>(high));
      store<u64>(scratch + at, bswap<u64>(low), 8);
      if (low32) {
        low = (low & 0xffffffff00000000) | <u64>(<u32>low + 1);
      } else {
        low++;
        if (low == 0) high++;
      }
    }
    cipher8(roundKeys, scratch, scratch);
    if (step == WIDE) {
      for (let at: usize = 0; at < 128; at += 16) {
        v128.store(to + at, v128.xor(v128.load(from + at), v128.load(scratch + at)));
      }
    } else {
      for (let at: u32 = 0; at < step; at++) {
        store<u8>(to + at, load<u8>(from + at) ^ load<u8>(scratch + at));
      }
    }
    from += step;
    to += step;
    length -= step;
  }
  store<u64>(counter, bswap<u64>(high));
  store<u64>(counter, bswap<u64>(low), 8);
  memory.fill(scratch, 0, WIDE);
}
