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

export function multiply(k: bigint, point: Point): Point {
  let sum: Point;
  let power = point;
  for (let rest = mod(k, n); rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = addPoints(sum, power);
    power = addPoints(power, power);
  }
  return sum;
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
