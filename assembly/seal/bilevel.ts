// Lossless code of bilevel pictures: the two-dimensional modes of ITU-T T.6, with runs of the
// horizontal mode in Exp-Golomb code instead of its tables. Rows are padded to whole bytes, the most
// significant bit first, 1 = ink, padding bits 0.

import { mark, release } from '../shared/arena';
import { BAD_FORMAT, TOO_LARGE } from '../shared/status';
import { takeBytes } from './plane';

/** Low bits of the Exp-Golomb code: strokes are about this many bits long. */
const RUN_BITS: i32 = 2;

let cursor: usize = 0;
let limit: usize = 0;
let window: u64 = 0;
let windowBits: i32 = 0;
let overrun: bool = false;

export function strideOf(width: i32): i32 {
  return (width + 7) >> 3;
}

export function bitAt(picture: usize, stride: i32, x: i32, y: i32): u32 {
  return (<u32>load<u8>(picture + <usize>(y * stride + (x >> 3))) >> (7 - (x & 7))) & 1;
}

export function setBit(picture: usize, stride: i32, x: i32, y: i32): void {
  const byte = picture + <usize>(y * stride + (x >> 3));
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | (0x80 >> (x & 7))));
}

export function clearBit(picture: usize, stride: i32, x: i32, y: i32): void {
  const byte = picture + <usize>(y * stride + (x >> 3));
  store<u8>(byte, <u8>(<u32>load<u8>(byte) & ~(0x80 >> (x & 7))));
}

/**
 * Positions where the colour of a row changes, then three times `width`; starts with white. The
 * positions are i32 at `changes`, which has room for width + 8. Up to three bytes behind the row are read.
 */
function findChanges(row: usize, width: i32, changes: usize): void {
  let last: u32 = 0;
  let p = changes;
  for (let x = 0; x < width; x += 32) {
    const word = bswap<u32>(load<u32>(row + <usize>(x >> 3)));
    let edges = word ^ ((word >>> 1) | (last << 31));
    last = word & 1;
    if (width - x < 32) edges &= ~(<u32>0xffffffff >>> (width - x));
    while (edges != 0) {
      const n = clz<u32>(edges);
      store<i32>(p, x + <i32>n);
      p += 4;
      edges &= ~(<u32>0x80000000 >>> n);
    }
  }
  endChanges(p, width);
}

function endChanges(p: usize, width: i32): void {
  store<i32>(p, width);
  store<i32>(p + 4, width);
  store<i32>(p + 8, width);
}

/** First change of the reference row right of `a0` that turns to the colour opposite to `colour`. */
function seek(changes: usize, from: usize, a0: i32, colour: i32, width: i32): usize {
  let p = from;
  // Entries alternate: even ones turn to ink. After a vertical mode the wanted one may lie behind.
  while (p > changes && load<i32>(p - 4) > a0) p -= 4;
  while (load<i32>(p) <= a0 && load<i32>(p) < width) p += 4;
  if (<i32>(((p - changes) >> 2) & 1) != colour && load<i32>(p) < width) p += 4;
  return p;
}

function writeBits(value: u32, count: i32): void {
  window = (window << count) | value;
  windowBits += count;
  while (windowBits >= 8) {
    windowBits -= 8;
    if (cursor >= limit) overrun = true;
    else store<u8>(cursor++, <u8>(window >> windowBits));
  }
}

function writeRun(length: i32): void {
  const value = <u32>length + (1 << RUN_BITS);
  const bits = 32 - clz<u32>(value);
  writeBits(0, bits - 1 - RUN_BITS);
  writeBits(value, bits);
}

/** Codes the picture to `out` and returns the length, or TOO_LARGE when `capacity` is too small. */
export function encodeBilevel(
  bits: usize,
  width: i32,
  height: i32,
  out: usize,
  capacity: i32,
): i32 {
  const start = mark();
  let reference = takeBytes((width + 8) << 2);
  let current = takeBytes((width + 8) << 2);
  endChanges(reference, width);
  cursor = out;
  limit = out + <usize>capacity;
  window = 0;
  windowBits = 0;
  overrun = false;
  for (let y = 0; y < height && !overrun; y++) {
    findChanges(bits + <usize>(y * strideOf(width)), width, current);
    encodeRow(reference, current, width);
    const other = reference;
    reference = current;
    current = other;
  }
  if (windowBits > 0) writeBits(0, 8 - windowBits);
  release(start);
  return overrun ? TOO_LARGE : <i32>(cursor - out);
}

