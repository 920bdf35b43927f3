// DEFLATE (RFC 1951) in a zlib wrapper (RFC 1950), pulled: the caller asks for more output, so a
// small stream that expands to gigabytes costs what the caller takes and no more.

import { take } from '../shared/arena';
import { BAD_FORMAT, OK } from '../shared/status';
import { adler32 } from './checksums';
import { MAX_SPARE_BLOCKS } from './limits';

const WINDOW: usize = 32768;
/** Fresh output between two slides of the window. */
const CHUNK: usize = 65536;
/** Two longest matches, and the bytes by which vector copies overshoot them. */
const OVERSHOOT: usize = 2 * 258 + 64;

const LITERAL_BITS: i32 = 10;
const DISTANCE_BITS: i32 = 8;
const LENGTHS_BITS: i32 = 7;
/** Entries of a table with its second levels: at most 1334 and 400 for complete codes. */
const LITERAL_ENTRIES: i32 = 2048;
const DISTANCE_ENTRIES: i32 = 512;
const LENGTHS_ENTRIES: i32 = 128;

// A table entry: bits 0-7 code length, 8-15 operation, 16-31 value.
const OP_LITERAL: u32 = 0;
/** Low four bits: extra bits; value: base of the length or distance. */
const OP_BASE: u32 = 0x10;
const OP_END: u32 = 0x20;
/** Low four bits: index bits of the second level; value: its first entry. */
const OP_LINK: u32 = 0x40;
const OP_INVALID: u32 = 0x80;

const NEED_BLOCK: i32 = 0;
const IN_STORED: i32 = 1;
const IN_CODES: i32 = 2;
const FINISHED: i32 = 3;

// RFC 1951 §3.2.5: base values and extra bits of lengths 257.. and distances 0..
const LENGTH_BASE = memory.data<u16>([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
]);
const LENGTH_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const DISTANCE_BASE = memory.data<u16>([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
]);
const DISTANCE_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
// RFC 1951 §3.2.7: the order in which code lengths of the code-length code are sent.
const LENGTHS_ORDER = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

const KIND_LENGTHS: i32 = 0;
const KIND_LITERAL: i32 = 1;
const KIND_DISTANCE: i32 = 2;

const codeLengths = memory.data(320);
const counts = memory.data(16 * 4);
const offsets = memory.data(16 * 4);
const sorted = memory.data(320 * 2);

let literalTable: usize = 0;
let distanceTable: usize = 0;
let lengthsTable: usize = 0;
let fixedReady = false;

let input: usize = 0;
let inputEnd: usize = 0;
let bitBuffer: u64 = 0;
let bitCount: u64 = 0;

let state: i32 = NEED_BLOCK;
let isLast = false;
let storedLeft: usize = 0;
let blocksLeft: i32 = 0;

let buffer: usize = 0;
let bufferEnd: usize = 0;
let output: usize = 0;
/** Output before this is in the checksum already. */
let summed: usize = 0;
let adler: u32 = 1;

/** Where the output that has been made ends; moves with every call of `inflateMore`. */
export function inflatedEnd(): usize {
  return output;
}

/**
 * Starts on the zlib stream of `length` bytes at `from`, which must be followed by readable
 * padding. `expected` is the size of the whole output, `keep` the most bytes that a caller leaves
 * unread between two calls of `inflateMore`. Returns where the output will begin, or 0 when memory
 * is out.
 */
export function startInflate(from: usize, length: usize, expected: u64, keep: usize): usize {
  literalTable = take((LITERAL_ENTRIES + DISTANCE_ENTRIES + LENGTHS_ENTRIES) << 2);
  const capacity = WINDOW + keep + CHUNK;
  buffer = take(capacity + OVERSHOOT);
  if (literalTable == 0 || buffer == 0) return 0;
  distanceTable = literalTable + (LITERAL_ENTRIES << 2);
  lengthsTable = distanceTable + (DISTANCE_ENTRIES << 2);
  fixedReady = false;
  bufferEnd = buffer + capacity;
  output = buffer;
  summed = buffer;
  adler = 1;
  input = from;
  inputEnd = from + length;
  bitBuffer = 0;
  bitCount = 0;
  state = NEED_BLOCK;
  isLast = false;
  blocksLeft = MAX_SPARE_BLOCKS + <i32>min<u64>(expected >> 10, 0x7ffffff);
  return buffer;
}

