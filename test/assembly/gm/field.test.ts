import { describe, expect, test } from 'vitest';
import { compileEntry } from '../../helpers/assembly.ts';
import { bytesOf, drawer, invert, mod, n, numberOf, p } from '../../helpers/sm2-reference.ts';

const wasm = await compileEntry('assembly/gm/inspect.ts');
const io = wasm.io?.() ?? 0;
const memory = new DataView(wasm.memory.buffer);

const LIMB = 1n << 29n;
const TOP = 1n << 28n;
const R = 1n << 261n;
const draw = drawer(29);

type Limbs = readonly bigint[];
const slots = [0, 1, 2, 3, 4].map((i) => io + 1024 + 80 * i);
const result = io;

function run(name: string, operands: readonly Limbs[]): bigint[] {
  operands.forEach((limbs, i) => {
    limbs.forEach((limb, j) => {
      memory.setBigInt64((slots[i] ?? 0) + 8 * j, limb, true);
    });
  });
  wasm[name]?.(result, ...slots.slice(0, operands.length));
  return Array.from({ length: 9 }, (_, j) => memory.getBigInt64(result + 8 * j, true));
}

const numberIn = (limbs: Limbs) =>
  limbs.reduce((sum, limb, i) => sum + (limb << BigInt(29 * i)), 0n);

/** Tight elements whose every limb is at an end of its range, and random ones between. */
function tight(): bigint[] {
  const style = draw(5n);
  const low = Array.from({ length: 8 }, () => {
    if (style === 1n) return LIMB - 1n;
    if (style === 2n) return 0n;
    if (style === 3n) return draw(3n) === 1n ? LIMB - 1n : 0n;
    return draw(LIMB) - 1n;
  });
  const top = draw(4n);
  return [...low, top === 1n ? TOP - 1n : top === 2n ? -TOP + 1n : draw(2n * TOP) - TOP];
}

/** What mulTriple may leave: limbs 0, 2, 3 and 7 a little outside, the value near p. */
function nearlyTight(): bigint[] {
  const limbs = tight();
  const sign = draw(3n) === 1n ? 1n : -1n;
  for (const i of [0, 2, 3, 7]) limbs[i] = (limbs[i] ?? 0n) + sign * ((1n << 26n) - 1n);
  limbs[8] = draw(1n << 24n);
  return limbs;
}

/** A difference of two tight elements, not carried. */
function difference(): bigint[] {
  const [a, b] = [tight(), tight()];
  return a.map((limb, i) => limb - (b[i] ?? 0n));
}

type Kind = 'tight' | 'nearlyTight' | 'difference';
const make = { tight, nearlyTight, difference };

interface Operation {
  readonly name: string;
  readonly operands: readonly Kind[];
  readonly modulus?: bigint;
  /** What r R must be modulo the modulus, or r itself where `exact`. */
  readonly expected: (...values: bigint[]) => bigint;
  readonly exact?: boolean;
  /** The result may be nearly tight only. */
  readonly nearly?: boolean;
}

const v = (x: bigint | undefined) => x ?? 0n;
const operations: Operation[] = [
  { name: 'mul', operands: ['tight', 'tight'], expected: (a, b) => v(a) * v(b) },
  { name: 'mul', operands: ['difference', 'tight'], expected: (a, b) => v(a) * v(b) },
  { name: 'mul', operands: ['difference', 'difference'], expected: (a, b) => v(a) * v(b) },
  { name: 'mul', operands: ['nearlyTight', 'tight'], expected: (a, b) => v(a) * v(b) },
  { name: 'mulTwice', operands: ['tight', 'tight'], expected: (a, b) => 2n * v(a) * v(b) },
  {
    name: 'mulSub',
    operands: ['tight', 'tight', 'tight'],
    expected: (a, b, c) => v(a) * v(b) - v(c) * R,
  },
  {
    name: 'mulSub',
    operands: ['nearlyTight', 'difference', 'tight'],
    expected: (a, b, c) => v(a) * v(b) - v(c) * R,
  },
  { name: 'sqr', operands: ['tight'], expected: (a) => v(a) * v(a) },
  { name: 'sqr', operands: ['difference'], expected: (a) => v(a) * v(a) },
  { name: 'sqrTwice', operands: ['tight'], expected: (a) => 2n * v(a) * v(a) },
  {
    name: 'sqrSub4',
    operands: ['nearlyTight', 'tight'],
    expected: (a, b) => v(a) * v(a) - 4n * v(b) * R,
  },
  {
    name: 'sqrSubSub',
    operands: ['difference', 'tight', 'tight'],
    expected: (a, b, c) => v(a) * v(a) - (v(b) + v(c)) * R,
  },
  {
    name: 'sqrSubSub2',
    operands: ['tight', 'tight', 'tight'],
    expected: (a, b, c) => v(a) * v(a) - (v(b) + 2n * v(c)) * R,
  },
  {
    name: 'mulDiffSub',
    operands: ['tight', 'tight', 'tight', 'tight', 'tight'],
    expected: (a, b, x, c, d) => v(a) * (v(b) - v(x)) - v(c) * v(d),
  },
  {
    name: 'mulDiffSub2Sqr',
    operands: ['nearlyTight', 'tight', 'tight', 'tight'],
    expected: (a, b, x, c) => v(a) * (2n * v(b) - v(x)) - 2n * v(c) * v(c),
  },
  {
    name: 'mulTriple',
    operands: ['tight', 'tight'],
    expected: (a, b) => 3n * (v(a) - v(b)) * (v(a) + v(b)),
    nearly: true,
  },
  { name: 'mulN', operands: ['tight', 'tight'], modulus: n, expected: (a, b) => v(a) * v(b) },
  { name: 'carry', operands: ['difference'], expected: (a) => v(a), exact: true },
  { name: 'addCarry', operands: ['tight', 'tight'], expected: (a, b) => v(a) + v(b), exact: true },
  { name: 'subCarry', operands: ['tight', 'tight'], expected: (a, b) => v(a) - v(b), exact: true },
];

