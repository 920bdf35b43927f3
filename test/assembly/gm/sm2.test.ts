import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileEntry } from '../../helpers/assembly.ts';
import { heldCases } from '../../helpers/held-vectors.ts';
import {
  addPoints,
  bytesOf,
  decode,
  drawer,
  encode,
  G,
  invert,
  mod,
  multiply,
  n,
  negate,
  numberOf,
  type Point,
} from '../../helpers/sm2-reference.ts';

const wasm = await compileEntry('assembly/gm/inspect.ts');
const io = wasm.io?.() ?? 0;
const memory = new Uint8Array(wasm.memory.buffer);
const draw = drawer(2);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

const OUT = io + 4096;

/** Calls an export with byte arguments, each in a place of its own, and the result's place last. */
function call(name: string, inputs: readonly Uint8Array[], length: number): Uint8Array | number {
  const places = inputs.map((input, i) => {
    memory.set(input, io + 256 * i);
    return io + 256 * i;
  });
  const status = wasm[name]?.(...places, OUT);
  return status === undefined || status === 0 ? memory.slice(OUT, OUT + length) : status;
}

const xy = (point: Point) => encode(point).subarray(1);

// Where incomplete formulas could fail: small and large multiples, halves of the order, powers of
// two, and the two scalars whose last comb addition is a doubling, 15 2^253 - n and its opposite.
const combDoubling = 15n * (1n << 253n) - n;
const edges = [
  ...[1n, 2n, 3n, 4n, 5n, 6n, 7n, 15n, 16n, 17n, 31n, 32n, 33n, 63n, 64n, 65n],
  ...[n - 1n, n - 2n, n - 3n, n - 4n, n - 5n, n - 6n, n - 7n, n - 31n, n - 32n, n - 33n, n - 63n],
  ...[(n - 1n) / 2n, (n + 1n) / 2n, (n - 3n) / 2n, (n + 3n) / 2n],
  ...[128n, 251n, 252n, 253n, 254n, 255n].flatMap((bit) => [1n << bit, (1n << bit) - 1n]),
  combDoubling,
  n - combDoubling,
];

describe('multiples of points', () => {
  const points: [string, Point][] = [
    ['G', G],
    ['-G', negate(G)],
    ['2 G', multiply(2n, G)],
    ['G / 2', multiply((n + 1n) / 2n, G)],
    ['a random point', multiply(draw(n), G)],
  ];

  test('k G for the edges and random k', () => {
    for (const k of [...edges, ...Array.from({ length: 100 }, () => draw(n))]) {
      expect(call('sm2Multiple', [bytesOf(k)], 64), `k = ${k}`).toEqual(xy(multiply(k, G)));
    }
  });

  test.each(points)('k P for P = %s by ladder and by comb', (_, point) => {
    for (const k of [...edges, ...Array.from({ length: 20 }, () => draw(n))]) {
      const wanted = xy(multiply(k, point));
      expect(call('multiplyPoint', [bytesOf(k), xy(point)], 64), `k = ${k}`).toEqual(wanted);
    }
    for (const k of [...edges.slice(0, 4), ...edges.slice(-2)]) {
      const wanted = xy(multiply(k, point));
      expect(call('multiplyPointByComb', [bytesOf(k), xy(point)], 64), `k = ${k}`).toEqual(wanted);
    }
  });

  test.each(points)('public sums with P = %s, also where terms are equal or cancel', (_, point) => {
    const scalars = [0n, 1n, 2n, n - 1n, (n + 1n) / 2n, draw(n)];
    for (const s of scalars) {
      for (const t of scalars) {
        const sum = addPoints(multiply(s, G), multiply(t, point));
        const wanted = sum ? xy(sum) : 1;
        const byCombs = call('sumByCombs', [bytesOf(s), xy(point), bytesOf(t)], 64);
        expect(byCombs, `s = ${s}, t = ${t}`).toEqual(wanted);
        const byNafs = call('sumByNafs', [bytesOf(s), xy(point), bytesOf(t)], 64);
        expect(byNafs, `s = ${s}, t = ${t}`).toEqual(wanted);
        const third = draw(n);
        const three = addPoints(sum, multiply(third, negate(point)));
        const inputs = [bytesOf(s), xy(point), bytesOf(t), xy(negate(point)), bytesOf(third)];
        expect(call('sumOfThree', inputs, 64)).toEqual(three ? xy(three) : 1);
      }
    }
  });

  test('blinded sums are right also for related points and zero scalars', () => {
    for (const [, a] of points) {
      for (const b of [a, negate(a), multiply(3n, a), multiply(draw(n), G)]) {
        for (const [j, k] of [
          [1n, 1n],
          [0n, 2n],
          [n - 1n, draw(n)],
          [draw(n), draw(n)],
        ] as const) {
          const u = draw(n);
          const wanted = addPoints(
            multiply(mod(u << 255n, n), G),
            addPoints(multiply(j, a), multiply(k, b)),
          );
          const inputs = [bytesOf(u), xy(a), bytesOf(j), xy(b), bytesOf(k)];
          expect(call('blindedSum', inputs, 64)).toEqual(xy(wanted));
        }
      }
    }
  });

  test('points off the curve or not reduced are refused', () => {
    const point = xy(multiply(7n, G));
    for (let byte = 0; byte < 64; byte++) {
      const changed = point.slice();
      changed[byte] = (changed[byte] ?? 0) ^ 1;
      expect(call('multiplyPoint', [bytesOf(1n), changed], 64)).toBe(-1);
    }
    const all = new Uint8Array(64).fill(255);
    for (const bad of [new Uint8Array(64), all]) {
      expect(call('multiplyPoint', [bytesOf(1n), bad], 64)).toBe(-1);
    }
  });

  const scalarCases = heldCases<{ id: string; k: string; point: string; result: string }>(
    'gm/sm2_scalar.json',
  );
  test.runIf(scalarCases)('held scalar multiplications', () => {
    for (const { id, k, point, result } of scalarCases ?? []) {
      const inputs = [fromHex(k), fromHex(point).subarray(1)];
      expect(call('multiplyPoint', inputs, 64), id).toEqual(fromHex(result).subarray(1));
    }
  });
});

