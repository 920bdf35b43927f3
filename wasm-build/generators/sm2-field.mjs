// Writes assembly/gm/field.gen.ts: products modulo the prime p and the order n of the SM2 curve
// (GB/T 32918.5) over nine limbs of 29 bits in i64 words, with Montgomery factor R = 2^261.
//
// 29 bits because WebAssembly has no 64 x 64 -> 128 bit product and no carry flag: a product of two
// limbs has 58 bits, and eight of them fit a signed word with a factor of three to spare. That
// room, and the five bits between 2^256 and R, let sums and differences go unreduced.
//
// -1/p is 1 modulo 2^29, so a digit of the Montgomery quotient is the low limb itself, and
// p = 2^256 - 2^224 - 2^96 + 2^64 - 1 makes its product with p four shifts. They are shared by
// pairs: column k receives (m[k-2] - 8 m[k-3]) 2^6 - (m[k-7] - 8 m[k-8]) 2^21.
//
// A tight element has limbs 0..7 in [0, 2^29) and limb 8 within +-2^28. Every function stores
// tight limbs (mulTriple nearly: see there) and says which products its inputs may form; the unit
// of those bounds is 2^58 per pair of limbs, and the sum of a column must stay within three units
// on either side. test/assembly/gm/field.test.ts feeds the extremes of all of them.
// Usage: node wasm-build/generators/sm2-field.mjs [--check]
import { writeGenerated } from './write.mjs';

const LIMBS = 9;
const BITS = 29n;
const MASK = (1n << BITS) - 1n;
const R = 1n << (BITS * BigInt(LIMBS));

const p = (1n << 256n) - (1n << 224n) - (1n << 96n) + (1n << 64n) - 1n;
const n = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const b = 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n;
const gx = 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n;
const gy = 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n;

const mask = `0x${MASK.toString(16)}`;
const range = (count) => Array.from({ length: count }, (_, i) => i);
const limbsOf = (x, bits = BITS) =>
  range(LIMBS).map((i) => (x >> (bits * BigInt(i))) & ((1n << bits) - 1n));

/** The inverse of odd `x` modulo 2^bits, by Newton's iteration. */
function inverseOfOdd(x, bits) {
  const modulus = 1n << bits;
  let y = 1n;
  for (let known = 1n; known < bits; known *= 2n) y = (y * (2n - x * y)) % modulus;
  return ((y % modulus) + modulus) % modulus;
}

const table = (name, comment, x, bits) =>
  `/** ${comment} */\nexport const ${name} = memory.data<i64>([${limbsOf(x, bits)
    .map((limb) => `0x${limb.toString(16)}`)
    .join(', ')}]);\n`;

/** Locals `${name}0` to `${name}8`, loaded from `pointer`. */
const loadLimbs = (name, pointer) =>
  range(LIMBS).map((i) => `const ${name}${i} = load<i64>(${pointer}, ${8 * i});`);

const defineLimbs = (name, expression) =>
  range(LIMBS).map((i) => `const ${name}${i} = ${expression(i)};`);

/** The terms of each column of x * y. */
function productColumns(x, y) {
  return range(2 * LIMBS - 1).map((k) =>
    range(LIMBS)
      .filter((i) => k - i >= 0 && k - i < LIMBS)
      .map((i) => `${x}${i} * ${y}${k - i}`),
  );
}

/** The terms of each column of x * x (or 2 x * x), given locals with twice the limbs of x. */
function squareColumns(x, twice, doubled = false) {
  return range(2 * LIMBS - 1).map((k) =>
    range(LIMBS)
      .filter((i) => i <= k - i && k - i < LIMBS)
      .map((i) => {
        const j = k - i;
        if (i === j) return doubled ? `${twice}${i} * ${x}${i}` : `${x}${i} * ${x}${i}`;
        return doubled ? `${twice}${i} * ${twice}${j}` : `${twice}${i} * ${x}${j}`;
      }),
  );
}

/** What the quotient digits known so far add to column k, modulo p. */
function quotientTermsP(k) {
  const terms = [];
  const pair = (j) => j >= 0 && j <= LIMBS;
  if (pair(k - 2)) terms.push(`+ (u${k - 2} << 6)`);
  if (pair(k - 7)) terms.push(`- (u${k - 7} << 21)`);
  return terms;
}

function digitP(k) {
  const lines = [`const m${k} = t & ${mask};`, `const c${k} = t >> 29;`];
  lines.push(k === 0 ? 'const u0 = m0;' : `const u${k} = m${k} - (m${k - 1} << 3);`);
  if (k === LIMBS - 1) lines.push(`const u${LIMBS} = -(m${k} << 3);`);
  return lines;
}

const nLimbs = limbsOf(n);
const nInverse = (1n << BITS) - inverseOfOdd(n, BITS);

function quotientTermsN(k) {
  return range(LIMBS)
    .filter((i) => i < k && k - i < LIMBS)
    .map((i) => `+ m${i} * 0x${nLimbs[k - i].toString(16)}`);
}