describe('field operations at the extremes of their limbs', () => {
  test.each(operations)('$name of $operands', (operation) => {
    const { modulus = p } = operation;
    for (let round = 0; round < 400; round++) {
      const operands = operation.operands.map((kind) => make[kind]());
      const limbs = run(operation.name, operands);
      const wanted = operation.expected(...operands.map(numberIn));
      const got = operation.exact ? numberIn(limbs) : mod(numberIn(limbs) * R, modulus);
      if (got !== (operation.exact ? wanted : mod(wanted, modulus))) {
        throw new Error(`round ${round}: ${operands.map(String).join(' | ')}`);
      }
      const slack = operation.nearly ? 1n << 26n : 0n;
      for (const limb of limbs.slice(0, 8)) {
        expect(limb >= -slack && limb < LIMB + slack).toBe(true);
      }
      if (operation.nearly) expect(v(limbs[8]) >= 0n && v(limbs[8]) < 1n << 24n).toBe(true);
    }
  });

  test.each(operations)(
    '$name gives the same where the result overwrites $operands',
    (operation) => {
      for (let round = 0; round < 20; round++) {
        const operands = operation.operands.map((kind) => make[kind]());
        const apart = run(operation.name, operands);
        for (let i = 0; i < operands.length; i++) {
          run(operation.name, operands);
          const target = slots[i] ?? 0;
          wasm[operation.name]?.(target, ...slots.slice(0, operands.length));
          const over = Array.from({ length: 9 }, (_, j) =>
            memory.getBigInt64(target + 8 * j, true),
          );
          expect(over).toEqual(apart);
        }
      }
    },
  );
});

describe('inversion', () => {
  const edges = [1n, 2n, 3n, (1n << 255n) - 1n, 1n << 255n, (1n << 128n) - 1n];

  test('modulo n is that of the reference', () => {
    const bytes = new Uint8Array(wasm.memory.buffer);
    const [a, b] = [slots[0] ?? 0, slots[1] ?? 0];
    const random = Array.from({ length: 300 }, () => draw(n));
    for (const x of [...edges, n - 1n, n - 2n, (n - 1n) / 2n, (n + 1n) / 2n, ...random]) {
      bytes.set(bytesOf(x), io);
      wasm.fromBytes?.(a, io);
      wasm.invertN?.(b, a);
      wasm.toBytes?.(io, b);
      expect(numberOf(bytes.slice(io, io + 32))).toBe(invert(x, n));
    }
  });

  test('modulo p keeps the Montgomery form', () => {
    const random = Array.from({ length: 300 }, () => draw(p));
    for (const x of [...edges, p - 1n, p - 2n, (p - 1n) / 2n, ...random]) {
      const limbs = Array.from({ length: 9 }, (_, i) => (mod(x * R, p) >> BigInt(29 * i)) % LIMB);
      expect(mod(numberIn(run('invertP', [limbs])), p)).toBe(mod(invert(x, p) * R, p));
    }
  });

  test('of zero is zero', () => {
    const zero = Array.from({ length: 9 }, () => 0n);
    expect(mod(numberIn(run('invertP', [zero])), p)).toBe(0n);
  });
});

test('a wide number is reduced modulo n', () => {
  const bytes = new Uint8Array(wasm.memory.buffer);
  const bound = 1n << 512n;
  for (const x of [0n, 1n, n, n - 1n, 2n * n, bound - 1n, bound - n, draw(bound), draw(bound)]) {
    bytes.set(bytesOf(x, 64), io);
    wasm.loadWideN?.(slots[0] ?? 0, io);
    wasm.toBytes?.(io, slots[0] ?? 0);
    expect(numberOf(bytes.slice(io, io + 32))).toBe(x % n);
  }
});
