// Vectors of words mod 2^64, two at a time.

/** a[i] += b[i] */
export function addWords(a: usize, b: usize, count: i32): void {
  const whole = count & ~1;
  for (let i = 0; i < whole; i += 2) {
    const at = (<usize>i) << 3;
    v128.store(a + at, i64x2.add(v128.load(a + at), v128.load(b + at)));
  }
  if (whole < count) {
    const at = (<usize>whole) << 3;
    store<u64>(a + at, load<u64>(a + at) + load<u64>(b + at));
  }
}

/** a[i] -= b[i]: how a share is corrected by a piece that others hold. */
export function subtractWords(a: usize, b: usize, count: i32): void {
  const whole = count & ~1;
  for (let i = 0; i < whole; i += 2) {
    const at = (<usize>i) << 3;
    v128.store(a + at, i64x2.sub(v128.load(a + at), v128.load(b + at)));
  }
  if (whole < count) {
    const at = (<usize>whole) << 3;
    store<u64>(a + at, load<u64>(a + at) - load<u64>(b + at));
  }
}