/** Checks the two header bytes (RFC 1950 §2.2): DEFLATE, no preset dictionary, header check. */
export function readZlibHeader(): i32 {
  if (inputEnd - input < 6) return BAD_FORMAT;
  const method = <u32>load<u8>(input);
  const flags = <u32>load<u8>(input, 1);
  input += 2;
  if ((method & 15) != 8 || method >>> 4 > 7) return BAD_FORMAT;
  if (((method << 8) | flags) % 31 != 0 || (flags & 32) != 0) return BAD_FORMAT;
  return OK;
}

/**
 * Makes more output. The caller has no use for anything before `unread`; what lies from there is
 * moved to the front as needed, and the new address of `unread` is returned. Below zero, as a
 * signed number, it is a status. When nothing new was made, the stream has ended.
 */
export function inflateMore(unread: usize): isize {
  adler = adler32(adler, summed, output - summed);
  const history = output - buffer > WINDOW ? output - WINDOW : buffer;
  const from = min(history, unread);
  const shift = from - buffer;
  if (shift > 0) {
    memory.copy(buffer, from, output - from);
    output -= shift;
  }
  summed = output;
  while (output < bufferEnd && state != FINISHED) {
    let status: i32;
    if (state == NEED_BLOCK) status = startBlock();
    else if (state == IN_STORED) status = copyStored();
    else status = decodeCodes();
    if (status != OK) return status;
  }
  return <isize>(unread - shift);
}

/**
 * Checks, once all expected output is made, that the stream ends there (RFC 1950 §2.2: the
 * checksum follows the last block).
 */
export function finishInflate(): i32 {
  const made = output;
  // One more symbol has room, so that the end of the block is seen; anything else is refused.
  bufferEnd = made + 1;
  while (state != FINISHED) {
    let status: i32;
    if (state == NEED_BLOCK) status = startBlock();
    else if (state == IN_STORED) status = storedLeft > 0 ? BAD_FORMAT : copyStored();
    else status = decodeCodes();
    if (status != OK || output != made) return BAD_FORMAT;
  }
  adler = adler32(adler, summed, output - summed);
  summed = output;
  const trailer = input - <usize>(bitCount >>> 3);
  if (trailer + 4 > inputEnd) return BAD_FORMAT;
  return bswap(load<u32>(trailer)) == adler ? OK : BAD_FORMAT;
}

/** Tops the bit buffer up to at least 56 bits; bytes past the end are padding and caught later. */
function refill(): void {
  bitBuffer |= load<u64>(input) << bitCount;
  input += <usize>((63 - bitCount) >>> 3);
  bitCount |= 56;
}

function takeBits(count: u64): u32 {
  const bits = <u32>(bitBuffer & (((<u64>1) << count) - 1));
  bitBuffer >>>= count;
  bitCount -= count;
  return bits;
}

function isOverrun(): bool {
  return input - <usize>(bitCount >>> 3) > inputEnd;
}

function startBlock(): i32 {
  if (isLast) {
    state = FINISHED;
    return OK;
  }
  if (isOverrun()) return BAD_FORMAT;
  refill();
  isLast = takeBits(1) != 0;
  const kind = takeBits(2);
  if (kind == 0) return startStored();
  if (kind == 1) {
    state = IN_CODES;
    return fixedReady ? OK : buildFixed();
  }
  if (kind != 2) return BAD_FORMAT;
  if (--blocksLeft < 0) return BAD_FORMAT;
  state = IN_CODES;
  return readDynamic();
}

// RFC 1951 §3.2.4
function startStored(): i32 {
  takeBits(bitCount & 7);
  input -= <usize>(bitCount >>> 3);
  bitBuffer = 0;
  bitCount = 0;
  if (input + 4 > inputEnd) return BAD_FORMAT;
  const length = <u32>load<u16>(input);
  if ((length ^ 0xffff) != <u32>load<u16>(input, 2)) return BAD_FORMAT;
  input += 4;
  if (inputEnd - input < <usize>length) return BAD_FORMAT;
  storedLeft = length;
  state = IN_STORED;
  return OK;
}

