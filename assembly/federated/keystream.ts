// ChaCha20 (RFC 8439 §2.3 and §2.4), four blocks at a time: lane i of every vector belongs to block
// counter + i. Additions, exclusive ors and rotations only, so time depends on the length alone.

const state = memory.data(64, 16);
const rows = memory.data(256, 16);

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

function word(index: i32): v128 {
  return v128.load(rows + ((<usize>index) << 4));
}

function setWord(index: i32, value: v128): void {
  v128.store(rows + ((<usize>index) << 4), value);
}

/** RFC 8439 §2.1, on four blocks. */
function quarterRound(ia: i32, ib: i32, ic: i32, id: i32): void {
  let a = word(ia);
  let b = word(ib);
  let c = word(ic);
  let d = word(id);
  a = i32x4.add(a, b);
  d = rotate(v128.xor(d, a), 16);
  c = i32x4.add(c, d);
  b = rotate(v128.xor(b, c), 12);
  a = i32x4.add(a, b);
  d = rotate(v128.xor(d, a), 8);
  c = i32x4.add(c, d);
  b = rotate(v128.xor(b, c), 7);
  setWord(ia, a);
  setWord(ib, b);
  setWord(ic, c);
  setWord(id, d);
}

function fourBlocks(counter: u32): void {
  for (let i = 0; i < 16; i++) setWord(i, v128.load32_splat(state + ((<usize>i) << 2)));
  const counters = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
  setWord(12, counters);
  for (let round = 0; round < 10; round++) {
    quarterRound(0, 4, 8, 12);
    quarterRound(1, 5, 9, 13);
    quarterRound(2, 6, 10, 14);
    quarterRound(3, 7, 11, 15);
    quarterRound(0, 5, 10, 15);
    quarterRound(1, 6, 11, 12);
    quarterRound(2, 7, 8, 13);
    quarterRound(3, 4, 9, 14);
  }
  for (let i = 0; i < 16; i++) {
    const start = i == 12 ? counters : v128.load32_splat(state + ((<usize>i) << 2));
    setWord(i, i32x4.add(word(i), start));
  }
}

/** Turns four words of four blocks into four words of each block and stores them. */
function storeWords(first: i32, out: usize): void {
  const a = word(first);
  const b = word(first + 1);
  const c = word(first + 2);
  const d = word(first + 3);
  const abLow = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cdLow = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  out += (<usize>first) << 2;
  v128.store(out, i64x2.shuffle(abLow, cdLow, 0, 2));
  v128.store(out + 64, i64x2.shuffle(abLow, cdLow, 1, 3));
  v128.store(out + 128, i64x2.shuffle(abHigh, cdHigh, 0, 2));
  v128.store(out + 192, i64x2.shuffle(abHigh, cdHigh, 1, 3));
}

/**
 * Writes the keystream of `key` (32 bytes) and `nonce` (12 bytes) from block `counter` on.
 *
 * `blocks` is a multiple of 4; the counter may not wrap.
 */
export function keystream(key: usize, nonce: usize, counter: u32, out: usize, blocks: i32): void {
  store<u32>(state, 0x61707865);
  store<u32>(state, 0x3320646e, 4);
  store<u32>(state, 0x79622d32, 8);
  store<u32>(state, 0x6b206574, 12);
  memory.copy(state + 16, key, 32);
  memory.copy(state + 52, nonce, 12);
  for (let block = 0; block < blocks; block += 4) {
    fourBlocks(counter + block);
    for (let first = 0; first < 16; first += 4) storeWords(first, out);
    out += 256;
  }
  memory.fill(state, 0, 64);
  memory.fill(rows, 0, 256);
}
