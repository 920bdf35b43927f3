// A small DEFLATE encoder (RFC 1951) for imprint pictures: matches found through hash chains, one
// block with the fixed codes. The same input gives the same bytes on every machine.
import { take } from '../shared/arena';
import { adler32 } from './checksums';
import { reverse } from './inflate';

const WINDOW: i32 = 32768;
const HASH_BITS: u32 = 14;
const LEAST_MATCH: i32 = 4;
const LONGEST_MATCH: i32 = 258;
/** Earlier places that are tried for a match. */
const MAX_CANDIDATES: i32 = 24;

let output: usize = 0;
let bits: u64 = 0;
let count: u32 = 0;

/** The most bytes that `deflate` writes for `length` bytes: nine bits a literal, and the frame. */
export function deflateBound(length: usize): usize {
  return length + (length >>> 3) + 64;
}

function putBits(value: u32, size: u32): void {
  bits |= (<u64>value) << (<u64>count);
  count += size;
  while (count >= 8) {
    store<u8>(output++, <u8>bits);
    bits >>>= 8;
    count -= 8;
  }
}

/** RFC 1951 §3.2.6 */
function putSymbol(symbol: u32): void {
  if (symbol < 144) putBits(reverse(0x30 + symbol, 8), 8);
  else if (symbol < 256) putBits(reverse(0x190 + symbol - 144, 9), 9);
  else if (symbol < 280) putBits(reverse(symbol - 256, 7), 7);
  else putBits(reverse(0xc0 + symbol - 280, 8), 8);
}

/** RFC 1951 §3.2.5; bases are multiples of their extra range, so codes follow from the size. */
function putMatch(length: u32, distance: u32): void {
  const rest = length - 3;
  if (rest == 255) {
    putSymbol(285);
  } else if (rest < 8) {
    putSymbol(257 + rest);
  } else {
    const extra = 29 - <u32>clz(rest);
    putSymbol(257 + (extra << 2) + (rest >>> extra));
    putBits(rest & ((1 << extra) - 1), extra);
  }
  const far = distance - 1;
  if (far < 4) {
    putBits(reverse(far, 5), 5);
  } else {
    const extra = 30 - <u32>clz(far);
    putBits(reverse((extra << 1) + (far >>> extra), 5), 5);
    putBits(far & ((1 << extra) - 1), extra);
  }
}

/**
 * Writes the zlib stream of `length` bytes at `from` to `target`, which has `deflateBound` bytes;
 * returns its length, or 0 when memory is out. The input is followed by readable padding.
 */
export function deflate(from: usize, length: i32, target: usize): usize {
  const heads = take(4 << HASH_BITS);
  const links = take((<usize>WINDOW) << 2);
  if (heads == 0 || links == 0) return 0;
  memory.fill(heads, 0xff, 4 << HASH_BITS);
  output = target;
  bits = 0;
  count = 0;
  store<u16>(output, 0x0178);
  output += 2;
  putBits(0b011, 3);
  let position = 0;
  while (position < length) {
    const found = longestMatch(from, length, position, heads, links);
    const matched = found >>> 16;
    if (matched >= <u32>LEAST_MATCH) putMatch(matched, (found & 0xffff) + 1);
    else putSymbol(load<u8>(from + position));
    const next = position + max(1, <i32>matched);
    for (; position < next; position++) remember(from, position, heads, links);
  }
  putSymbol(256);
  if (count > 0) putBits(0, 8 - count);
  store<u32>(output, bswap(adler32(1, from, length)));
  return output + 4 - target;
}

function hashOf(at: usize): u32 {
  return (load<u32>(at) * 0x9e3779b1) >>> (32 - HASH_BITS);
}

function remember(from: usize, position: i32, heads: usize, links: usize): void {
  const head = heads + (hashOf(from + position) << 2);
  store<i32>(links + ((position & (WINDOW - 1)) << 2), load<i32>(head));
  store<i32>(head, position);
}

/** The longest match for `position`: length << 16 | distance - 1, or 0. */
function longestMatch(from: usize, length: i32, position: i32, heads: usize, links: usize): u32 {
  const most = min(LONGEST_MATCH, length - position);
  if (most < LEAST_MATCH) return 0;
  let best = 0;
  let distance = 0;
  let candidate = load<i32>(heads + (hashOf(from + position) << 2));
  for (let tried = 0; tried < MAX_CANDIDATES; tried++) {
    if (candidate < 0 || position - candidate > WINDOW) break;
    let same = 0;
    while (same < most && load<u8>(from + candidate + same) == load<u8>(from + position + same)) {
      same++;
    }
    if (same > best) {
      best = same;
      distance = position - candidate;
      if (same == most) break;
    }
    const before = load<i32>(links + ((candidate & (WINDOW - 1)) << 2));
    // A slot of the ring that was taken by a later place ends the chain.
    if (before >= candidate) break;
    candidate = before;
  }
  return best < LEAST_MATCH ? 0 : (best << 16) | (distance - 1);
}
