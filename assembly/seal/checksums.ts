// The two checksums of PNG: CRC-32 over chunks (PNG, annex D) and Adler-32 over the zlib stream
// (RFC 1950 §8.2).

const SLICES: usize = 8;
const crcTables = memory.data(8 * 256 * 4);
let crcReady = false;

function crcEntry(slice: usize, index: usize): u32 {
  return load<u32>(crcTables + (((slice << 8) + index) << 2));
}

function prepareCrc(): void {
  for (let index: usize = 0; index < 256; index++) {
    let value = <u32>index;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (0xedb88320 & (0 - (value & 1)));
    store<u32>(crcTables + (index << 2), value);
  }
  for (let slice: usize = 1; slice < SLICES; slice++) {
    for (let index: usize = 0; index < 256; index++) {
      const before = crcEntry(slice - 1, index);
      const value = (before >>> 8) ^ crcEntry(0, before & 0xff);
      store<u32>(crcTables + (((slice << 8) + index) << 2), value);
    }
  }
  crcReady = true;
}

/** CRC-32 of `length` bytes at `from`. */
export function crc32(from: usize, length: usize): u32 {
  if (!crcReady) prepareCrc();
  let crc: u32 = 0xffffffff;
  let at = from;
  const end = from + length;
  // Eight bytes a step: each table advances its byte past all the later ones.
  for (; at + 8 <= end; at += 8) {
    const low = load<u32>(at) ^ crc;
    const high = load<u32>(at, 4);
    crc =
      crcEntry(7, low & 0xff) ^
      crcEntry(6, (low >>> 8) & 0xff) ^
      crcEntry(5, (low >>> 16) & 0xff) ^
      crcEntry(4, low >>> 24) ^
      crcEntry(3, high & 0xff) ^
      crcEntry(2, (high >>> 8) & 0xff) ^
      crcEntry(1, (high >>> 16) & 0xff) ^
      crcEntry(0, high >>> 24);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ crcEntry(0, (crc ^ load<u8>(at)) & 0xff);
  return ~crc;
}

const ADLER_MODULUS: u32 = 65521;
/** The most bytes whose sums stay below 2^32 (RFC 1950 §9), rounded down to whole vectors. */
const ADLER_RUN: usize = 5552;

/** Continues the Adler-32 `adler` (1 at the start) over `length` bytes at `from`. */
export function adler32(adler: u32, from: usize, length: usize): u32 {
  let a = adler & 0xffff;
  let b = adler >>> 16;
  let at = from;
  let left = length;
  const weightsLow = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const weightsHigh = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (left > 0) {
    const run = min(left, ADLER_RUN);
    const vectors = at + (run & ~15);
    const end = at + run;
    let sums = i32x4.splat(0);
    let before = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    b += a * <u32>(run & ~15);
    for (; at < vectors; at += 16) {
      const bytes = v128.load(at);
      before = i32x4.add(before, sums);
      const low = i16x8.extend_low_i8x16_u(bytes);
      const high = i16x8.extend_high_i8x16_u(bytes);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.add(low, high)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(low, weightsLow));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(high, weightsHigh));
    }
    a += laneSum(sums);
    b += (laneSum(before) << 4) + laneSum(weighted);
    for (; at < end; at++) {
      a += load<u8>(at);
      b += a;
    }
    a %= ADLER_MODULUS;
    b %= ADLER_MODULUS;
    left -= run;
  }
  return (b << 16) | a;
}

function laneSum(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  );
}