function digitN(k) {
  return [
    `const m${k} = (t * 0x${nInverse.toString(16)}) & ${mask};`,
    `const c${k} = (t + m${k} * 0x${nLimbs[0].toString(16)}) >> 29;`,
  ];
}

/**
 * Sums columns, reduces and stores. `added` and `subtracted` are column lists; `finish(i)` is what
 * goes on top of limb i of the result before its carry is taken.
 */
function reduce({ added, subtracted, finish, modulusN = false, output }) {
  const lines = ['let t: i64;'];
  const store = output ?? ((i, value) => [`store<i64>(r, ${value}, ${8 * i});`]);
  for (const k of range(2 * LIMBS - 1)) {
    const terms = [added[k].join(' + ')];
    if (subtracted) terms.push(...subtracted[k].map((term) => `- ${term}`));
    terms.push(...(modulusN ? quotientTermsN(k) : quotientTermsP(k)));
    if (k > 0) terms.push(`+ c${k - 1}`);
    if (k >= LIMBS && finish) terms.push(finish(k - LIMBS));
    lines.push(`t = ${terms.join(' ')};`);
    if (k < LIMBS) lines.push(...(modulusN ? digitN(k) : digitP(k)));
    else lines.push(`const c${k} = t >> 29;`, ...store(k - LIMBS, `t & ${mask}`));
  }
  const top = `c${2 * LIMBS - 2}`;
  lines.push(...store(LIMBS - 1, finish ? `${top} ${finish(LIMBS - 1)}` : top));
  return lines;
}

function define(name, parameters, comment, lines) {
  const list = ['r', ...parameters].map((parameter) => `${parameter}: usize`).join(', ');
  return `/** ${comment} */\nexport function ${name}(${list}): void {\n${lines
    .map((line) => `  ${line}`)
    .join('\n')}\n}\n`;
}

const limb = (pointer, i) => `load<i64>(${pointer}, ${8 * i})`;

function products() {
  const ab = [...loadLimbs('x', 'a'), ...loadLimbs('y', 'b')];
  const square = [...loadLimbs('x', 'a'), ...defineLimbs('d', (i) => `x${i} << 1`)];
  return [
    define('mul', ['a', 'b'], 'r = a b / R. Units of a times units of b: at most 3.', [
      ...ab,
      ...reduce({ added: productColumns('x', 'y') }),
    ]),
    define('mulTwice', ['a', 'b'], 'r = 2 a b / R, a and b tight.', [
      ...loadLimbs('x', 'a'),
      ...defineLimbs('y', (i) => `${limb('b', i)} << 1`),
      ...reduce({ added: productColumns('x', 'y') }),
    ]),
    define('mulSub', ['a', 'b', 'c'], 'r = a b / R - c. All tight.', [
      ...ab,
      ...reduce({ added: productColumns('x', 'y'), finish: (i) => `- ${limb('c', i)}` }),
    ]),
    define('sqr', ['a'], 'r = a a / R. a tight, or a difference of two.', [
      ...square,
      ...reduce({ added: squareColumns('x', 'd') }),
    ]),
    define('sqrTwice', ['a'], 'r = 2 a a / R, a tight.', [
      ...square,
      ...reduce({ added: squareColumns('x', 'd', true) }),
    ]),
    define('sqrSub4', ['a', 'b'], 'r = a a / R - 4 b. a nearly tight, b tight.', [
      ...square,
      ...reduce({
        added: squareColumns('x', 'd'),
        finish: (i) => `- (${limb('b', i)} << 2)`,
      }),
    ]),
    define('sqrSubSub2', ['a', 'b', 'c'], 'r = a a / R - b - 2 c. All tight.', [
      ...square,
      ...reduce({
        added: squareColumns('x', 'd'),
        finish: (i) => `- ${limb('b', i)} - (${limb('c', i)} << 1)`,
      }),
    ]),
    define(
      'sqrSubSub',
      ['a', 'b', 'c'],
      'r = a a / R - b - c. a a difference of two, b, c tight.',
      [
        ...square,
        ...reduce({
          added: squareColumns('x', 'd'),
          finish: (i) => `- ${limb('b', i)} - ${limb('c', i)}`,
        }),
      ],
    ),
    define(
      'mulDiffSub',
      ['a', 'b', 'x', 'c', 'd'],
      'r = (a (b - x) - c d) / R. a tight or a difference of two, the others tight.',
      [
        ...loadLimbs('f', 'a'),
        ...defineLimbs('g', (i) => `${limb('b', i)} - ${limb('x', i)}`),
        ...loadLimbs('v', 'c'),
        ...loadLimbs('w', 'd'),
        ...reduce({ added: productColumns('f', 'g'), subtracted: productColumns('v', 'w') }),
      ],
    ),
    define(
      'mulDiffSub2Sqr',
      ['a', 'b', 'x', 'c'],
      'r = (a (2 b - x) - 2 c c) / R. a nearly tight, the others tight; the signs keep it within 3.',
      [
        ...loadLimbs('f', 'a'),
        ...defineLimbs('g', (i) => `(${limb('b', i)} << 1) - ${limb('x', i)}`),
        ...loadLimbs('v', 'c'),
        ...defineLimbs('w', (i) => `v${i} << 1`),
        ...reduce({ added: productColumns('f', 'g'), subtracted: squareColumns('v', 'w', true) }),
      ],
    ),
    mulTriple(),
    define('mulN', ['a', 'b'], 'r = a b / R modulo n. Both tight.', [
      ...ab,
      ...reduce({ added: productColumns('x', 'y'), modulusN: true }),
    ]),
  ];
}

