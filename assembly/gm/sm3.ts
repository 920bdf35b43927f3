// SM3 (GB/T 32905), HMAC over it (RFC 2104) and the key derivation of GB/T 32918.4 §5.4.3, for the
// other kernels of this module and, through index.ts, for the host. Nothing here branches on or
// indexes by message bytes; lengths are public.

import { compress, compress4 } from './sm3-rounds.gen';

export const SM3_DIGEST_BYTES: u32 = 32;
const BLOCK: u32 = 64;

// A hash state: eight chaining words, a block that is not full yet, the bytes absorbed so far.
const TAIL: usize = 32;
const ABSORBED: usize = 96;
/** Bytes of a hash state; it may lie anywhere on an 8-byte boundary. */
export const SM3_STATE_BYTES: u32 = 104;

// A keyed state: the inner hash, then the eight chaining words of the outer one.
const OUTER: usize = 104;
/** Bytes of an HMAC state; it may lie anywhere on an 8-byte boundary. */
export const HMAC_SM3_STATE_BYTES: u32 = 136;

const LANES: u32 = 4;
const LANE_TAIL: u32 = 128;

const oneShot = memory.data(136, 16);
const padBlock = memory.data(64, 16);
const digestWords = memory.data(32, 16);
// Four states lane by lane, and for each lane the one or two blocks that end its message.
const laneState = memory.data(128, 16);
const laneTails = memory.data(512, 16);

/** Overwrites `length` bytes at `region` with zeros. */
export function wipe(region: usize, length: u32): void {
  memory.fill(region, 0, length);
}

/** Starts a hash in the SM3_STATE_BYTES at `state` (GB/T 32905 §4.1). */
export function sm3Init(state: usize): void {
  store<u32>(state, 0x7380166f, 0);
  store<u32>(state, 0x4914b2b9, 4);
  store<u32>(state, 0x172442d7, 8);
  store<u32>(state, 0xda8a0600, 12);
  store<u32>(state, 0xa96f30bc, 16);
  store<u32>(state, 0x163138aa, 20);
  store<u32>(state, 0xe38dee4d, 24);
  store<u32>(state, 0xb0fb0e4e, 28);
  store<u64>(state, 0, ABSORBED);
}

/** Absorbs `length` bytes at `data`; any split of a message gives the same digest. */
export function sm3Update(state: usize, data: usize, length: u32): void {
  const absorbed = load<u64>(state, ABSORBED);
  store<u64>(state, absorbed + length, ABSORBED);
  const held = (<u32>absorbed) & (BLOCK - 1);
  if (held > 0) {
    const room = BLOCK - held;
    if (length < room) {
      memory.copy(state + TAIL + held, data, length);
      return;
    }
    memory.copy(state + TAIL + held, data, room);
    compress(state, state + TAIL, 1);
    data += room;
    length -= room;
  }
  const blocks = length >> 6;
  if (blocks > 0) compress(state, data, blocks);
  const rest = length & (BLOCK - 1);
  if (rest > 0) memory.copy(state + TAIL, data + (blocks << 6), rest);
}

/**
 * Ends a message whose last `held` bytes stand at `tail`: the 1 bit, zeros, the length in bits
 * (GB/T 32905 §5.2). Returns how many blocks that makes, 1 or 2; `tail` has room for two.
 */
function pad(tail: usize, held: u32, absorbed: u64): u32 {
  const blocks: u32 = held < 56 ? 1 : 2;
  store<u8>(tail + held, 0x80);
  memory.fill(tail + held + 1, 0, (blocks << 6) - held - 1);
  store<u64>(tail + (blocks << 6) - 8, bswap<u64>(absorbed << 3));
  return blocks;
}

function storeDigest(words: usize, digest: usize): void {
  for (let i: usize = 0; i < 32; i += 4) {
    store<u32>(digest + i, bswap<u32>(load<u32>(words + i)));
  }
}

/** Writes the 32 bytes of the digest to `digest` and wipes the state, which may overlap it. */
export function sm3Final(state: usize, digest: usize): void {
  const absorbed = load<u64>(state, ABSORBED);
  const held = (<u32>absorbed) & (BLOCK - 1);
  memory.copy(laneTails, state + TAIL, held);
  const blocks = pad(laneTails, held, absorbed);
  compress(state, laneTails, blocks);
  storeDigest(state, digestWords);
  wipe(laneTails, blocks << 6);
  wipe(state, SM3_STATE_BYTES);
  memory.copy(digest, digestWords, SM3_DIGEST_BYTES);
  wipe(digestWords, SM3_DIGEST_BYTES);
}

/** Hashes `length` bytes at `data` into the 32 bytes at `digest`. */
export function sm3(data: usize, length: u32, digest: usize): void {
  sm3Init(oneShot);
  sm3Update(oneShot, data, length);
  sm3Final(oneShot, digest);
}

function xorFill(block: usize, mask: u64): void {
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(block + i, load<u64>(block + i) ^ mask);
  }
}