function encodeRow(reference: usize, current: usize, width: i32): void {
  let a0 = -1;
  let colour = 0;
  let own = current;
  let above = reference;
  while (a0 < width) {
    above = seek(reference, above, a0, colour, width);
    const b1 = load<i32>(above);
    const b2 = b1 < width ? load<i32>(above + 4) : width;
    const a1 = load<i32>(own);
    if (b2 < a1) {
      writeBits(1, 4);
      a0 = b2;
      continue;
    }
    const delta = a1 - b1;
    if (delta >= -3 && delta <= 3) {
      writeVertical(delta);
      a0 = a1;
      colour ^= 1;
      own += 4;
      continue;
    }
    const a2 = load<i32>(own + 4);
    writeBits(1, 3);
    writeRun(a1 - max<i32>(a0, 0));
    writeRun(a2 - a1);
    a0 = a2;
    own += 8;
  }
}

function writeVertical(delta: i32): void {
  if (delta == 0) {
    writeBits(1, 1);
    return;
  }
  const side: u32 = delta > 0 ? 1 : 0;
  const size = abs<i32>(delta);
  if (size == 1) writeBits(2 + side, 3);
  else writeBits(2 + side, size == 2 ? 6 : 7);
}

/** Bits of the window that have not been read, filled to at least 32; zeros follow the end. */
function refill(): void {
  while (windowBits <= 32) {
    let byte: u64 = 0;
    if (cursor < limit) byte = <u64>load<u8>(cursor);
    // A few bytes of look-ahead are normal; more mean that codes were read past the end.
    else if (cursor >= limit + 8) overrun = true;
    cursor++;
    window = (window << 8) | byte;
    windowBits += 8;
  }
}

function peek(count: i32): u32 {
  return <u32>(window >> (windowBits - count)) & ((1 << count) - 1);
}

function readRun(): i32 {
  refill();
  const ahead = <u32>(window >> (windowBits - 32));
  const zeros = <i32>clz<u32>(ahead);
  const bits = zeros + 1 + RUN_BITS;
  if (zeros + bits > 32) return -1;
  windowBits -= zeros;
  const value = peek(bits);
  windowBits -= bits;
  return <i32>value - (1 << RUN_BITS);
}

/** Undoes `encodeBilevel`. Returns 0, or BAD_FORMAT; all of `bits` is written in either case. */
export function decodeBilevel(from: usize, length: i32, width: i32, height: i32, bits: usize): i32 {
  const start = mark();
  memory.fill(bits, 0, <usize>(strideOf(width) * height));
  let reference = takeBytes((width + 8) << 2);
  let current = takeBytes((width + 8) << 2);
  endChanges(reference, width);
  cursor = from;
  limit = from + <usize>length;
  window = 0;
  windowBits = 0;
  overrun = false;
  let ok = true;
  for (let y = 0; y < height && ok; y++) {
    ok = decodeRow(reference, current, width) && !overrun;
    if (ok) paint(current, width, bits + <usize>(y * strideOf(width)));
    const other = reference;
    reference = current;
    current = other;
  }
  release(start);
  return ok ? 0 : BAD_FORMAT;
}

function decodeRow(reference: usize, current: usize, width: i32): bool {
  let a0 = -1;
  let colour = 0;
  let own = current;
  let above = reference;
  while (a0 < width) {
    above = seek(reference, above, a0, colour, width);
    const b1 = load<i32>(above);
    refill();
    const zeros = <i32>clz<u32>(peek(7) << 25);
    if (zeros == 3) {
      windowBits -= 4;
      a0 = b1 < width ? load<i32>(above + 4) : width;
      continue;
    }
    if (zeros == 2) {
      windowBits -= 3;
      const first = readRun();
      const second = readRun();
      const from = max<i32>(a0, 0);
      if (first < 0 || second < 0 || first > width - from) return false;
      if (second > width - from - first) return false;
      // Changes rise strictly, or the row would outgrow its memory.
      if (first == 0 && a0 >= 0) return false;
      if (second == 0 && from + first < width) return false;
      store<i32>(own, from + first);
      store<i32>(own + 4, from + first + second);
      own += 8;
      a0 = from + first + second;
      continue;
    }
    const delta = readVertical(zeros);
    if (delta > 3) return false;
    const a1 = b1 + delta;
    if (a1 > width || a1 <= a0 || a1 < 0) return false;
    store<i32>(own, a1);
    own += 4;
    a0 = a1;
    colour ^= 1;
  }
  endChanges(own, width);
  return true;
}

