// SM2 in plain big integers, affine and slow: the second opinion that kernels are compared with.

export const p = (1n << 256n) - (1n << 224n) - (1n << 96n) + (1n << 64n) - 1n;
export const n = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
export const b = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;

/** An affine point, or undefined for infinity. */
export type Point = { readonly x: bigint; readonly y: bigint } | undefined;

export const G: Point = {
  x: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  y: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};

export function mod(x: bigint, m: bigint): bigint {
  const r = x % m;
  return r < 0n ? r + m : r;
}

export function invert(x: bigint, m: bigint): bigint {
  let [r0, r1, s0, s1] = [m, mod(x, m), 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1] = [r1, r0 - q * r1];
    [s0, s1] = [s1, s0 - q * s1];
  }
  return mod(s0, m);
}

export function negate(point: Point): Point {
  return point && { x: point.x, y: mod(-point.y, p) };
}

export function addPoints(left: Point, right: Point): Point {
  if (!left) return right;
  if (!right) return left;
  if (left.x === right.x && mod(left.y + right.y, p) === 0n) return undefined;
  const slope =
    left.x === right.x
      ? mod(3n * (left.x * left.x - 1n) * invert(2n * left.y, p), p)
      : mod((right.y - left.y) * invert(right.x - left.x, p), p);
  const x = mod(slope * slope - left.x - right.x, p);
  return { x, y: mod(slope * (left.x - x) - left.y, p) };
}

/** k P by doubling and adding in projective coordinates, with one inversion at the end. */
export function multiply(k: bigint, point: Point): Point {
  if (!point) return undefined;
  let [X, Y, Z] = [0n, 1n, 0n];
  for (const bit of mod(k, n).toString(2)) {
    [X, Y, Z] = double(X, Y, Z);
    if (bit === '1') [X, Y, Z] = addProjective(X, Y, Z, point.x, point.y);
  }
  if (Z === 0n) return undefined;
  const inverse = invert(Z, p);
  return { x: mod(X * inverse, p), y: mod(Y * inverse, p) };
}

type Projective = [bigint, bigint, bigint];

/** x = X / Z, y = Y / Z. */
function double(X: bigint, Y: bigint, Z: bigint): Projective {
  const w = mod(3n * (X * X - Z * Z), p);
  const s = mod(Y * Z, p);
  const b = mod(X * Y * s, p);
  const h = mod(w * w - 8n * b, p);
  return [
    mod(2n * h * s, p),
    mod(w * (4n * b - h) - 8n * Y * Y * s * s, p),
    mod(8n * s * s * s, p),
  ];
}

function addProjective(X: bigint, Y: bigint, Z: bigint, x: bigint, y: bigint): Projective {
  if (Z === 0n) return [x, y, 1n];
  const u = mod(y * Z - Y, p);
  const v = mod(x * Z - X, p);
  if (v === 0n) return u === 0n ? double(X, Y, Z) : [0n, 1n, 0n];
  const vv = mod(v * v, p);
  const vvv = mod(v * vv, p);
  const r = mod(vv * X, p);
  const a = mod(u * u * Z - vvv - 2n * r, p);
  return [mod(v * a, p), mod(u * (r - a) - vvv * Y, p), mod(vvv * Z, p)];
}

export function bytesOf(x: bigint, length = 32): Uint8Array {
  return Uint8Array.from(Buffer.from(x.toString(16).padStart(2 * length, '0'), 'hex'));
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}

/** 04 || x || y. */
export function encode(point: Point): Uint8Array {
  if (!point) throw new Error('infinity has no coordinates');
  return Uint8Array.from([4, ...bytesOf(point.x), ...bytesOf(point.y)]);
}

export function decode(bytes: Uint8Array): Point {
  return { x: numberOf(bytes.subarray(1, 33)), y: numberOf(bytes.subarray(33, 65)) };
}

/** A number in [1, bound) that depends only on `seed`: tests repeat exactly. */
export function drawer(seed: number): (bound: bigint) => bigint {
  // splitmix64, enough to spread test inputs.
  let state = BigInt(seed);
  const next = () => {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return z ^ (z >> 31n);
  };
  return (bound) => {
    let x = 0n;
    for (let i = 0; i < 6; i++) x = (x << 64n) | next();
    return (x % (bound - 1n)) + 1n;
  };
}
