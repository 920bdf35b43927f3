// Writes assembly/gm/sm3-rounds.gen.ts: the compression function of SM3 (GB/T 32905 §5.3) unrolled
// over its 64 rounds, once for one message in scalar words and once for four messages in the lanes
// of SIMD words. Unrolling turns the eight moves of a round into renaming, keeps the sixteen live
// words of message expansion in locals, and makes every rotated round constant a literal.
// Usage: node wasm-build/generators/sm3.mjs
import { writeGenerated } from './write.mjs';

const rotateLeft = (x, n) => (n === 0 ? x : (x << n) | (x >>> (32 - n))) >>> 0;

/** GB/T 32905 §4.2, T_j <<< (j mod 32). */
const roundConstant = (j) => rotateLeft(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32);

const hex = (x) => `0x${x.toString(16).padStart(8, '0')}`;

const scalar = {
  type: 'u32',
  add: (a, b) => `(${a} + ${b})`,
  xor: (a, b) => `(${a} ^ ${b})`,
  rotl: (a, n) => `rotl<u32>(${a}, ${n})`,
  constant: hex,
  choose: (e, f, g) => `(((${f} ^ ${g}) & ${e}) ^ ${g})`,
  majority: (a, b, c) => `((${a} & ${b}) | ((${a} | ${b}) & ${c}))`,
  load: (i) => `load<u32>(state, ${4 * i})`,
  store: (i, value) => `store<u32>(state, ${value}, ${4 * i})`,
};

const lanes = {
  type: 'v128',
  add: (a, b) => `i32x4.add(${a}, ${b})`,
  xor: (a, b) => `v128.xor(${a}, ${b})`,
  rotl: (a, n) => `v128.or(i32x4.shl(${a}, ${n}), i32x4.shr_u(${a}, ${32 - n}))`,
  constant: (c) => `i32x4.splat(${hex(c)})`,
  choose: (e, f, g) => `v128.bitselect(${f}, ${g}, ${e})`,
  majority: (a, b, c) => `v128.or(v128.and(${a}, ${b}), v128.and(v128.or(${a}, ${b}), ${c}))`,
  load: (i) => `v128.load(state, ${16 * i})`,
  store: (i, value) => `v128.store(state, ${value}, ${16 * i})`,
};

/** The 64 rounds. Word W[j] lives in `w${j % 16}`; the registers are renamed instead of moved. */
function rounds(op) {
  const { add, xor, rotl } = op;
  const lines = [];
  const w = (j) => `w${j % 16}`;
  let names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (let j = 0; j < 64; j++) {
    if (j >= 12) {
      const n = j + 4;
      lines.push(
        `x = ${xor(xor(w(n - 16), w(n - 9)), rotl(w(n - 3), 15))};`,
        `${w(n)} = ${xor(
          xor(xor(xor('x', rotl('x', 15)), rotl('x', 23)), rotl(w(n - 13), 7)),
          w(n - 6),
        )};`,
      );
    }
    const [a, b, c, d, e, f, g, h] = names;
    const ff = j < 16 ? xor(xor(a, b), c) : op.majority(a, b, c);
    const gg = j < 16 ? xor(xor(e, f), g) : op.choose(e, f, g);
    lines.push(
      `ss2 = ${rotl(a, 12)};`,
      `ss1 = ${rotl(add(add('ss2', e), op.constant(roundConstant(j))), 7)};`,
      `ss2 = ${xor('ss1', 'ss2')};`,
      `${d} = ${add(add(add(ff, d), 'ss2'), xor(w(j), w(j + 4)))};`,
      `x = ${add(add(add(gg, h), 'ss1'), w(j))};`,
      `${h} = ${xor(xor('x', rotl('x', 9)), rotl('x', 17))};`,
      `${b} = ${rotl(b, 9)};`,
      `${f} = ${rotl(f, 19)};`,
    );
    names = [d, a, b, c, h, e, f, g];
  }
  return { lines, names };
}