interface SignatureCase {
  readonly id: string;
  readonly privateKey?: string;
  readonly publicKey: string;
  readonly userId: string;
  readonly k?: string;
  readonly z?: string;
  readonly e?: string;
  readonly r?: string;
  readonly s?: string;
}

interface EncryptionCase {
  readonly id: string;
  readonly publicKey: string;
  readonly k?: string;
  readonly msg?: string;
  readonly format: string;
  readonly valid: boolean;
  readonly ciphertext: string;
}

const standard = JSON.parse(
  readFileSync(new URL('../../vectors/gm/sm2.json', import.meta.url), 'utf8'),
);

function assertSignsWithNonce(vector: SignatureCase): void {
  const { id, privateKey = '', k = '', e = '', r = '', s = '', z } = vector;
  const factor = bytesOf(invert(1n + numberOf(fromHex(privateKey)), n));
  const made = call('signWithNonce', [fromHex(e), fromHex(k), factor], 64);
  expect(made, id).toEqual(fromHex(r + s));
  if (z === undefined) return;
  const userId = fromHex(vector.userId);
  memory.set(userId, io);
  memory.set(fromHex(vector.publicKey).subarray(1), io + 9000);
  wasm.sm2Z?.(io, userId.length, io + 9000, OUT);
  expect(hex(memory.slice(OUT, OUT + 32)), id).toBe(z);
}

function assertEncryptsWithNonce(vector: EncryptionCase): void {
  const { id, publicKey, k = '', msg = '', ciphertext } = vector;
  const c1 = call('startEncryptWithNonce', [fromHex(publicKey).subarray(1), fromHex(k)], 64);
  const c2 = fromHex(msg);
  memory.set(c2, io);
  wasm.sm2EncryptPiece?.(io, c2.length);
  expect(wasm.sm2FinishEncrypt?.(OUT), id).toBe(0);
  const parts = [c1 as Uint8Array, memory.slice(OUT, OUT + 32), memory.slice(io, io + c2.length)];
  const [, c3, c2Made] = parts.map(hex);
  expect(ciphertext).toContain(c3);
  expect(ciphertext).toContain(c2Made);
  if (vector.format !== 'asn1') expect(ciphertext.slice(2, 130), id).toBe(hex(c1 as Uint8Array));
}

