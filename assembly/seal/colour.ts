// Rows of JPEG components to opaque RGBA. YCbCr by the JFIF equations in 16-bit fixed point, eight
// pixels a step; all rows are padded, since vectors run past the last column.

const OPAQUE: u32 = 0xff000000;

/** Two lanes' constants for a dot product of interleaved (Cb, Cr). */
function weights(cb: i16, cr: i16): v128 {
  return i32x4.splat(((<i32>cr) << 16) | (<i32>cb & 0xffff));
}

function weighted(low: v128, high: v128, factors: v128): v128 {
  const half = i32x4.splat(32768);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, factors), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, factors), half), 16),
  );
}

/** Stores eight pixels whose red, green and blue are i16 lanes, saturated to bytes. */
function storePixels(red: v128, green: v128, blue: v128, target: usize): void {
  const redGreen = i8x16.narrow_i16x8_u(red, green);
  const blueAlpha = i8x16.narrow_i16x8_u(blue, i16x8.splat(255));
  // Lanes: 0-7 red, 8-15 green, 16-23 blue, 24-31 alpha.
  v128.store(
    target,
    i8x16.shuffle(redGreen, blueAlpha, 0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27),
  );
  v128.store(
    target,
    i8x16.shuffle(redGreen, blueAlpha, 4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31),
    16,
  );
}

/** JFIF 1.02: R = Y + 1.402 Cr, G = Y - 0.34414 Cb - 0.71414 Cr, B = Y + 1.772 Cb. */
export function rowFromYcc(y: usize, cb: usize, cr: usize, columns: i32, target: usize): void {
  const middle = i16x8.splat(128);
  // 1.402 = 1 + 0.402, 0.71414 = 1 - 0.28586 and 1.772 = 2 - 0.228, so that factors fit 16 bits.
  const forRed = weights(0, 26345);
  const forGreen = weights(-22554, 18734);
  const forBlue = weights(-14942, 0);
  for (let x: usize = 0; x < <usize>columns; x += 8) {
    const luma = v128.load8x8_u(y + x);
    const blueDifference = i16x8.sub(v128.load8x8_u(cb + x), middle);
    const redDifference = i16x8.sub(v128.load8x8_u(cr + x), middle);
    const low = i16x8.shuffle(blueDifference, redDifference, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = i16x8.shuffle(blueDifference, redDifference, 4, 12, 5, 13, 6, 14, 7, 15);
    const red = i16x8.add(i16x8.add(luma, redDifference), weighted(low, high, forRed));
    const green = i16x8.add(i16x8.sub(luma, redDifference), weighted(low, high, forGreen));
    const twice = i16x8.add(blueDifference, blueDifference);
    const blue = i16x8.add(i16x8.add(luma, twice), weighted(low, high, forBlue));
    storePixels(red, green, blue, target + (x << 2));
  }
}

export function rowFromRgb(
  red: usize,
  green: usize,
  blue: usize,
  columns: i32,
  target: usize,
): void {
  for (let x: usize = 0; x < <usize>columns; x += 8) {
    const r = v128.load8x8_u(red + x);
    const g = v128.load8x8_u(green + x);
    storePixels(r, g, v128.load8x8_u(blue + x), target + (x << 2));
  }
}

/**
 * Inks over white without a profile: each of red, green and blue is (1 - ink)(1 - black). The row
 * at `target` holds the first three planes as RGB already; `inverted` tells that 255 means no ink,
 * as Adobe writes.
 */
export function applyBlack(black: usize, inverted: bool, columns: i32, target: usize): void {
  const flip: u32 = inverted ? 0 : 255;
  for (let x = 0; x < columns; x++) {
    const at = target + (x << 2);
    const light = load<u8>(black + x) ^ flip;
    const red = scale(load<u8>(at) ^ flip, light);
    const green = scale(load<u8>(at, 1) ^ flip, light);
    const blue = scale(load<u8>(at, 2) ^ flip, light);
    store<u32>(at, OPAQUE | (blue << 16) | (green << 8) | red);
  }
}

function scale(value: u32, light: u32): u32 {
  return (value * light + 127) / 255;
}
