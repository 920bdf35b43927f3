// The canonical picture of a scan: what of its ink counts, where the imprint lies, and the crop around it.
import { strideOf } from '../seal/bilevel';
import { resample, takePlane } from '../seal/plane';

/** Paper kept around the ink: comparison looks this far for excess ink. */
const MARGIN_PX: i32 = 36;
/** Ink shallower than this is paper in the canonical picture. */
const INK_DEPTH: f32 = 0.5;
/** An imprint's ink covers at least this many millimetres, both ways. */
export const LEAST_SIDE_PX: i32 = 60;
/** Least share of ink pixels with ink on all four sides; noise has about a sixteenth. */
const LEAST_SOLID: f32 = 0.15;

/** The box around the imprint's ink, in pixels of the whole scan; right and bottom lie outside. */
export let left: i32 = 0;
export let top: i32 = 0;
export let right: i32 = 0;
export let bottom: i32 = 0;

/** The next multiple of 3, as the sides of a canonical picture are. */
export function thirds(side: i32): i32 {
  return ((side + 2) / 3) * 3;
}

/** The canonical picture of the whole scan. */
export function threshold(
  depth: usize,
  sourceWidth: i32,
  sourceHeight: i32,
  ratio: f32,
  full: usize,
  fullWidth: i32,
  fullHeight: i32,
): void {
  const stride = strideOf(fullWidth);
  memory.fill(full, 0, <usize>(stride * fullHeight));
  let plane = depth;
  let planeWidth = sourceWidth;
  let planeHeight = sourceHeight;
  if (ratio != 1) {
    plane = takePlane(fullWidth * fullHeight + 8);
    planeWidth = fullWidth;
    planeHeight = fullHeight;
    resample(depth, sourceWidth, sourceHeight, plane, fullWidth, fullHeight, ratio, 0, 0);
  }
  const least = f32x4.splat(INK_DEPTH);
  for (let y = 0; y < planeHeight; y++) {
    const row = full + <usize>(y * stride);
    for (let x = 0; x < planeWidth; x += 8) {
      const p = plane + ((<usize>(y * planeWidth + x)) << 2);
      const first = i32x4.bitmask(f32x4.gt(v128.load(p), least));
      const second = i32x4.bitmask(f32x4.gt(v128.load(p, 16), least));
      const here = (1 << min<i32>(8, planeWidth - x)) - 1;
      store<u8>(row + <usize>(x >> 3), mirrored((first | (second << 4)) & here));
    }
  }
}

/** A byte's bits in the other order. */
function mirrored(byte: i32): u8 {
  const pairs = ((byte & 0x55) << 1) | ((byte >> 1) & 0x55);
  const fours = ((pairs & 0x33) << 2) | ((pairs >> 2) & 0x33);
  return <u8>((fours << 4) | (fours >> 4));
}

/** Finds the box around all ink; false when there is too little of it or it is noise. */
export function findImprint(full: usize, fullWidth: i32, fullHeight: i32): bool {
  const stride = strideOf(fullWidth);
  left = fullWidth;
  top = fullHeight;
  right = 0;
  bottom = 0;
  let ink = 0;
  let solid = 0;
  for (let y = 0; y < fullHeight; y++) {
    const row = full + <usize>(y * stride);
    for (let i = 0; i < stride; i++) {
      const byte = <i32>load<u8>(row + <usize>i);
      if (byte == 0) continue;
      left = min<i32>(left, 8 * i + clz<i32>(byte) - 24);
      right = max<i32>(right, 8 * i + 8 - ctz<i32>(byte));
      top = min<i32>(top, y);
      bottom = y + 1;
      ink += popcnt<i32>(byte);
      if (y == 0 || y == fullHeight - 1) continue;
      const p = row + <usize>i;
      const above = <i32>load<u8>(p - <usize>stride);
      const below = <i32>load<u8>(p + <usize>stride);
      const fromLeft = (byte >> 1) | (i > 0 ? (<i32>load<u8>(p - 1) & 1) << 7 : 0);
      const fromRight = (byte << 1) | (i < stride - 1 ? <i32>load<u8>(p + 1) >> 7 : 0);
      solid += popcnt<i32>(byte & above & below & fromLeft & fromRight);
    }
  }
  if (right - left < LEAST_SIDE_PX || bottom - top < LEAST_SIDE_PX) return false;
  return <f32>solid > LEAST_SOLID * <f32>ink;
}

/** Widens the box by a margin of paper, as far as the scan has it. */
export function addMargin(fullWidth: i32, fullHeight: i32): void {
  left = (max<i32>(0, left - MARGIN_PX) / 3) * 3;
  top = (max<i32>(0, top - MARGIN_PX) / 3) * 3;
  right = min<i32>(fullWidth, thirds(right + MARGIN_PX));
  bottom = min<i32>(fullHeight, thirds(bottom + MARGIN_PX));
}

/** Puts what the box holds in `bits`. */
export function crop(full: usize, fullStride: i32, bits: usize, width: i32, height: i32): void {
  const stride = strideOf(width);
  const shift = left & 7;
  const last = <u8>(0xff00 >> (((width - 1) & 7) + 1));
  for (let y = 0; y < height; y++) {
    const from = full + <usize>((top + y) * fullStride);
    const to = bits + <usize>(y * stride);
    for (let i = 0; i < stride; i++) {
      const k = (left >> 3) + i;
      const next = k + 1 < fullStride ? <i32>load<u8>(from + <usize>(k + 1)) : 0;
      const both = ((<i32>load<u8>(from + <usize>k)) << 8) | next;
      store<u8>(to + <usize>i, <u8>(both >> (8 - shift)));
    }
    const end = to + <usize>(stride - 1);
    store<u8>(end, load<u8>(end) & last);
  }
}
