// A scorecard adds up points: every feature of a person lies in one of at most 256 bins.

/**
 * out[r] = sum over j of points[j][bins[r][j]]: u8 bins row by row, a table of 256 points (i32) for
 * each feature, i64 out.
 */
export function scoreBins(bins: usize, points: usize, out: usize, rows: i32, features: i32): void {
  const whole = features & ~3;
  for (let r = 0; r < rows; r++) {
    let even: i64 = 0;
    let odd: i64 = 0;
    let table = points;
    for (let j = 0; j < whole; j += 4) {
      // One load brings the bins of four features.
      const four = load<u32>(bins + j);
      even += <i64>load<i32>(table + ((<usize>four & 0xff) << 2));
      odd += <i64>load<i32>(table + (((<usize>four >> 8) & 0xff) << 2), 1024);
      even += <i64>load<i32>(table + (((<usize>four >> 16) & 0xff) << 2), 2048);
      odd += <i64>load<i32>(table + ((<usize>four >> 24) << 2), 3072);
      table += 4096;
    }
    for (let j = whole; j < features; j++) {
      even += <i64>load<i32>(table + ((<usize>load<u8>(bins + j)) << 2));
      table += 1024;
    }
    store<i64>(out, even + odd);
    bins += features;
    out += 8;
  }
}

/** sums[b] += d[r] for every row whose bin is b: one feature's bins (u8), i32 residuals, i64[256]. */
export function histogram(bins: usize, d: usize, sums: usize, rows: i32): void {
  for (let r = 0; r < rows; r++) {
    const at = sums + ((<usize>load<u8>(bins + r)) << 3);
    store<i64>(at, load<i64>(at) + <i64>load<i32>(d + ((<usize>r) << 2)));
  }
}
