// Huffman decoding of JPEG (ITU-T T.81, annexes C, F.2 and G). Entropy-coded data is first freed
// of its stuffed zero bytes, one restart interval at a time; the bit reader then loads whole words
// and may run past the end of the interval by a block's worth, which is found out after each block.
import { BAD_FORMAT, OK } from '../shared/status';

/** Codes of up to this length are decoded by one look. */
const LOOK: i32 = 10;
const LOOK_SHIFT: u64 = 54;

// Layout of one table: counts and symbols as sent, then what is derived from them.
const SYMBOLS: usize = 16;
/** u16 a prefix: code length << 8 | symbol, or 0 when the code is longer than the prefix. */
const LOOKUP: usize = 272;
/** i32 a prefix: value << 16 | run << 8 | bits of code and value together; 0 if not in the look. */
const FAST: usize = LOOKUP + (2 << LOOK);
/** u32 a length: the first 16-bit word behind its codes. */
const LIMITS: usize = FAST + (4 << LOOK);
/** i32 a length: add to a code to get the index of its symbol. */
const DELTAS: usize = LIMITS + 4 * 17;
export const TABLE_BYTES: usize = DELTAS + 4 * 17;

/** Place in a row-major block of each coefficient in the order sent (T.81 figure A.6). */
export const ZIGZAG = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]);

let at: usize = 0;
let end: usize = 0;
let bits: u64 = 0;
let count: u64 = 0;
/** Blocks, after this one, that a band has ended for (§G.1.2.2). */
let endOfBandRun: u32 = 0;
/** Whether the block decoded last has anything but its DC coefficient. */
export let hasAc = false;

/**
 * Prepares the interval that begins at `from` for decoding: removes stuffed bytes in place up to
 * the next marker. Returns the marker's address, or 0 when there is none before `limit`.
 */
export function openInterval(from: usize, limit: usize): usize {
  let source = from;
  let target = from;
  const marker = i8x16.splat(-1);
  while (true) {
    while (source + 16 <= limit) {
      const bytes = v128.load(source);
      if (v128.any_true(i8x16.eq(bytes, marker))) break;
      v128.store(target, bytes);
      source += 16;
      target += 16;
    }
    while (source < limit && load<u8>(source) != 0xff) store<u8>(target++, load<u8>(source++));
    if (source + 1 >= limit) return 0;
    const code = load<u8>(source, 1);
    if (code == 0) {
      store<u8>(target++, 0xff);
      source += 2;
    } else if (code == 0xff) {
      source++;
    } else {
      break;
    }
  }
  at = from;
  end = target;
  bits = 0;
  count = 0;
  endOfBandRun = 0;
  return source;
}

/** Whether more bits were taken than the interval has. */
export function isExhausted(): bool {
  return at - <usize>(count >>> 3) > end;
}

function refill(): void {
  bits |= bswap(load<u64>(at)) >>> count;
  at += <usize>((63 - count) >>> 3);
  count |= 56;
}

/** Takes up to 16 bits. */
function takeBits(size: u32): i32 {
  if (size == 0) return 0;
  if (count < 16) refill();
  const value = <i32>(bits >>> (64 - <u64>size));
  bits <<= <u64>size;
  count -= <u64>size;
  return value;
}

