// Writes assembly/gm/sm4-rounds.gen.ts: the S-box of SM4 (GB/T 32907 §6.2) without any table in
// memory that a secret indexes, and the 32 rounds for one and for two groups of four blocks.
//
// The S-box is an affine map, inversion in GF(2^8), and the same affine map again. GF(2^8) is taken
// as GF(16) w + GF(16) w', w and w' = w + 1 being the roots of w^2 + w + 1/a, so that inversion
// needs only functions of four bits. Each of those is a byte shuffle, which finds sixteen entries
// in one register in constant time. With i and j the two coordinates and k = i + j:
//   u = 1 / (j + 1 / (1/i + a/k)) = (k + a i) / (k^2 + a i j), and v likewise with i, j exchanged,
// and the inverse is a GF(16)-linear combination of u and v. Infinity (1/0) is 0x80: a shuffle
// answers 0 to an index above 15, which is 1/infinity, and adding a nibble leaves it infinite. This
// way of nesting inversions is M. Hamburg's (Accelerating AES with Vector Permute Instructions,
// CHES 2009).
// Usage: node wasm-build/generators/sm4.mjs
import { writeGenerated } from './write.mjs';

// The algebra of the S-box: x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1, a circulant matrix, a constant.
const POLYNOMIAL = 0x1f5;
const MATRIX_ROW = 0xa7;
const CONSTANT = 0xd3;

function multiply(a, b) {
  let product = 0;
  for (; b > 0; b >>= 1) {
    if (b & 1) product ^= a;
    a = (a << 1) ^ (a & 0x80 ? POLYNOMIAL : 0);
  }
  return product;
}

function power(a, n) {
  let result = 1;
  for (; n > 0; n--) result = multiply(result, a);
  return result;
}

const parity = (x) => [...x.toString(2)].filter((bit) => bit === '1').length & 1;
const rotateByte = (x, n) => ((x << n) | (x >> (8 - n))) & 0xff;

function linear(x) {
  let y = 0;
  for (let i = 0; i < 8; i++) y |= parity(x & rotateByte(MATRIX_ROW, i)) << i;
  return y;
}

/** The S-box from its definition, for checking the split one against. */
export function sbox(x) {
  return linear(power(linear(x) ^ CONSTANT, 254)) ^ CONSTANT;
}

const bytes = Array.from({ length: 256 }, (_, i) => i);
const nibbles = bytes.slice(0, 16);

/** GF(16) inside GF(2^8), numbered so that addition of numbers is addition of elements. */
const generator = bytes.find(
  (x) => x > 1 && power(x, 16) === x && power(x, 3) !== 1 && power(x, 5) !== 1,
);
const subfield = nibbles.map((n) =>
  [0, 1, 2, 3].reduce((sum, bit) => sum ^ (n & (1 << bit) ? power(generator, bit) : 0), 0),
);
const numberOf = new Map(subfield.map((element, n) => [element, n]));
const inverse = (x) => power(x, 254);

// The first a for which w^2 + w + 1/a has no root in GF(16).
const a = subfield.find(
  (x) => x !== 0 && subfield.every((y) => (multiply(y, y) ^ y ^ inverse(x)) !== 0),
);
const w = bytes.find((x) => (multiply(x, x) ^ x ^ inverse(a)) === 0);
const w1 = w ^ 1;

const coordinates = new Map();
for (const i of nibbles) {
  for (const j of nibbles) {
    coordinates.set(multiply(subfield[i], w) ^ multiply(subfield[j], w1), { i, j });
  }
}
const packed = (x) => {
  const { i, j } = coordinates.get(x);
  return (j << 4) | i;
};

const INFINITY = 0x80;
const overA = (x) => multiply(x, inverse(a));
const reciprocal = (n, numerator) =>
  n === 0 ? INFINITY : numberOf.get(multiply(numerator, inverse(subfield[n])));
const output = (n, factor) => (n === 0 ? 0 : linear(multiply(inverse(subfield[n]), overA(factor))));

const tables = {
  inputLow: nibbles.map((n) => packed(linear(n) ^ CONSTANT)),
  inputHigh: nibbles.map((n) => packed(linear(n << 4))),
  inverse: nibbles.map((n) => reciprocal(n, 1)),
  aOver: nibbles.map((n) => reciprocal(n, a)),
  outputU: nibbles.map((n) => output(n, w ^ multiply(1 ^ a, w1))),
  outputV: nibbles.map((n) => output(n, multiply(1 ^ a, w) ^ w1)),
};

