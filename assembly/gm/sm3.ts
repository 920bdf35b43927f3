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
// Where each lane of sm3Many stands: next block, blocks to come, blocks of padding, its digest.
const LANE_PLAN: u32 = 16;
const lanePlans = memory.data(64, 16);
const PLAN_FROM: usize = 0;
const PLAN_BLOCKS: usize = 4;
const PLAN_ENDING: usize = 8;
const PLAN_DIGEST: usize = 12;

/** Overwrites `length` bytes at `region` with zeros. */
function wipe(region: usize, length: u32): void {
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
  const held = <u32>absorbed & (BLOCK - 1);
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

/** Clears the `blocks` blocks (1 or 2) at `tail` without a call out of the module's own code. */
function clearBlocks(tail: usize, blocks: u32): void {
  const zero = i64x2.splat(0);
  for (let end = tail + (blocks << 6); tail < end; tail += 16) v128.store(tail, zero);
}

/**
 * Ends a message of `absorbed` bytes whose last `held` stand at `from`: copies them to `tail`, and
 * behind them the 1 bit, zeros, the length in bits (GB/T 32905 §5.2). Returns how many blocks that
 * makes, 1 or 2.
 */
function pad(tail: usize, from: usize, held: u32, absorbed: u64): u32 {
  const blocks: u32 = held < 56 ? 1 : 2;
  clearBlocks(tail, blocks);
  if (held > 0) memory.copy(tail, from, held);
  store<u8>(tail + held, 0x80);
  store<u64>(tail + (blocks << 6) - 8, bswap<u64>(absorbed << 3));
  return blocks;
}

/** Four words of a state as the bytes of a digest. */
function digestHalf(words: usize): v128 {
  const half = v128.load(words);
  return v128.shuffle<u8>(half, half, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

function storeDigest(words: usize, digest: usize): void {
  const low = digestHalf(words);
  const high = digestHalf(words + 16);
  v128.store(digest, low);
  v128.store(digest, high, 16);
}

/** Ends the hash at `words` with the `held` bytes at `from`; clears what it copied of them. */
function finish(words: usize, from: usize, held: u32, absorbed: u64): void {
  const blocks = pad(laneTails, from, held, absorbed);
  compress(words, laneTails, blocks);
  clearBlocks(laneTails, blocks);
}

/** Writes the 32 bytes of the digest to `digest` and wipes the state, which may overlap it. */
export function sm3Final(state: usize, digest: usize): void {
  const absorbed = load<u64>(state, ABSORBED);
  finish(state, state + TAIL, <u32>absorbed & (BLOCK - 1), absorbed);
  const low = digestHalf(state);
  const high = digestHalf(state + 16);
  clearBlocks(state, 1);
  clearBlocks(state + 40, 1);
  v128.store(digest, low);
  v128.store(digest, high, 16);
}

/** Hashes `length` bytes at `data` into the 32 bytes at `digest`, which may overlap them. */
export function sm3(data: usize, length: u32, digest: usize): void {
  sm3Init(oneShot);
  const blocks = length >> 6;
  if (blocks > 0) compress(oneShot, data, blocks);
  finish(oneShot, data + (blocks << 6), length & (BLOCK - 1), length);
  storeDigest(oneShot, digest);
  clearBlocks(oneShot, 1);
}

function xorBlock(block: usize, byte: i8): void {
  const mask = i8x16.splat(byte);
  for (let i: usize = 0; i < 64; i += 16) {
    v128.store(block + i, v128.xor(v128.load(block + i), mask));
  }
}

/** Starts HMAC-SM3 in the HMAC_SM3_STATE_BYTES at `mac`; a key of any length, also none. */
export function hmacSm3Init(mac: usize, key: usize, keyLength: u32): void {
  wipe(padBlock, BLOCK);
  if (keyLength > BLOCK) sm3(key, keyLength, padBlock);
  else memory.copy(padBlock, key, keyLength);

  xorBlock(padBlock, 0x5c);
  sm3Init(mac);
  compress(mac, padBlock, 1);
  memory.copy(mac + OUTER, mac, 32);

  xorBlock(padBlock, 0x5c ^ 0x36);
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
  const held = <u32>absorbed & (BLOCK - 1);
  let blocks: u32 = 1;
  for (let lane: u32 = 0; lane < LANES; lane++) {
    const tail = laneTails + lane * LANE_TAIL;
    // Four more bytes than are held: the counter is written over them.
    blocks = pad(tail, state + TAIL, held + 4, absorbed + 4);
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

/** Points a lane at `blocks` blocks, after which come `ending` blocks of padding (0 to 2). */
function aimLane(lane: u32, from: usize, blocks: u32, ending: u32): void {
  const plan = lanePlans + lane * LANE_PLAN;
  store<u32>(plan, <u32>from, PLAN_FROM);
  store<u32>(plan, blocks, PLAN_BLOCKS);
  store<u32>(plan, ending, PLAN_ENDING);
}

function startLane(lane: u32, message: usize, length: u32, digest: usize): void {
  sm3Init(oneShot);
  for (let i: usize = 0; i < 8; i++) {
    store<u32>(laneState + (i << 4) + (lane << 2), load<u32>(oneShot + (i << 2)));
  }
  const held = length & (BLOCK - 1);
  const tail = laneTails + lane * LANE_TAIL;
  const ending = pad(tail, message + (length - held), held, length);
  store<u32>(lanePlans + lane * LANE_PLAN, <u32>digest, PLAN_DIGEST);
  if (length >= BLOCK) aimLane(lane, message, length >> 6, ending);
  else aimLane(lane, tail, ending, 0);
}

/** Moves a lane past `step` blocks. False when its message has none left. */
function advanceLane(lane: u32, step: u32): bool {
  const plan = lanePlans + lane * LANE_PLAN;
  const blocks = load<u32>(plan, PLAN_BLOCKS) - step;
  const ending = load<u32>(plan, PLAN_ENDING);
  if (blocks > 0) aimLane(lane, load<u32>(plan, PLAN_FROM) + (step << 6), blocks, ending);
  else aimLane(lane, laneTails + lane * LANE_TAIL, ending, 0);
  return blocks > 0 || ending > 0;
}

/** Hashes what is left of a lane in scalar words. */
function drainLane(lane: u32): void {
  const plan = lanePlans + lane * LANE_PLAN;
  for (let i: usize = 0; i < 8; i++) {
    store<u32>(padBlock + (i << 2), load<u32>(laneState + (i << 4) + (lane << 2)));
  }
  let blocks = load<u32>(plan, PLAN_BLOCKS);
  while (blocks > 0) {
    compress(padBlock, load<u32>(plan, PLAN_FROM), blocks);
    advanceLane(lane, blocks);
    blocks = load<u32>(plan, PLAN_BLOCKS);
  }
  storeDigest(padBlock, load<u32>(plan, PLAN_DIGEST));
}

/**
 * Hashes `count` messages; their digests stand one after the other at `digests`.
 *
 * `lengths` holds a u32 for each message, and the messages lie one after the other at `messages`.
 * Four are under way at a time, and when one ends the next takes its lane, so lengths may be mixed
 * at will. When none is left to fill a lane, the others are finished one by one.
 */
export function sm3Many(lengths: usize, count: u32, messages: usize, digests: usize): void {
  let next: u32 = 0;
  for (; next < LANES && next < count; next++) {
    const length = load<u32>(lengths + (next << 2));
    startLane(next, messages, length, digests + (next << 5));
    messages += length;
  }
  const lanes = next;
  let full = lanes == LANES;
  while (full) {
    let step = u32.MAX_VALUE;
    for (let lane: u32 = 0; lane < LANES; lane++) {
      step = min<u32>(step, load<u32>(lanePlans + lane * LANE_PLAN, PLAN_BLOCKS));
    }
    compress4(
      laneState,
      load<u32>(lanePlans, PLAN_FROM),
      load<u32>(lanePlans + LANE_PLAN, PLAN_FROM),
      load<u32>(lanePlans + 2 * LANE_PLAN, PLAN_FROM),
      load<u32>(lanePlans + 3 * LANE_PLAN, PLAN_FROM),
      step,
    );
    for (let lane: u32 = 0; lane < LANES; lane++) {
      if (advanceLane(lane, step)) continue;
      if (next == count) {
        full = false;
        continue;
      }
      storeLaneDigest(lane, load<u32>(lanePlans + lane * LANE_PLAN, PLAN_DIGEST));
      const length = load<u32>(lengths + (next << 2));
      startLane(lane, messages, length, digests + (next << 5));
      messages += length;
      next++;
    }
  }
  // A lane that has ended has no blocks left, so draining it only writes its digest.
  for (let lane: u32 = 0; lane < lanes; lane++) drainLane(lane);
  wipe(padBlock, BLOCK);
  wipe(oneShot, SM3_STATE_BYTES);
  wipe(laneState, 128);
  wipe(laneTails, LANES * LANE_TAIL);
}

/** One HMAC of a 32-byte message from a key's two chaining states: two blocks, result in words. */
function hmacOfDigest(mac: usize, block: usize): void {
  memory.copy(padBlock, mac, 32);
  compress(padBlock, block, 1);
  storeDigest(padBlock, block);
  memory.copy(padBlock, mac + OUTER, 32);
  compress(padBlock, block, 1);
  storeDigest(padBlock, block);
}

/**
 * PBKDF2 with HMAC-SM3 (RFC 8018 §5.2), one block of 32 bytes: on entry `block` holds U_1 and on
 * return the sum of U_1 to U_iterations. `mac` is the state that `hmacSm3Init` made from the
 * password and is left as it was.
 */
export function pbkdf2Block(mac: usize, iterations: u32, block: usize): void {
  pad(laneTails, block, SM3_DIGEST_BYTES, BLOCK + SM3_DIGEST_BYTES);
  for (let i: u32 = 1; i < iterations; i++) {
    hmacOfDigest(mac, laneTails);
    for (let at: usize = 0; at < 32; at += 16) {
      v128.store(block + at, v128.xor(v128.load(block + at), v128.load(laneTails + at)));
    }
  }
  wipe(laneTails, BLOCK);
  wipe(padBlock, BLOCK);
}
