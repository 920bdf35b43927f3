// Elementary functions on four lanes, from additions, multiplications and divisions only, so that
// training and inference give the same bits on every machine.

/** tanh by the [7/6] continued fraction; beyond 4.97 it is 1 within half of an f32's last place. */
export function tanh4(x: v128): v128 {
  const limit = f32x4.splat(4.97);
  x = f32x4.min(f32x4.max(x, f32x4.neg(limit)), limit);
  const q = f32x4.mul(x, x);
  let n = f32x4.add(f32x4.splat(378), q);
  n = f32x4.add(f32x4.splat(17325), f32x4.mul(q, n));
  n = f32x4.mul(x, f32x4.add(f32x4.splat(135135), f32x4.mul(q, n)));
  let d = f32x4.add(f32x4.splat(3150), f32x4.mul(q, f32x4.splat(28)));
  d = f32x4.add(f32x4.splat(62370), f32x4.mul(q, d));
  d = f32x4.add(f32x4.splat(135135), f32x4.mul(q, d));
  return f32x4.div(n, d);
}

export function sigmoid4(x: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.add(half, f32x4.mul(half, tanh4(f32x4.mul(x, half))));
}

/** e^x for x <= 0 (clamped at -80), relative error below 1e-6. */
export function exp4(x: v128): v128 {
  const t = f32x4.mul(f32x4.max(x, f32x4.splat(-80)), f32x4.splat(<f32>Math.LOG2E));
  const whole = f32x4.floor(t);
  const f = f32x4.sub(t, whole);
  // 2^f on [0, 1): Taylor terms of e^(f ln 2), the sixth order.
  let p = f32x4.add(f32x4.splat(1.3333558e-3), f32x4.mul(f, f32x4.splat(1.540353e-4)));
  p = f32x4.add(f32x4.splat(9.6181291e-3), f32x4.mul(f, p));
  p = f32x4.add(f32x4.splat(5.5504109e-2), f32x4.mul(f, p));
  p = f32x4.add(f32x4.splat(2.4022651e-1), f32x4.mul(f, p));
  p = f32x4.add(f32x4.splat(6.9314718e-1), f32x4.mul(f, p));
  p = f32x4.add(f32x4.splat(1), f32x4.mul(f, p));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
  return f32x4.mul(p, exponent);
}

export function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
