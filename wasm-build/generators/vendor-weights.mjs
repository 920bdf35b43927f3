// Writes assembly/vendors/VENDOR/weights.gen.ts from weights.json beside it, for every vendor that has
// one: the two limits, and every array as int16 with one scale.
// Usage: node wasm-build/generators/vendor-weights.mjs [VENDOR ...]
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { writeGenerated } from './write.mjs';

const LEVELS = 32767;
const folder = new URL('../../assembly/vendors/', import.meta.url);
const entries = await readdir(folder, { withFileTypes: true });
const named = process.argv.slice(2);
const vendors = entries
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter(
    (name) =>
      (named.length === 0 || named.includes(name)) &&
      existsSync(new URL(`${name}/weights.json`, folder)),
  );

function lines(numbers) {
  const rows = [];
  let row = ' ';
  for (const number of numbers) {
    const next = ` ${number},`;
    if (row.length + next.length > 99) {
      rows.push(row);
      row = ' ';
    }
    row += next;
  }
  return [...rows, row].join('\n');
}

/** The arrays of a model in the order in which decision.ts reads them. */
function arraysOf(net) {
  const arrays = ['fm', 'fs', 'gm', 'gs'].map((name) => net[name]);
  for (const [index, layer] of net.a.entries()) arrays.push(...layer, ...net.b[index]);
  return [...arrays, ...net.l, ...net.c, ...net.d];
}

for (const vendor of vendors) {
  const { nets, accept, reject } = JSON.parse(
    await readFile(new URL(`${vendor}/weights.json`, folder), 'utf8'),
  );
  const values = [];
  const scales = [];
  for (const array of nets.flatMap(arraysOf)) {
    const numbers = [array].flat(Infinity);
    const scale = Math.max(1e-9, ...numbers.map(Math.abs)) / LEVELS;
    scales.push(Math.fround(scale));
    for (const number of numbers) values.push(Math.round(number / scale));
  }
  await writeGenerated(
    import.meta.url,
    `assembly/vendors/${vendor}/weights.gen.ts`,
    () => `
/** Log odds from which an imprint is taken for genuine, and below which for a forgery. */
export const ACCEPT: f32 = ${accept};
export const REJECT: f32 = ${reject};
/** How many models are averaged. */
export const MODELS: i32 = ${nets.length};
/** One scale per array. */
export const scales = memory.data<f32>([
${lines(scales)}
]);
export const values = memory.data<i16>([
${lines(values)}
]);
`,
  );
}