function splitSbox(x) {
  const look = (table, n) => (n > 15 ? 0 : table[n]);
  const t = tables.inputLow[x & 15] ^ tables.inputHigh[x >> 4];
  const i = t & 15;
  const j = t >> 4;
  const ak = look(tables.aOver, i ^ j);
  const u = j ^ look(tables.inverse, look(tables.inverse, i) ^ ak);
  const v = i ^ look(tables.inverse, look(tables.inverse, j) ^ ak);
  return look(tables.outputU, u) ^ look(tables.outputV, v) ^ CONSTANT;
}
for (const x of bytes) {
  if (splitSbox(x) !== sbox(x)) throw new Error(`the split S-box is wrong at ${x}`);
}

const tableNames = Object.keys(tables);
const loadTables = [
  ...tableNames.map((name, i) => `const ${name}: v128 = v128.load(tables, ${16 * i});`),
  'const nibble: v128 = i8x16.splat(0x0f);',
  `const constant: v128 = i32x4.splat(0x${CONSTANT.toString(16).repeat(4)});`,
];

/** The S-box on sixteen bytes; `x` is a variable, `out` the one that receives the result. */
function substitution(x, out, tag) {
  const [t, i, j, ak, u, v] = ['t', 'i', 'j', 'k', 'u', 'v'].map((name) => `${name}${tag}`);
  return [
    `const ${t}: v128 = v128.xor(`,
    `  i8x16.swizzle(inputLow, v128.and(${x}, nibble)),`,
    `  i8x16.swizzle(inputHigh, v128.and(i32x4.shr_u(${x}, 4), nibble)),`,
    ');',
    `const ${i}: v128 = v128.and(${t}, nibble);`,
    `const ${j}: v128 = v128.and(i32x4.shr_u(${t}, 4), nibble);`,
    `const ${ak}: v128 = i8x16.swizzle(aOver, v128.xor(${i}, ${j}));`,
    `const ${u}: v128 = v128.xor(`,
    `  ${j},`,
    `  i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, ${i}), ${ak})),`,
    ');',
    `const ${v}: v128 = v128.xor(`,
    `  ${i},`,
    `  i8x16.swizzle(inverse, v128.xor(i8x16.swizzle(inverse, ${j}), ${ak})),`,
    ');',
    `const ${out}: v128 = v128.xor(`,
    `  v128.xor(i8x16.swizzle(outputU, ${u}), i8x16.swizzle(outputV, ${v})),`,
    '  constant,',
    ');',
  ];
}

const rotated = {
  8: '3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14',
  16: '2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13',
  24: '1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12',
};
const rotateWords = (x, n) => `v128.shuffle<u8>(${x}, ${x}, ${rotated[n]})`;

/** One round: `x0 ^= L(S(x1 ^ x2 ^ x3 ^ key))`, GB/T 32907 §6.2. */
function round(x0, x1, x2, x3, tag) {
  return [
    `const x${tag}: v128 = v128.xor(v128.xor(${x1}, ${x2}), v128.xor(${x3}, key));`,
    ...substitution(`x${tag}`, `s${tag}`, tag),
    `const r${tag}: v128 = v128.or(i32x4.shl(s${tag}, 2), i32x4.shr_u(s${tag}, 30));`,
    `${x0} = v128.xor(`,
    `  v128.xor(v128.xor(${x0}, s${tag}), v128.xor(r${tag}, ${rotateWords(`s${tag}`, 24)})),`,
    `  v128.xor(${rotateWords(`r${tag}`, 8)}, ${rotateWords(`r${tag}`, 16)}),`,
    ');',
  ];
}

const reversedBytes = '3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12';

