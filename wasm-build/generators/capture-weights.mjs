// Writes assembly/seal/capture.gen.ts from capture.json beside it: the model of the detector of
// secondary captures.
import { readFile } from 'node:fs/promises';
import { quantised } from './tables.mjs';
import { writeGenerated } from './write.mjs';

/** Twelve bits a number, which move the odds by a thousandth. */
const LEVELS = 2047;

const model = JSON.parse(
  await readFile(new URL('../../assembly/seal/capture.json', import.meta.url), 'utf8'),
);
const table = (name, numbers) =>
  `export const ${name} = memory.data<f32>([\n${numbers.map((number) => `  ${number},\n`).join('')}]);\n`;
await writeGenerated(
  import.meta.url,
  'assembly/seal/capture.gen.ts',
  () => `
export const HIDDEN: i32 = ${model.hidden.length};
export const lastBias: f32 = ${model.lastBias};
${table('means', model.means)}${table('spreads', model.spreads)}${table('hiddenBias', model.hiddenBias)}${table('lastWeights', model.last)}${quantised(model.hidden, LEVELS)}`,
);
