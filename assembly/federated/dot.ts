// Dot products of fixed-point rows with one vector of weights, exact mod 2^64.

/** For each of two vectors of 32 bits the exact sum of its lanes, in the halves of one. */
function laneSums(a: v128, b: v128): v128 {
  const c = i64x2.add(i64x2.extend_low_i32x4_s(a), i64x2.extend_high_i32x4_s(a));
  const d = i64x2.add(i64x2.extend_low_i32x4_s(b), i64x2.extend_high_i32x4_s(b));
  return i64x2.add(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3));
}

/**
 * out[r] = sum over d and j of x[r][j] * w[d][j] * 2^(bits * d): 16-bit rows and the digits of the
 * weights, i64 out.
 *
 * Rows and digits take `stride` numbers, a multiple of 16; `rows` is even. What binds is the widening
 * of 32-bit sums, so it is put off for `turn` steps: the host sees to it that twice as many products
 * of `dot_i16x8_s` cannot wrap.
 */
export function dotDigits(
  x: usize,
  w: usize,
  out: usize,
  rows: i32,
  stride: i32,
  digits: i32,
  bits: i32,
  turn: i32,
): void {
  const line = (<usize>stride) << 1;
  const span = (<usize>turn) << 5;
  for (let r = 0; r < rows; r += 2) {
    const last = x + line;
    let both = i64x2.splat(0);
    let v = w;
    for (let d = 0; d < digits; d++) {
      let sums = i64x2.splat(0);
      let p = x;
      while (p < last) {
        const end = min(p + span, last);
        let a = i32x4.splat(0);
        let b = i32x4.splat(0);
        let c = i32x4.splat(0);
        let e = i32x4.splat(0);
        for (; p < end; p += 32, v += 32) {
          const f = v128.load(v);
          const g = v128.load(v, 16);
          a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(p), f));
          b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(p, 16), g));
          c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load(p + line), f));
          e = i32x4.add(e, i32x4.dot_i16x8_s(v128.load(p + line, 16), g));
        }
        sums = i64x2.add(sums, laneSums(i32x4.add(a, b), i32x4.add(c, e)));
      }
      both = i64x2.add(both, i64x2.shl(sums, d * bits));
    }
    v128.store(out, both);
    x += line << 1;
    out += 16;
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
 * out[r] = sum over j of x[r][j] * w[j], for `rows` rows of `count` numbers of 32 bits; i64 out. Four
 * vectors of four a turn: what binds is the shuffling inside
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