/** 3 (a - b)(a + b), carried through a second chain and folded at 2^256. */
function mulTriple() {
  const second = (i, value) => [
    i === 0 ? `let e = 3 * (${value});` : `e = 3 * (${value}) + (e >> 29);`,
    i < LIMBS - 1 ? `const r${i} = e & ${mask};` : `const q = e >> 24;`,
  ];
  return define(
    'mulTriple',
    ['a', 'b'],
    '3 (a - b)(a + b) / R, a and b tight. Its value is brought within 1.1 p by folding at 2^256,\n' +
      ' * which may leave limbs 0, 2, 3 and 7 up to 2^26 outside the tight range: nearly tight.',
    [
      ...loadLimbs('v', 'a'),
      ...loadLimbs('w', 'b'),
      ...defineLimbs('x', (i) => `v${i} - w${i}`),
      ...defineLimbs('y', (i) => `v${i} + w${i}`),
      ...reduce({ added: productColumns('x', 'y'), output: second }),
      // q 2^256 = q (2^224 + 2^96 - 2^64 + 1) modulo p.
      'store<i64>(r, r0 + q, 0);',
      'store<i64>(r, r1, 8);',
      'store<i64>(r, r2 - (q << 6), 16);',
      'store<i64>(r, r3 + (q << 9), 24);',
      'store<i64>(r, r4, 32);',
      'store<i64>(r, r5, 40);',
      'store<i64>(r, r6, 48);',
      'store<i64>(r, r7 + (q << 21), 56);',
      'store<i64>(r, e & 0xffffff, 64);',
    ],
  );
}

function linear(name, parameters, comment, expression, carried) {
  const lines = carried ? ['let t: i64;'] : [];
  for (const i of range(LIMBS)) {
    if (!carried) {
      lines.push(`store<i64>(r, ${expression(i)}, ${8 * i});`);
      continue;
    }
    lines.push(`t = ${expression(i)}${i > 0 ? ' + (t >> 29)' : ''};`);
    lines.push(`store<i64>(r, ${i < LIMBS - 1 ? `t & ${mask}` : 't'}, ${8 * i});`);
  }
  return define(name, parameters, comment, lines);
}

await writeGenerated(import.meta.url, 'assembly/gm/field.gen.ts', () =>
  [
    table('P', 'The prime p.', p),
    table('N', 'The order n.', n),
    table('ONE', 'The number 1, not in Montgomery form.', 1n),
    table('ONE_P', 'R modulo p: 1 in Montgomery form.', R % p),
    table('R2_P', 'R^2 modulo p.', (R * R) % p),
    table('R2_N', 'R^2 modulo n.', (R * R) % n),
    table('SHIFT_N', '2^256 R modulo n.', ((1n << 256n) * R) % n),
    table('B_P', 'The coefficient b in Montgomery form.', (b * R) % p),
    table('GX_P', 'The base point, x in Montgomery form.', (gx * R) % p),
    table('GY_P', 'The base point, y in Montgomery form.', (gy * R) % p),
    table('P_30', 'p in limbs of 30 bits.', p, 30n),
    table('N_30', 'n in limbs of 30 bits.', n, 30n),
    `/** 1/p and 1/n modulo 2^30. */\nexport const P_INVERSE_30: i64 = 0x${inverseOfOdd(p, 30n).toString(16)};`,
    `export const N_INVERSE_30: i64 = 0x${inverseOfOdd(n, 30n).toString(16)};\n`,
    ...products(),
    linear('copy', ['a'], 'r = a.', (i) => limb('a', i), false),
    linear(
      'add',
      ['a', 'b'],
      'r = a + b, not carried.',
      (i) => `${limb('a', i)} + ${limb('b', i)}`,
      false,
    ),
    linear(
      'sub',
      ['a', 'b'],
      'r = a - b, not carried.',
      (i) => `${limb('a', i)} - ${limb('b', i)}`,
      false,
    ),
    linear(
      'addCarry',
      ['a', 'b'],
      'r = a + b, tight.',
      (i) => `${limb('a', i)} + ${limb('b', i)}`,
      true,
    ),
    linear(
      'subCarry',
      ['a', 'b'],
      'r = a - b, tight.',
      (i) => `${limb('a', i)} - ${limb('b', i)}`,
      true,
    ),
    linear('carry', ['a'], 'r = a, tight.', (i) => limb('a', i), true),
  ].join('\n'),
);
