// Protected biometric templates: a feature vector becomes bits by secret projections and a
// quantiser that wraps around, and two templates are compared by the bits in which they differ.
// Integers only, so every host gives the same bits.
export { resetArena as reset, take as allocate } from '../shared/arena';

/**
 * Bit i is the parity of floor((<s_i, x> + d_i) / step), with signs s_i of +-1 and a dither d_i:
 * the universal quantiser of Boufounos and Rane (WIFS 2011, section III).
 *
 * `features`: `count` i16. `signs`: for each bit `count / 8` bytes, 1 for plus. `dithers`: for each
 * bit a u32 below 2 * step. Writes `bits / 8` bytes, the first bit in the lowest place.
 */
export function protect(
  features: usize,
  count: i32,
  signs: usize,
  dithers: usize,
  step: i32,
  bits: i32,
  out: usize,
): void {
  const stride = <usize>(count >> 3);
  // Larger than any sum, and a whole number of periods, so that the quotient is of a positive number.
  const offset = <i64>step * 2 * 0x10000;
  for (let bit = 0; bit < bits; bit++) {
    const row = signs + <usize>bit * stride;
    let sum: i64 = 0;
    for (let i = 0; i < count; i++) {
      const value = <i64>load<i16>(features + ((<usize>i) << 1));
      const sign = (<i64>load<u8>(row + (<usize>i >> 3)) >> (i & 7)) & 1;
      // +value or -value without a branch.
      sum += (value ^ (sign - 1)) - (sign - 1);
    }
    const dithered = sum + offset + <i64>load<u32>(dithers + ((<usize>bit) << 2));
    const parity = <u8>((dithered / step) & 1);
    const place = out + (<usize>bit >> 3);
    const kept: u8 = (bit & 7) == 0 ? 0 : load<u8>(place);
    store<u8>(place, kept | (parity << (<u8>(bit & 7))));
  }
}

/** In how many bits two templates of `bytes` (a multiple of 8) differ. Time depends on `bytes` alone. */
export function distance(a: usize, b: usize, bytes: i32): i32 {
  let sum: i64 = 0;
  for (let at: usize = 0; at < <usize>bytes; at += 8) {
    sum += popcnt<i64>(load<i64>(a + at) ^ load<i64>(b + at));
  }
  return <i32>sum;
}