/** The value that `size` bits stand for (§F.2.2.1, EXTEND). */
function extend(value: i32, size: u32): i32 {
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** The entry (length << 8 | symbol) of a code longer than a look, or 0 when there is none. */
function longCode(table: usize, word: u32): u32 {
  for (let length = LOOK + 1; length <= 16; length++) {
    if (word < load<u32>(table + LIMITS + (length << 2))) {
      const index = <i32>(word >>> (16 - length)) + load<i32>(table + DELTAS + (length << 2));
      return (length << 8) | load<u8>(table + SYMBOLS + index);
    }
  }
  return 0;
}

/** Decodes one symbol; -1 when no code matches. */
function takeSymbol(table: usize): i32 {
  if (count < 16) refill();
  let entry = <u32>load<u16>(table + LOOKUP + <usize>((bits >>> LOOK_SHIFT) << 1));
  if (entry == 0) entry = longCode(table, <u32>(bits >>> 48));
  if (entry == 0) return -1;
  bits <<= entry >>> 8;
  count -= entry >>> 8;
  return entry & 0xff;
}

/**
 * Derives the look-ups of the table whose 16 counts and symbols stand at `table` (§C.2). False
 * when the counts are no prefix code or, for a DC table, a symbol is no size.
 */
export function buildHuffman(table: usize, isDc: bool): bool {
  memory.fill(table + LOOKUP, 0, (2 << LOOK) + (4 << LOOK));
  let code: u32 = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++) {
    const codes = <u32>load<u8>(table + length - 1);
    if (code + codes > <u32>(1 << length)) return false;
    store<i32>(table + DELTAS + (length << 2), index - <i32>code);
    for (let each: u32 = 0; each < codes; each++, code++, index++) {
      const symbol = <u32>load<u8>(table + SYMBOLS + index);
      if (isDc && symbol > 15) return false;
      if (length <= LOOK) fillLooks(table, code, length, symbol, isDc);
    }
    store<u32>(table + LIMITS + (length << 2), code << (16 - length));
    code <<= 1;
  }
  return true;
}

function fillLooks(table: usize, code: u32, length: i32, symbol: u32, isDc: bool): void {
  const spare = LOOK - length;
  const first = code << spare;
  const size = symbol & 15;
  for (let rest: u32 = 0; rest < <u32>(1 << spare); rest++) {
    const prefix = first + rest;
    store<u16>(table + LOOKUP + (prefix << 1), (length << 8) | symbol);
    if (isDc || size == 0 || <i32>size > spare) continue;
    const value = extend(rest >>> (spare - size), size);
    store<i32>(
      table + FAST + (prefix << 2),
      (value << 16) | ((symbol >>> 4) << 8) | (length + size),
    );
  }
}

/**
 * Decodes a sequential block into the zeroed 64 values at `block` (§F.2.2) and returns its DC
 * value, which continues from `prediction`; `i32.MIN_VALUE` when the data are not a block.
 */
export function decodeBlock(dc: usize, ac: usize, prediction: i32, block: usize): i32 {
  const size = takeSymbol(dc);
  if (size < 0) return i32.MIN_VALUE;
  const value = size == 0 ? prediction : prediction + extend(takeBits(size), size);
  store<i16>(block, value);
  return decodeAc(ac, block) ? value : i32.MIN_VALUE;
}

function decodeAc(table: usize, block: usize): bool {
  let position = at;
  let buffer = bits;
  let have = count;
  let k = 1;
  while (k < 64) {
    buffer |= bswap(load<u64>(position)) >>> have;
    position += <usize>((63 - have) >>> 3);
    have |= 56;
    const look = <usize>(buffer >>> LOOK_SHIFT);
    const fast = load<i32>(table + FAST + (look << 2));
    if (fast != 0) {
      k += (fast >> 8) & 15;
      buffer <<= fast & 0xff;
      have -= fast & 0xff;
      if (k > 63) return false;
      store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), fast >> 16);
      k++;
      continue;
    }
    let entry = <u32>load<u16>(table + LOOKUP + (look << 1));
    if (entry == 0) entry = longCode(table, <u32>(buffer >>> 48));
    if (entry == 0) return false;
    buffer <<= entry >>> 8;
    have -= entry >>> 8;
    const run = (entry >>> 4) & 15;
    const size = entry & 15;
    if (size == 0) {
      if (run == 0) break;
      k += 16;
      if (run != 15 || k > 64) return false;
      continue;
    }
    k += run;
    if (k > 63) return false;
    const value = extend(<i32>(buffer >>> (64 - <u64>size)), size);
    buffer <<= <u64>size;
    have -= <u64>size;
    store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), value);
    k++;
  }
  hasAc = k > 1;
  at = position;
  bits = buffer;
  count = have;
  return true;
}

/** First scan of DC (§G.1.2.1): like `decodeBlock`, the value shifted up by `low` bits. */
export function decodeDcFirst(dc: usize, prediction: i32, low: i32, block: usize): i32 {
  const size = takeSymbol(dc);
  if (size < 0) return i32.MIN_VALUE;
  const value = size == 0 ? prediction : prediction + extend(takeBits(size), size);
  store<i16>(block, value << low);
  return value;
}