function copyStored(): i32 {
  const length = min(storedLeft, bufferEnd - output);
  memory.copy(output, input, length);
  output += length;
  input += length;
  storedLeft -= length;
  if (storedLeft == 0) state = NEED_BLOCK;
  return OK;
}

// RFC 1951 §3.2.6
function buildFixed(): i32 {
  memory.fill(codeLengths, 8, 144);
  memory.fill(codeLengths + 144, 9, 112);
  memory.fill(codeLengths + 256, 7, 24);
  memory.fill(codeLengths + 280, 8, 8);
  memory.fill(codeLengths + 288, 5, 32);
  const distances = codeLengths + 288;
  if (!buildTable(KIND_DISTANCE, distances, 32, distanceTable, DISTANCE_BITS)) return BAD_FORMAT;
  if (!buildTable(KIND_LITERAL, codeLengths, 288, literalTable, LITERAL_BITS)) return BAD_FORMAT;
  fixedReady = true;
  return OK;
}

// RFC 1951 §3.2.7
function readDynamic(): i32 {
  fixedReady = false;
  const literals = <i32>takeBits(5) + 257;
  const distances = <i32>takeBits(5) + 1;
  const lengths = <i32>takeBits(4) + 4;
  if (literals > 286 || distances > 30) return BAD_FORMAT;
  memory.fill(codeLengths, 0, 19);
  for (let index = 0; index < lengths; index++) {
    if (bitCount < 3) refill();
    store<u8>(codeLengths + load<u8>(LENGTHS_ORDER + index), takeBits(3));
  }
  if (!buildTable(KIND_LENGTHS, codeLengths, 19, lengthsTable, LENGTHS_BITS)) return BAD_FORMAT;
  const status = readCodeLengths(literals + distances);
  if (status != OK) return status;
  // Without an end-of-block code the block could not end.
  if (load<u8>(codeLengths + 256) == 0) return BAD_FORMAT;
  const distanceLengths = codeLengths + literals;
  if (!buildTable(KIND_DISTANCE, distanceLengths, distances, distanceTable, DISTANCE_BITS)) {
    return BAD_FORMAT;
  }
  if (!buildTable(KIND_LITERAL, codeLengths, literals, literalTable, LITERAL_BITS)) {
    return BAD_FORMAT;
  }
  return OK;
}

function readCodeLengths(total: i32): i32 {
  let index = 0;
  while (index < total) {
    if (isOverrun()) return BAD_FORMAT;
    refill();
    const entry = load<u32>(lengthsTable + <usize>((bitBuffer & 127) << 2));
    if ((entry >>> 8) & OP_INVALID) return BAD_FORMAT;
    takeBits(entry & 0xff);
    const symbol = <i32>(entry >>> 16);
    if (symbol < 16) {
      store<u8>(codeLengths + index++, symbol);
      continue;
    }
    let value: u8 = 0;
    let repeat: i32;
    if (symbol == 16) {
      if (index == 0) return BAD_FORMAT;
      value = load<u8>(codeLengths + index - 1);
      repeat = 3 + <i32>takeBits(2);
    } else if (symbol == 17) {
      repeat = 3 + <i32>takeBits(3);
    } else {
      repeat = 11 + <i32>takeBits(7);
    }
    if (index + repeat > total) return BAD_FORMAT;
    memory.fill(codeLengths + index, value, repeat);
    index += repeat;
  }
  return OK;
}

/** The table entry of `symbol`, without its code length. */
function entryOf(kind: i32, symbol: i32): u32 {
  if (kind == KIND_DISTANCE) {
    if (symbol >= 30) return OP_INVALID << 8;
    const base = <u32>load<u16>(DISTANCE_BASE + (symbol << 1));
    return (base << 16) | ((OP_BASE | load<u8>(DISTANCE_EXTRA + symbol)) << 8);
  }
  if (kind == KIND_LENGTHS || symbol < 256) return (symbol << 16) | (OP_LITERAL << 8);
  if (symbol == 256) return OP_END << 8;
  if (symbol > 285) return OP_INVALID << 8;
  const base = <u32>load<u16>(LENGTH_BASE + ((symbol - 257) << 1));
  return (base << 16) | ((OP_BASE | load<u8>(LENGTH_EXTRA + symbol - 257)) << 8);
}