const indent = (lines, depth) => lines.map((line) => `${' '.repeat(depth)}${line}`).join('\n');
const registers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

function oneStream() {
  const { lines, names } = rounds(scalar);
  const chain = registers.map((_, i) => `let h${i}: u32 = ${scalar.load(i)};`);
  const block = Array.from(
    { length: 16 },
    (_, i) => `let w${i}: u32 = bswap<u32>(load<u32>(blocks, ${4 * i}));`,
  );
  return `/**
 * Absorbs \`count\` blocks of 64 bytes at \`blocks\` into the eight words at \`state\`.
 *
 * Words of the state are in the machine's order; the block is read big-endian. Lengths and overlap
 * are the caller's affair.
 */
export function compress(state: usize, blocks: usize, count: u32): void {
${indent(chain, 2)}
  while (count > 0) {
${indent(block, 4)}
${indent(
  registers.map((name, i) => `let ${name}: u32 = h${i};`),
  4,
)}
    let ss1: u32 = 0;
    let ss2: u32 = 0;
    let x: u32 = 0;
${indent(lines, 4)}
${indent(
  names.map((name, i) => `h${i} ^= ${name};`),
  4,
)}
    blocks += 64;
    count--;
  }
${indent(
  registers.map((_, i) => `${scalar.store(i, `h${i}`)};`),
  2,
)}
}
`;
}

/** Sixteen big-endian words of four blocks, transposed so that lane k belongs to stream k. */
function transposedBlock() {
  const lines = [];
  const order = '3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12';
  for (let q = 0; q < 4; q++) {
    for (let k = 0; k < 4; k++) {
      lines.push(
        `const r${q}${k}: v128 = v128.load(p${k}, ${16 * q});`,
        `const s${q}${k}: v128 = v128.shuffle<u8>(r${q}${k}, r${q}${k}, ${order});`,
      );
    }
    for (const [name, x, y, pick] of [
      ['t0', 0, 1, '0, 4, 1, 5'],
      ['t1', 2, 3, '0, 4, 1, 5'],
      ['t2', 0, 1, '2, 6, 3, 7'],
      ['t3', 2, 3, '2, 6, 3, 7'],
    ]) {
      lines.push(`const ${name}${q}: v128 = v128.shuffle<u32>(s${q}${x}, s${q}${y}, ${pick});`);
    }
    for (const [i, x, y, pick] of [
      [0, 't0', 't1', '0, 2'],
      [1, 't0', 't1', '1, 3'],
      [2, 't2', 't3', '0, 2'],
      [3, 't2', 't3', '1, 3'],
    ]) {
      lines.push(`let w${4 * q + i}: v128 = v128.shuffle<u64>(${x}${q}, ${y}${q}, ${pick});`);
    }
  }
  return lines;
}

function fourStreams() {
  const { lines, names } = rounds(lanes);
  return `/**
 * Absorbs \`count\` blocks of each of four messages, at p0 to p3, into the state at \`state\`: eight
 * SIMD words, lane k of word i being chaining word i of message k.
 */
export function compress4(
  state: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  count: u32,
): void {
${indent(
  registers.map((_, i) => `let h${i}: v128 = ${lanes.load(i)};`),
  2,
)}
  while (count > 0) {
${indent(transposedBlock(), 4)}
${indent(
  registers.map((name, i) => `let ${name}: v128 = h${i};`),
  4,
)}
    let ss1: v128 = i32x4.splat(0);
    let ss2: v128 = ss1;
    let x: v128 = ss1;
${indent(lines, 4)}
${indent(
  names.map((name, i) => `h${i} = ${lanes.xor(`h${i}`, name)};`),
  4,
)}
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
    count--;
  }
${indent(
  registers.map((_, i) => `${lanes.store(i, `h${i}`)};`),
  2,
)}
}
`;
}

await writeGenerated(import.meta.url, 'assembly/gm/sm3-rounds.gen.ts', () =>
  [oneStream(), fourStreams()].join('\n'),
);