/** Later scans of DC: one more bit. */
export function refineDc(low: i32, block: usize): void {
  store<i16>(block, load<i16>(block) | (takeBits(1) << low));
}

/** First scan of a band of AC coefficients (§G.1.2.2). */
export function decodeAcFirst(table: usize, first: i32, last: i32, low: i32, block: usize): i32 {
  if (endOfBandRun > 0) {
    endOfBandRun--;
    return OK;
  }
  let position = at;
  let buffer = bits;
  let have = count;
  let status = OK;
  let k = first;
  while (k <= last) {
    buffer |= bswap(load<u64>(position)) >>> have;
    position += <usize>((63 - have) >>> 3);
    have |= 56;
    let entry = <u32>load<u16>(table + LOOKUP + <usize>((buffer >>> LOOK_SHIFT) << 1));
    if (entry == 0) entry = longCode(table, <u32>(buffer >>> 48));
    if (entry == 0) {
      status = BAD_FORMAT;
      break;
    }
    buffer <<= entry >>> 8;
    have -= entry >>> 8;
    const run = (entry >>> 4) & 15;
    const size = entry & 15;
    if (size == 0 && run < 15) {
      // A shift by 64 shifts by nothing, so no bits are a case of their own.
      const rest = run == 0 ? 0 : <u32>(buffer >>> (64 - <u64>run));
      buffer <<= <u64>run;
      have -= <u64>run;
      endOfBandRun = (1 << run) - 1 + rest;
      break;
    }
    k += run;
    if (size != 0) {
      if (k > last) {
        status = BAD_FORMAT;
        break;
      }
      const value = extend(<i32>(buffer >>> (64 - <u64>size)), size) << low;
      buffer <<= <u64>size;
      have -= <u64>size;
      store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), value);
    }
    k++;
  }
  at = position;
  bits = buffer;
  count = have;
  return status;
}

/** Later scans of a band (§G.1.2.3): a bit for each known coefficient, and new ones of size 1. */
export function refineAc(table: usize, first: i32, last: i32, low: i32, block: usize): i32 {
  let k = first;
  while (endOfBandRun == 0 && k <= last) {
    const symbol = takeSymbol(table);
    if (symbol < 0) return BAD_FORMAT;
    const run = symbol >> 4;
    let value = 0;
    if ((symbol & 15) != 0) {
      if ((symbol & 15) != 1) return BAD_FORMAT;
      value = takeBits(1) == 1 ? 1 << low : -1 << low;
    } else if (run < 15) {
      endOfBandRun = (1 << run) + takeBits(run);
      break;
    }
    k = refineZeros(k, last, run, low, block);
    if (value != 0) {
      if (k > last) return BAD_FORMAT;
      store<i16>(block + ((<usize>load<u8>(ZIGZAG + k)) << 1), value);
    }
    k++;
  }
  if (endOfBandRun > 0) {
    if (k <= last && !hasOnlyDc(block)) refineZeros(k, last, 64, low, block);
    endOfBandRun--;
  }
  return OK;
}

/** Whether all coefficients of a block but DC are 0. */
export function hasOnlyDc(block: usize): bool {
  let any = i16x8.replace_lane(v128.load(block), 0, 0);
  for (let row: usize = 16; row < 128; row += 16) any = v128.or(any, v128.load(block + row));
  return !v128.any_true(any);
}

/** Passes over `zeros` unknown coefficients, refining the known ones; returns where it stopped. */
function refineZeros(from: i32, last: i32, zeros: i32, low: i32, block: usize): i32 {
  const bit = 1 << low;
  let position = at;
  let buffer = bits;
  let have = count;
  let left = zeros;
  let k = from;
  for (; k <= last; k++) {
    const place = block + ((<usize>load<u8>(ZIGZAG + k)) << 1);
    const value = <i32>load<i16>(place);
    if (value == 0) {
      if (--left < 0) break;
      continue;
    }
    if (have == 0) {
      buffer = bswap(load<u64>(position));
      position += 8;
      have = 64;
    }
    if (<i64>buffer < 0 && (value & bit) == 0) {
      store<i16>(place, value >= 0 ? value + bit : value - bit);
    }
    buffer <<= 1;
    have--;
  }
  at = position;
  bits = buffer;
  count = have;
  return k;
}
