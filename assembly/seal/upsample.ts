// Chroma rows brought to full size. For the common ratios (2:1 across, down, or both) by a triangle
// filter with weights 3/4 and 1/4, as in the widespread reference decoder; others by repetition.
import { take } from '../shared/arena';

/** Room before and behind the sums for their copied ends and for vector overshoot. */
const GUARD: usize = 16;

let sums: usize = 0;

/** Takes the scratch row for components of up to `columns` samples; false when memory is out. */
export function prepareUpsampling(columns: i32): bool {
  const row = take(((<usize>columns) << 1) + 4 * GUARD);
  sums = row + GUARD;
  return row != 0;
}

/** `sums` = 3 * near + far, with both ends repeated once. */
function blend(near: usize, far: usize, columns: i32): void {
  const three = i16x8.splat(3);
  for (let at: usize = 0; at < <usize>columns; at += 8) {
    const sum = i16x8.add(i16x8.mul(v128.load8x8_u(near + at), three), v128.load8x8_u(far + at));
    v128.store(sums + (at << 1), sum);
  }
  repeatEnds(columns);
}

function widen(row: usize, columns: i32): void {
  for (let at: usize = 0; at < <usize>columns; at += 8) {
    v128.store(sums + (at << 1), v128.load8x8_u(row + at));
  }
  repeatEnds(columns);
}

function repeatEnds(columns: i32): void {
  const end = sums + ((<usize>columns) << 1);
  store<u16>(sums - 2, load<u16>(sums));
  store<u16>(end, load<u16>(end - 2));
}

/** Each sum becomes two samples, leaning to its left and to its right neighbour. */
function spread(target: usize, columns: i32, leftBias: i16, rightBias: i16, shift: i32): void {
  const three = i16x8.splat(3);
  const left = i16x8.splat(leftBias);
  const right = i16x8.splat(rightBias);
  for (let at: usize = 0; at < <usize>columns; at += 8) {
    const from = sums + (at << 1);
    const middle = i16x8.mul(v128.load(from), three);
    const even = i16x8.add(i16x8.add(middle, v128.load(from - 2)), left);
    const odd = i16x8.add(i16x8.add(middle, v128.load(from + 2)), right);
    const bytes = v128.or(i16x8.shr_u(even, shift), i16x8.shl(i16x8.shr_u(odd, shift), 8));
    v128.store(target + (at << 1), bytes);
  }
}

/** Twice across. */
export function upsampleAcross(row: usize, columns: i32, target: usize): void {
  widen(row, columns);
  spread(target, columns, 1, 2, 2);
}

/** Twice across and down: `far` is the row on the other side of `near` from the one made. */
export function upsampleBoth(near: usize, far: usize, columns: i32, target: usize): void {
  blend(near, far, columns);
  spread(target, columns, 8, 7, 4);
}

/** Twice down: the upper row of a pair rounds with `bias` 1, the lower with 2. */
export function upsampleDown(
  near: usize,
  far: usize,
  columns: i32,
  bias: i16,
  target: usize,
): void {
  const three = i16x8.splat(3);
  const rounding = i16x8.splat(bias);
  for (let at: usize = 0; at < <usize>columns; at += 8) {
    const sum = i16x8.add(
      i16x8.mul(v128.load8x8_u(near + at), three),
      i16x8.add(v128.load8x8_u(far + at), rounding),
    );
    const bytes = i8x16.narrow_i16x8_u(i16x8.shr_u(sum, 2), sum);
    v128.store64_lane(target + at, bytes, 0);
  }
}

/** Any ratio `wide` to `narrow`: each of `columns` pixels takes the sample that covers it. */
export function repeatSamples(
  row: usize,
  columns: i32,
  narrow: i32,
  wide: i32,
  target: usize,
): void {
  for (let x = 0; x < columns; x++) store<u8>(target + x, load<u8>(row + (x * narrow) / wide));
}
