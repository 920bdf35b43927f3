// PNG row filters, reversed (ISO/IEC 15948 §9.2). Rows are padded: vectors read and write a little
// past the pixel at hand, and the next pixel's store repairs it.

const NONE: u8 = 0;
const SUB: u8 = 1;
const UP: u8 = 2;
const AVERAGE: u8 = 3;
const PAETH: u8 = 4;

/**
 * Writes the row of `bytes` bytes at `from`, filtered by `filter`, to `row`; `above` is the row
 * before it (zeros at the top) and `distance` the bytes from a pixel to its left neighbour. False
 * for an unknown filter.
 */
export function unfilter(
  filter: u8,
  from: usize,
  above: usize,
  row: usize,
  bytes: i32,
  distance: i32,
): bool {
  if (filter > PAETH) return false;
  if (filter == NONE) memory.copy(row, from, bytes);
  else if (filter == UP) addAbove(from, above, row, bytes);
  else if (distance < 3) unfilterBytes(filter, from, above, row, bytes, distance);
  else if (filter == SUB) addLeft(from, row, bytes, distance);
  else if (filter == AVERAGE) addAverage(from, above, row, bytes, distance);
  else addPaeth(from, above, row, bytes, distance);
  return true;
}

function addAbove(from: usize, above: usize, row: usize, bytes: i32): void {
  for (let at: usize = 0; at < <usize>bytes; at += 16) {
    v128.store(row + at, i8x16.add(v128.load(from + at), v128.load(above + at)));
  }
}

function addLeft(from: usize, row: usize, bytes: i32, distance: i32): void {
  let left = i32x4.splat(0);
  for (let at: usize = 0; at < <usize>bytes; at += distance) {
    left = i8x16.add(v128.load64_zero(from + at), left);
    v128.store64_lane(row + at, left, 0);
  }
}

function addAverage(from: usize, above: usize, row: usize, bytes: i32, distance: i32): void {
  let left = i32x4.splat(0);
  const one = i8x16.splat(1);
  for (let at: usize = 0; at < <usize>bytes; at += distance) {
    const up = v128.load64_zero(above + at);
    // The vector average rounds up; the filter's rounds down.
    const odd = v128.and(v128.xor(left, up), one);
    const average = i8x16.sub(i8x16.avgr_u(left, up), odd);
    left = i8x16.add(v128.load64_zero(from + at), average);
    v128.store64_lane(row + at, left, 0);
  }
}

function addPaeth(from: usize, above: usize, row: usize, bytes: i32, distance: i32): void {
  let a = i32x4.splat(0);
  let c = i32x4.splat(0);
  for (let at: usize = 0; at < <usize>bytes; at += distance) {
    const b = v128.load8x8_u(above + at);
    const p = i16x8.sub(b, c);
    const q = i16x8.sub(a, c);
    const pa = i16x8.abs(p);
    const pb = i16x8.abs(q);
    const pc = i16x8.abs(i16x8.add(p, q));
    // Ties go to left, then above, then above left.
    const least = i16x8.min_s(pa, i16x8.min_s(pb, pc));
    const notLeft = v128.bitselect(b, c, i16x8.eq(pb, least));
    const predicted = v128.bitselect(a, notLeft, i16x8.eq(pa, least));
    const value = i8x16.add(
      v128.load64_zero(from + at),
      i8x16.narrow_i16x8_u(predicted, predicted),
    );
    v128.store64_lane(row + at, value, 0);
    a = i16x8.extend_low_i8x16_u(value);
    c = b;
  }
}

/** One or two bytes a pixel: plain arithmetic is as fast as vectors. */
function unfilterBytes(
  filter: u8,
  from: usize,
  above: usize,
  row: usize,
  bytes: i32,
  distance: i32,
): void {
  for (let at = 0; at < bytes; at++) {
    const isFirst = at < distance;
    const a: i32 = isFirst ? 0 : load<u8>(row + at - distance);
    const b: i32 = load<u8>(above + at);
    const c: i32 = isFirst ? 0 : load<u8>(above + at - distance);
    let predicted: i32;
    if (filter == SUB) predicted = a;
    else if (filter == AVERAGE) predicted = (a + b) >> 1;
    else predicted = paeth(a, b, c);
    store<u8>(row + at, load<u8>(from + at) + <u8>predicted);
  }
}

function paeth(a: i32, b: i32, c: i32): i32 {
  const pa = abs(b - c);
  const pb = abs(a - c);
  const pc = abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