/** Starts HMAC-SM3 in the HMAC_SM3_STATE_BYTES at `mac`; a key of any length, also none. */
export function hmacSm3Init(mac: usize, key: usize, keyLength: u32): void {
  wipe(padBlock, BLOCK);
  if (keyLength > BLOCK) sm3(key, keyLength, padBlock);
  else memory.copy(padBlock, key, keyLength);

  xorFill(padBlock, 0x5c5c5c5c5c5c5c5c);
  sm3Init(mac);
  compress(mac, padBlock, 1);
  memory.copy(mac + OUTER, mac, 32);

  xorFill(padBlock, 0x5c5c5c5c5c5c5c5c ^ 0x3636363636363636);
  sm3Init(mac);
  compress(mac, padBlock, 1);
  store<u64>(mac, BLOCK, ABSORBED);
  wipe(padBlock, BLOCK);
}

/** Absorbs `length` bytes at `data`. */
export function hmacSm3Update(mac: usize, data: usize, length: u32): void {
  sm3Update(mac, data, length);
}

/** Writes the 32 bytes of the tag to `tag` and wipes the state. */
export function hmacSm3Final(mac: usize, tag: usize): void {
  sm3Final(mac, mac);
  const inner = mac + TAIL;
  memory.copy(inner, mac, SM3_DIGEST_BYTES);
  memory.copy(mac, mac + OUTER, 32);
  store<u64>(mac, BLOCK + SM3_DIGEST_BYTES, ABSORBED);
  sm3Final(mac, tag);
  wipe(mac + OUTER, 32);
}

/** HMAC-SM3 of `length` bytes at `data`, 32 bytes at `tag`. */
export function hmacSm3(key: usize, keyLength: u32, data: usize, length: u32, tag: usize): void {
  hmacSm3Init(oneShot, key, keyLength);
  hmacSm3Update(oneShot, data, length);
  hmacSm3Final(oneShot, tag);
}

function splatState(state: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    v128.store(laneState + (i << 4), v128.load_splat<u32>(state + (i << 2)));
  }
}

function storeLaneDigest(lane: usize, digest: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    store<u32>(digest + (i << 2), bswap<u32>(load<u32>(laneState + (i << 4) + (lane << 2))));
  }
}

/**
 * Writes `length` bytes of SM3(Z || ct) || SM3(Z || ct + 1) ... to `key`, beginning at the counter
 * `ct` (GB/T 32918.4 §5.4.3 begins at 1). `state` has absorbed Z and is left as it was, so that a
 * long key can be taken in pieces of a multiple of 32 bytes.
 *
 * What Z fills of whole blocks is hashed once; the counters then run in four lanes.
 */
export function kdfExpand(state: usize, ct: u32, key: usize, length: u32): void {
  const absorbed = load<u64>(state, ABSORBED);
  const held = (<u32>absorbed) & (BLOCK - 1);
  let blocks: u32 = 1;
  for (let lane: u32 = 0; lane < LANES; lane++) {
    const tail = laneTails + lane * LANE_TAIL;
    memory.copy(tail, state + TAIL, held);
    blocks = pad(tail, held + 4, absorbed + 4);
  }
  while (length > 0) {
    splatState(state);
    for (let lane: u32 = 0; lane < LANES; lane++) {
      store<u32>(laneTails + lane * LANE_TAIL + held, bswap<u32>(ct + lane));
    }
    if (length > 2 * SM3_DIGEST_BYTES) {
      compress4(
        laneState,
        laneTails,
        laneTails + LANE_TAIL,
        laneTails + 2 * LANE_TAIL,
        laneTails + 3 * LANE_TAIL,
        blocks,
      );
      for (let lane: u32 = 0; lane < LANES && length > 0; lane++) {
        const taken = min<u32>(length, SM3_DIGEST_BYTES);
        storeLaneDigest(lane, digestWords);
        memory.copy(key, digestWords, taken);
        key += taken;
        length -= taken;
      }
      ct += LANES;
    } else {
      // One or two digests cost less one after the other than four at once.
      memory.copy(padBlock, state, 32);
      compress(padBlock, laneTails, blocks);
      storeDigest(padBlock, digestWords);
      const taken = min<u32>(length, SM3_DIGEST_BYTES);
      memory.copy(key, digestWords, taken);
      key += taken;
      length -= taken;
      ct++;
    }
  }
  wipe(padBlock, BLOCK);
  wipe(digestWords, SM3_DIGEST_BYTES);
  wipe(laneState, 128);
  wipe(laneTails, LANES * LANE_TAIL);
}

/** The key derivation of GB/T 32918.4 §5.4.3: `length` bytes at `key` from Z at `z`. */
export function kdf(z: usize, zLength: u32, key: usize, length: u32): void {
  sm3Init(oneShot);
  sm3Update(oneShot, z, zLength);
  kdfExpand(oneShot, 1, key, length);
  wipe(oneShot, SM3_STATE_BYTES);
}
