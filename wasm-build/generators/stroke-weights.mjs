// Writes assembly/vendors/stroke/weights.gen.ts from weights.json beside it: every array as int16
// with one scale. Usage: node wasm-build/generators/stroke-weights.mjs
import { readFile } from 'node:fs/promises';
import { writeGenerated } from './write.mjs';

const LEVELS = 32767;
const weightsUrl = new URL('../../assembly/vendors/stroke/weights.json', import.meta.url);
const { nets } = JSON.parse(await readFile(weightsUrl, 'utf8'));

const values = [];
const scales = [];
function put(array) {
  const numbers = [array].flat(Infinity);
  const scale = Math.max(1e-9, ...numbers.map(Math.abs)) / LEVELS;
  scales.push(Math.fround(scale));
  for (const number of numbers) values.push(Math.round(number / scale));
}

// The order in which decision.ts reads them.
for (const net of nets) {
  for (const name of ['fm', 'fs', 'gm', 'gs']) put(net[name]);
  for (let scale = 0; scale < 2; scale++) {
    for (const name of ['a', 'b']) net[name][scale].forEach(put);
  }
  for (const name of ['l', 'c', 'd']) net[name].forEach(put);
}

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

await writeGenerated(
  import.meta.url,
  'assembly/vendors/stroke/weights.gen.ts',
  () => `
/** One scale per array. */
export const scales = memory.data<f32>([
${lines(scales)}
]);
export const values = memory.data<i16>([
${lines(values)}
]);
`,
);