/** The low `length` bits of `code` in opposite order. */
export function reverse(code: u32, length: u32): u32 {
  let reversed: u32 = 0;
  for (let bit: u32 = 0; bit < length; bit++)
    reversed |= ((code >>> bit) & 1) << (length - 1 - bit);
  return reversed;
}

/**
 * Sorts the symbols that have a code by code length, then value, into `sorted`, with `counts` per
 * length. Returns their number, or -1 when the lengths are no prefix code; an incomplete one is
 * allowed only with at most one code, as encoders write for a single distance.
 */
function sortSymbols(kind: i32, lengths: usize, symbols: i32): i32 {
  memory.fill(counts, 0, 16 * 4);
  for (let symbol = 0; symbol < symbols; symbol++) {
    const slot = counts + ((<usize>load<u8>(lengths + symbol)) << 2);
    store<i32>(slot, load<i32>(slot) + 1);
  }
  store<i32>(counts, 0);
  let left = 1;
  let total = 0;
  for (let length = 1; length <= 15; length++) {
    const count = load<i32>(counts + (length << 2));
    left = (left << 1) - count;
    if (left < 0) return -1;
    store<i32>(offsets + (length << 2), total);
    total += count;
  }
  const isSingle = total == 0 || (total == 1 && load<i32>(counts + 4) == 1);
  if (left > 0 && (kind == KIND_LENGTHS || !isSingle)) return -1;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol);
    if (length == 0) continue;
    const slot = offsets + ((<usize>length) << 2);
    const place = load<i32>(slot);
    store<u16>(sorted + (place << 1), symbol);
    store<i32>(slot, place + 1);
  }
  return total;
}

/**
 * Builds the decoding table of a canonical code (RFC 1951 §3.2.2): `bits` of index in the first
 * level, second levels behind it for longer codes. False when the lengths are no prefix code.
 */
function buildTable(kind: i32, lengths: usize, symbols: i32, table: usize, bits: i32): bool {
  const total = sortSymbols(kind, lengths, symbols);
  if (total < 0) return false;
  const first = 1 << bits;
  for (let index = 0; index < first; index++) store<u32>(table + (index << 2), OP_INVALID << 8);
  let next = first;
  let code: u32 = 0;
  let before = 0;
  for (let place = 0; place < total; place++) {
    const symbol = <i32>load<u16>(sorted + (place << 1));
    const length = <i32>load<u8>(lengths + symbol);
    code <<= length - before;
    before = length;
    const reversed = reverse(code++, length);
    const entry = entryOf(kind, symbol);
    if (length <= bits) {
      for (let index = reversed; index < <u32>first; index += 1 << length) {
        store<u32>(table + (index << 2), entry | length);
      }
    } else {
      const link = table + ((reversed & (first - 1)) << 2);
      if (((load<u32>(link) >>> 8) & OP_LINK) == 0) {
        const size = secondBits(length, bits);
        store<u32>(link, (next << 16) | ((OP_LINK | size) << 8) | bits);
        next += 1 << size;
      }
      const linked = load<u32>(link);
      const size: u32 = (linked >>> 8) & 15;
      const level = table + ((linked >>> 16) << 2);
      for (let index = reversed >>> bits; index < <u32>(1 << size); index += 1 << (length - bits)) {
        store<u32>(level + (index << 2), entry | (length - bits));
      }
    }
    // What is left in `counts` are the codes still to be placed.
    const slot = counts + (length << 2);
    store<i32>(slot, load<i32>(slot) - 1);
  }
  return true;
}

/**
 * Index bits of the second level under a prefix whose shortest code has `length`: the codes still
 * to be placed fill it in order, shortest first, until it is full.
 */
