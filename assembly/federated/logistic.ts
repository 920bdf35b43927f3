// The real functions of logistic training. exp and log are AssemblyScript's own, compiled into this
// module: a host's Math may differ in the last bit, and then two trainings would.

/** 1 / (1 + e^-x) */
export function sigmoid(x: f64): f64 {
  return 1 / (1 + NativeMath.exp(-x));
}

/** log(1 + e^x) without overflow. */
function softplus(x: f64): f64 {
  return x > 0 ? x + NativeMath.log(1 + NativeMath.exp(-x)) : NativeMath.log(1 + NativeMath.exp(x));
}

/**
 * out[r] = round((sigmoid(slope * z[r] + intercept) - y[r]) * scale): i64 scores, labels of 0 or 1,
 * i32 out. Returns the sum of the residuals in the same unit.
 */
export function residuals(
  z: usize,
  labels: usize,
  out: usize,
  rows: i32,
  slope: f64,
  intercept: f64,
  scale: f64,
): i64 {
  let sum: i64 = 0;
  for (let r = 0; r < rows; r++) {
    const p = sigmoid(<f64>load<i64>(z + ((<usize>r) << 3)) * slope + intercept);
    const residual = <i32>nearest((p - <f64>load<u8>(labels + r)) * scale);
    store<i32>(out + ((<usize>r) << 2), residual);
    sum += residual;
  }
  return sum;
}

/** The mean of -log likelihood of the labels, in nats. */
export function logLoss(z: usize, labels: usize, rows: i32, slope: f64, intercept: f64): f64 {
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const x = <f64>load<i64>(z + ((<usize>r) << 3)) * slope + intercept;
    sum += softplus(x) - (load<u8>(labels + r) != 0 ? x : 0);
  }
  return sum / <f64>rows;
}