/** Shift of a vertical mode whose code starts with this many zeros, or 4 when it is none. */
function readVertical(zeros: i32): i32 {
  if (zeros == 0) {
    windowBits -= 1;
    return 0;
  }
  const length = zeros == 1 ? 3 : zeros == 4 ? 6 : zeros == 5 ? 7 : 0;
  if (length == 0) return 4;
  const isRight = (peek(length) & 1) != 0;
  windowBits -= length;
  const size = zeros == 1 ? 1 : zeros - 2;
  return isRight ? size : -size;
}

/** Sets the bits between each pair of changes. */
function paint(changes: usize, width: i32, row: usize): void {
  for (let p = changes; load<i32>(p) < width; p += 8) {
    const from = load<i32>(p);
    const to = min<i32>(load<i32>(p + 4), width);
    for (let x = from; x < to; ) {
      if ((x & 7) == 0 && to - x >= 8) {
        store<u8>(row + <usize>(x >> 3), 0xff);
        x += 8;
        continue;
      }
      setBit(row, 0, x, 0);
      x++;
    }
  }
}

/** Three bits: how much of the left and of the right output pixel they cover, in halves. */
const halves = memory.data<u8>([0, 0, 0, 2, 1, 1, 1, 3, 2, 0, 2, 2, 3, 1, 3, 3]);
/** Of three rows of three bits the four output pixels, a byte each: left and right above, then below. */
const fours = memory.data(512 * 4);
let areFoursReady: bool = false;

function prepareFours(): void {
  if (areFoursReady) return;
  areFoursReady = true;
  for (let rows: usize = 0; rows < 512; rows++) {
    const above = halves + ((rows >> 6) << 1);
    const middle = halves + (((rows >> 3) & 7) << 1);
    const below = halves + ((rows & 7) << 1);
    for (let side: usize = 0; side < 2; side++) {
      const out = fours + (rows << 2) + side;
      store<u8>(out, 2 * load<u8>(above + side) + load<u8>(middle + side));
      store<u8>(out, 2 * load<u8>(below + side) + load<u8>(middle + side), 2);
    }
  }
}

function threeBytes(p: usize): u32 {
  return ((<u32>load<u8>(p)) << 16) | ((<u32>load<u8>(p, 1)) << 8) | <u32>load<u8>(p, 2);
}

/**
 * Shrinks a picture to two thirds, a byte a pixel: ninths of the 1.5 x 1.5 pixels that are ink. Both
 * sides are multiples of 3. Two bytes behind the picture are read.
 */
export function shrinkBilevel(bits: usize, width: i32, height: i32, to: usize): void {
  prepareFours();
  const w = <usize>(width / 3) * 2;
  const stride = <usize>strideOf(width);
  memory.fill(to, 0, w * <usize>((height / 3) * 2));
  let row = bits;
  let out = to;
  for (let y = 0; y < height; y += 3) {
    for (let x = 0; x < width; x += 24) {
      const p = row + <usize>(x >> 3);
      const a = threeBytes(p);
      const b = threeBytes(p + stride);
      const c = threeBytes(p + 2 * stride);
      if ((a | b | c) == 0) continue;
      let q = out + <usize>((x / 3) * 2);
      const last = max<i32>(0, x + 24 - width);
      for (let shift = 21; shift >= last; shift -= 3, q += 2) {
        const rows = (((a >> shift) & 7) << 6) | (((b >> shift) & 7) << 3) | ((c >> shift) & 7);
        const four = load<u32>(fours + ((<usize>rows) << 2));
        store<u16>(q, <u16>four);
        store<u16>(q + w, <u16>(four >> 16));
      }
    }
    row += 3 * stride;
    out += 2 * w;
  }
}