function secondBits(length: i32, bits: i32): i32 {
  let room = (1 << (length - bits)) - load<i32>(counts + (length << 2));
  let deepest = length;
  while (room > 0 && deepest < 15) {
    deepest++;
    room = (room << 1) - load<i32>(counts + (deepest << 2));
  }
  return deepest - bits;
}

/** Decodes literals and matches until the block ends or the buffer is full. */
function decodeCodes(): i32 {
  const literals = literalTable;
  const distances = distanceTable;
  const start = buffer;
  const outEnd = bufferEnd;
  const inEnd = inputEnd + 8;
  let at = input;
  let bits = bitBuffer;
  let count = bitCount;
  let out = output;
  let status = OK;
  while (out < outEnd) {
    if (at > inEnd) {
      status = BAD_FORMAT;
      break;
    }
    bits |= load<u64>(at) << count;
    at += <usize>((63 - count) >>> 3);
    count |= 56;
    let entry = load<u32>(literals + <usize>((bits & 1023) << 2));
    if ((entry & 0xff00) == 0) {
      bits >>>= entry & 0xff;
      count -= entry & 0xff;
      store<u8>(out++, entry >>> 16);
      // At most 10 of 56 bits are gone, so the next code needs no refill if it is a literal too.
      entry = load<u32>(literals + <usize>((bits & 1023) << 2));
      if ((entry & 0xff00) == 0) {
        bits >>>= entry & 0xff;
        count -= entry & 0xff;
        store<u8>(out++, entry >>> 16);
        continue;
      }
      bits |= load<u64>(at) << count;
      at += <usize>((63 - count) >>> 3);
      count |= 56;
    }
    if (entry & (OP_LINK << 8)) {
      bits >>>= LITERAL_BITS;
      count -= LITERAL_BITS;
      const index = bits & (((<u64>1) << ((entry >>> 8) & 15)) - 1);
      entry = load<u32>(literals + (((entry >>> 16) + <u32>index) << 2));
    }
    bits >>>= entry & 0xff;
    count -= entry & 0xff;
    if ((entry & 0xff00) == 0) {
      store<u8>(out++, entry >>> 16);
      continue;
    }
    if (!(entry & (OP_BASE << 8))) {
      if (entry & (OP_END << 8)) state = NEED_BLOCK;
      else status = BAD_FORMAT;
      break;
    }
    let extra = (entry >>> 8) & 15;
    const length = (entry >>> 16) + <u32>(bits & (((<u64>1) << extra) - 1));
    bits >>>= extra;
    count -= extra;

    // 15 + 5 bits are gone at most, and 15 + 13 follow: 48 of 56.
    entry = load<u32>(distances + <usize>((bits & 255) << 2));
    if (entry & (OP_LINK << 8)) {
      bits >>>= DISTANCE_BITS;
      count -= DISTANCE_BITS;
      const index = bits & (((<u64>1) << ((entry >>> 8) & 15)) - 1);
      entry = load<u32>(distances + (((entry >>> 16) + <u32>index) << 2));
    }
    if (!(entry & (OP_BASE << 8))) {
      status = BAD_FORMAT;
      break;
    }
    bits >>>= entry & 0xff;
    count -= entry & 0xff;
    extra = (entry >>> 8) & 15;
    const distance = <usize>(entry >>> 16) + <usize>(bits & (((<u64>1) << extra) - 1));
    bits >>>= extra;
    count -= extra;
    if (distance > out - start) {
      status = BAD_FORMAT;
      break;
    }
    copyMatch(out, distance, length);
    out += length;
  }
  input = at;
  bitBuffer = bits;
  bitCount = count;
  output = out;
  if (status == OK && isOverrun()) return BAD_FORMAT;
  return status;
}

/** Copies `length` bytes from `distance` before `out`; may write up to 16 bytes past them. */
function copyMatch(out: usize, distance: usize, length: usize): void {
  const end = out + length;
  let from = out - distance;
  let to = out;
  if (distance < 16) {
    // Lay the period out until a vector fits between source and target.
    const head = min(end, out + ((15 + distance) / distance) * distance);
    while (to < head) store<u8>(to++, load<u8>(from++));
    from = out - distance;
  }
  while (to < end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
}