/** Four blocks become four words of four lanes: word i of block k is lane k of the i-th name. */
function loadGroup(group, names) {
  const lines = [];
  for (let k = 0; k < 4; k++) {
    const raw = `raw${group}${k}`;
    lines.push(
      `const ${raw}: v128 = v128.load(from, ${64 * group + 16 * k});`,
      `const in${group}${k}: v128 = v128.shuffle<u8>(${raw}, ${raw}, ${reversedBytes});`,
    );
  }
  const pairs = [
    ['lowA', 0, 1, '0, 4, 1, 5'],
    ['lowB', 2, 3, '0, 4, 1, 5'],
    ['highA', 0, 1, '2, 6, 3, 7'],
    ['highB', 2, 3, '2, 6, 3, 7'],
  ];
  for (const [name, x, y, pick] of pairs) {
    lines.push(
      `const ${name}${group}: v128 = v128.shuffle<u32>(in${group}${x}, in${group}${y}, ${pick});`,
    );
  }
  const merge = (half, pick) => `v128.shuffle<u64>(${half}A${group}, ${half}B${group}, ${pick})`;
  lines.push(
    `let ${names[0]}: v128 = ${merge('low', '0, 2')};`,
    `let ${names[1]}: v128 = ${merge('low', '1, 3')};`,
    `let ${names[2]}: v128 = ${merge('high', '0, 2')};`,
    `let ${names[3]}: v128 = ${merge('high', '1, 3')};`,
  );
  return lines;
}

/** Back to four blocks, words in reverse order as the last step of the cipher wants them. */
function storeGroup(group, [a0, a1, a2, a3]) {
  const lines = [
    `const outA${group}: v128 = v128.shuffle<u32>(${a3}, ${a2}, 0, 4, 1, 5);`,
    `const outB${group}: v128 = v128.shuffle<u32>(${a1}, ${a0}, 0, 4, 1, 5);`,
    `const outC${group}: v128 = v128.shuffle<u32>(${a3}, ${a2}, 2, 6, 3, 7);`,
    `const outD${group}: v128 = v128.shuffle<u32>(${a1}, ${a0}, 2, 6, 3, 7);`,
  ];
  const blocks = [
    ['outA', 'outB', '0, 2'],
    ['outA', 'outB', '1, 3'],
    ['outC', 'outD', '0, 2'],
    ['outC', 'outD', '1, 3'],
  ];
  blocks.forEach(([x, y, pick], k) => {
    const done = `done${group}${k}`;
    lines.push(
      `const ${done}: v128 = v128.shuffle<u64>(${x}${group}, ${y}${group}, ${pick});`,
      `v128.store(to, v128.shuffle<u8>(${done}, ${done}, ${reversedBytes}), ${64 * group + 16 * k});`,
    );
  });
  return lines;
}

const indent = (lines, depth) => lines.map((line) => `${' '.repeat(depth)}${line}`).join('\n');

function cipher(name, groups) {
  const words = Array.from({ length: groups }, (_, g) => ['a', 'b', 'c', 'd'].map((x) => x + g));
  const rounds = [];
  for (let r = 0; r < 4; r++) {
    rounds.push('{', `  const key: v128 = v128.load_splat<u32>(roundKeys + at, ${4 * r});`);
    words.forEach((names, g) => {
      const [x0, x1, x2, x3] = [0, 1, 2, 3].map((i) => names[(r + i) % 4]);
      rounds.push(...round(x0, x1, x2, x3, g).map((line) => `  ${line}`));
    });
    rounds.push('}');
  }
  return `/**
 * Runs the 32 round keys at \`roundKeys\` over the ${4 * groups} blocks at \`from\` and writes them to \`to\`, which
 * may be the same place. In reverse order the same keys undo it.
 */
export function ${name}(roundKeys: usize, from: usize, to: usize): void {
${indent(loadTables, 2)}
${indent(
  words.flatMap((names, g) => loadGroup(g, names)),
  2,
)}
  for (let at: usize = 0; at < 128; at += 16) {
${indent(rounds, 4)}
  }
${indent(
  words.flatMap((names, g) => storeGroup(g, names)),
  2,
)}
}
`;
}

function substitute() {
  return `/** The S-box on each of the four bytes of \`word\`, for the key schedule. */
export function substitute(word: u32): u32 {
${indent(loadTables, 2)}
  const x: v128 = i32x4.splat(word);
${indent(substitution('x', 'y', ''), 2)}
  return <u32>i32x4.extract_lane(y, 0);
}
`;
}

function tableData() {
  const rows = tableNames.map((name) => `  // ${name}\n  ${tables[name].join(', ')},`);
  return `const tables = memory.data<u8>([\n${rows.join('\n')}\n], 16);\n`;
}

await writeGenerated(import.meta.url, 'assembly/gm/sm4-rounds.gen.ts', () =>
  [tableData(), substitute(), cipher('cipher4', 1), cipher('cipher8', 2)].join('\n'),
);
