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

function sumOf(a: v128, b: v128): i64 {
  const both = i64x2.add(a, b);
  return i64x2.extract_lane(both, 0) + i64x2.extract_lane(both, 1);
}

/**
 * The same for numbers of 32 bits. Four vectors of four a turn: what binds is the shuffling inside
 * `extmul`, two for each operand and half, not the memory.
 */
export function dot32(x: usize, w: usize, out: usize, rows: i32, count: i32): void {
  const whole = count & ~15;
  const bytes = (<usize>whole) << 2;
  for (let r = 0; r < rows; r++) {
    let a = i64x2.splat(0);
    let b = i64x2.splat(0);
    let c = i64x2.splat(0);
    let d = i64x2.splat(0);
    const end = x + bytes;
    let v = w;
    for (let p = x; p < end; p += 64, v += 64) {
      let e = v128.load(p);
      let f = v128.load(v);
      a = i64x2.add(a, i64x2.extmul_low_i32x4_s(e, f));
      b = i64x2.add(b, i64x2.extmul_high_i32x4_s(e, f));
      e = v128.load(p, 16);
      f = v128.load(v, 16);
      c = i64x2.add(c, i64x2.extmul_low_i32x4_s(e, f));
      d = i64x2.add(d, i64x2.extmul_high_i32x4_s(e, f));
      e = v128.load(p, 32);
      f = v128.load(v, 32);
      a = i64x2.add(a, i64x2.extmul_low_i32x4_s(e, f));
      b = i64x2.add(b, i64x2.extmul_high_i32x4_s(e, f));
      e = v128.load(p, 48);
      f = v128.load(v, 48);
      c = i64x2.add(c, i64x2.extmul_low_i32x4_s(e, f));
      d = i64x2.add(d, i64x2.extmul_high_i32x4_s(e, f));
    }
    const sum = sumOf(i64x2.add(a, b), i64x2.add(c, d));
    store<i64>(out, sum + tail32(x, w, whole, count));
    x += (<usize>count) << 2;
    out += 8;
  }
}

/**
 * The same where no product exceeds 2^27 - 1 in size: sixteen of them fit into 32 bits, so a lane is
 * widened once for sixteen products instead of each time. The host looks at the bounds.
 */
export function narrowDot32(x: usize, w: usize, out: usize, rows: i32, count: i32): void {
  const whole = count & ~15;
  const bytes = (<usize>whole) << 2;
  for (let r = 0; r < rows; r++) {
    let low = i64x2.splat(0);
    let high = i64x2.splat(0);
    const last = x + bytes;
    let p = x;
    let v = w;
    while (p < last) {
      const end = min(p + 256, last);
      let a = i32x4.splat(0);
      let b = i32x4.splat(0);
      for (; p < end; p += 64, v += 64) {
        a = i32x4.add(a, i32x4.mul(v128.load(p), v128.load(v)));
        b = i32x4.add(b, i32x4.mul(v128.load(p, 16), v128.load(v, 16)));
        a = i32x4.add(a, i32x4.mul(v128.load(p, 32), v128.load(v, 32)));
        b = i32x4.add(b, i32x4.mul(v128.load(p, 48), v128.load(v, 48)));
      }
      a = i32x4.add(a, b);
      low = i64x2.add(low, i64x2.extend_low_i32x4_s(a));
      high = i64x2.add(high, i64x2.extend_high_i32x4_s(a));
    }
    store<i64>(out, sumOf(low, high) + tail32(x, w, whole, count));
    x += (<usize>count) << 2;
    out += 8;
  }
}
