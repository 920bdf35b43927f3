// Dot products of fixed-point rows with one vector of weights, exact mod 2^64.

/** Sums `count` products of 16-bit numbers from `from` on. */
function tail16(x: usize, w: usize, from: i32, count: i32): i64 {
  let sum: i64 = 0;
  for (let j = from; j < count; j++) {
    const at = (<usize>j) << 1;
    sum += <i64>(<i32>load<i16>(x + at) * <i32>load<i16>(w + at));
  }
  return sum;
}

/** `i32x4.dot_i16x8_s` of one vector, widened before it can wrap. */
function widened16(x: usize, w: usize): v128 {
  const pairs = i32x4.dot_i16x8_s(v128.load(x), v128.load(w));
  return i64x2.add(i64x2.extend_low_i32x4_s(pairs), i64x2.extend_high_i32x4_s(pairs));
}

/**
 * out[r] = sum over j of x[r][j] * w[j], for `rows` rows of `count` numbers of 16 bits; i64 out.
 *
 * The one pair that `dot_i16x8_s` cannot hold, (-2^15)^2 twice, needs both features and weights at
 * their least; the host keeps weights above -2^15.
 */
export function dot16(x: usize, w: usize, out: usize, rows: i32, count: i32): void {
  const whole = count & ~15;
  for (let r = 0; r < rows; r++) {
    let low = i64x2.splat(0);
    let high = i64x2.splat(0);
    for (let j = 0; j < whole; j += 16) {
      const at = (<usize>j) << 1;
      low = i64x2.add(low, widened16(x + at, w + at));
      high = i64x2.add(high, widened16(x + at + 16, w + at + 16));
    }
    low = i64x2.add(low, high);
    const sum = i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1);
    store<i64>(out, sum + tail16(x, w, whole, count));
    x += (<usize>count) << 1;
    out += 8;
  }
}

function tail32(x: usize, w: usize, from: i32, count: i32): i64 {
  let sum: i64 = 0;
  for (let j = from; j < count; j++) {
    const at = (<usize>j) << 2;
    sum += <i64>load<i32>(x + at) * <i64>load<i32>(w + at);
  }
  return sum;
}

/** The same for numbers of 32 bits. */
export function dot32(x: usize, w: usize, out: usize, rows: i32, count: i32): void {
  const whole = count & ~7;
  for (let r = 0; r < rows; r++) {
    let a = i64x2.splat(0);
    let b = i64x2.splat(0);
    let c = i64x2.splat(0);
    let d = i64x2.splat(0);
    for (let j = 0; j < whole; j += 8) {
      const at = (<usize>j) << 2;
      const p = v128.load(x + at);
      const q = v128.load(w + at);
      const s = v128.load(x + at, 16);
      const t = v128.load(w + at, 16);
      a = i64x2.add(a, i64x2.extmul_low_i32x4_s(p, q));
      b = i64x2.add(b, i64x2.extmul_high_i32x4_s(p, q));
      c = i64x2.add(c, i64x2.extmul_low_i32x4_s(s, t));
      d = i64x2.add(d, i64x2.extmul_high_i32x4_s(s, t));
    }
    a = i64x2.add(i64x2.add(a, b), i64x2.add(c, d));
    const sum = i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1);
    store<i64>(out, sum + tail32(x, w, whole, count));
    x += (<usize>count) << 2;
    out += 8;
  }
}