describe('with the nonce given', () => {
  test('GB/T 32918.5 A.2: the signature', () => {
    assertSignsWithNonce(standard.signature);
  });

  test.each<EncryptionCase>(standard.encryption)('GB/T 32918.5 C.2: $id', (vector) => {
    assertEncryptsWithNonce(vector);
  });

  const signatures = heldCases<SignatureCase>('gm/sm2_sign.json');
  test.runIf(signatures)('held signatures come out exactly', () => {
    for (const vector of signatures ?? []) {
      if (vector.k && vector.e) assertSignsWithNonce(vector);
    }
  });

  const ciphertexts = heldCases<EncryptionCase>('gm/sm2_enc.json');
  test.runIf(ciphertexts)('held ciphertexts come out exactly', () => {
    for (const vector of ciphertexts ?? []) {
      if (vector.k && vector.valid) assertEncryptsWithNonce(vector);
    }
  });

  test('nonces that the standard refuses are asked for again', () => {
    // With e = k - x(k G) ... r + k = n; and with e = -x(k G), r = 0.
    const k = draw(n);
    const x = multiply(k, G)?.x ?? 0n;
    const factor = bytesOf(draw(n));
    for (const e of [mod(-x, n), mod(n - k - x, n)]) {
      expect(call('signWithNonce', [bytesOf(e), bytesOf(k), factor], 64)).toBe(1);
    }
  });

  test('signatures of the edges of the nonce verify, by plain sum and by table', () => {
    const d = draw(n - 1n);
    const publicKey = xy(multiply(d, G));
    memory.set(publicKey, io);
    expect(wasm.sm2Prepare?.(0, io)).toBe(0);
    const factor = bytesOf(invert(1n + d, n));
    for (const k of edges) {
      const e = bytesOf(draw(n));
      const signature = call('signWithNonce', [e, bytesOf(k), factor], 64) as Uint8Array;
      memory.set(publicKey, io);
      memory.set(e, io + 64);
      memory.set(signature, io + 128);
      expect(wasm.sm2Verify?.(io, io + 64, io + 128), `k = ${k}`).toBe(0);
      expect(wasm.sm2VerifyPrepared?.(0, io + 64, io + 128), `k = ${k}`).toBe(0);
    }
  });
});

test('an x of the sum between n and p is compared after reduction', () => {
  // A point with n <= x < p, found by its compressed form; e is free, so r can be made to match it.
  const point = decode(fromHex(`04${findHighPoint()}`));
  expect((point?.x ?? 0n) >= n).toBe(true);
  // With s = 1 and P = (R - G) / t, the sum is R; r = (e + x) mod n for any e.
  const e = draw(n);
  const r = mod(e + (point?.x ?? 0n), n);
  const t = mod(r + 1n, n);
  const key = multiply(invert(t, n), addPoints(point, negate(G)));
  memory.set(xy(key), io);
  memory.set(bytesOf(e), io + 64);
  memory.set(Uint8Array.from([...bytesOf(r), ...bytesOf(1n)]), io + 128);
  expect(wasm.sm2Verify?.(io, io + 64, io + 128)).toBe(0);
  expect(wasm.sm2Prepare?.(0, io)).toBe(0);
  expect(wasm.sm2VerifyPrepared?.(0, io + 64, io + 128)).toBe(0);
});

function findHighPoint(): string {
  for (let x = n; x < n + 64n; x++) {
    memory.set(Uint8Array.from([2, ...bytesOf(x)]), io);
    if (wasm.sm2ReadPoint?.(io, 33, OUT) === 0) return hex(memory.slice(OUT, OUT + 64));
  }
  throw new Error('no point found');
}

test('scratch holds no secret after a call, whether it succeeded or not', () => {
  const d = draw(n - 1n);
  const secret = bytesOf(d);
  // The private key as 29-bit limbs, three in a row, is what a forgotten scratch would show.
  const limbs = new Uint8Array(24);
  const view = new DataView(limbs.buffer);
  for (let i = 0; i < 3; i++) view.setBigInt64(8 * i, (d >> BigInt(29 * i)) & 0x1fffffffn, true);
  const words = secret.slice().reverse();
  const assertAbsent = () => {
    const image = Buffer.from(memory);
    for (const trace of [secret, words.subarray(0, 16), limbs])
      expect(image.includes(Buffer.from(trace))).toBe(false);
  };
  const finish = () => {
    memory.fill(0, io, io + 73728);
    assertAbsent();
  };
  call('sm2PublicKey', [secret], 64);
  finish();
  memory.set(secret, io);
  memory.set(bytesOf(draw(n)), io + 64);
  memory.set(bytesOf(draw(n)), io + 128);
  wasm.sm2Sign?.(io, 0, io + 64, io + 128, OUT);
  finish();
  call('sm2SigningFactor', [secret], 32);
  finish();
  memory.set(secret, io);
  memory.set(xy(multiply(9n, G)), io + 64);
  wasm.sm2StartDecrypt?.(io, io + 64);
  finish();
  memory.set(secret, io);
  memory.fill(1, io + 64, io + 128);
  expect(wasm.sm2StartDecrypt?.(io, io + 64)).toBe(-2);
  finish();
  const peer = xy(multiply(11n, G));
  memory.set(secret, io);
  memory.set(bytesOf(draw(n)), io + 64);
  for (const at of [128, 192, 256]) memory.set(peer, io + at);
  wasm.sm2Exchange?.(io, io + 64, io + 128, io + 192, io + 256, OUT);
  finish();
});
