// Writes assembly/vendors/VENDOR/weights.gen.ts from weights.json beside it, for every vendor that has
// one: the two limits, and every array as int16 with one scale; and the eye of `glyphs`.
// Usage: node wasm-build/generators/vendor-weights.mjs [VENDOR ...]
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { quantised } from './tables.mjs';
import { writeGenerated } from './write.mjs';

const folder = new URL('../../assembly/vendors/', import.meta.url);
const entries = await readdir(folder, { withFileTypes: true });
const named = process.argv.slice(2).filter((word) => word !== '--check');
const vendors = entries
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter(
    (name) =>
      (named.length === 0 || named.includes(name)) &&
      existsSync(new URL(`${name}/weights.json`, folder)),
  );

/** Ten bits a number: as many as change no log odds by more than a hundredth. */
const LEVELS = 511;

/**
 * Means and deviations of the figures, for which 0 would be far from the least deviation: sixteen
 * bits.
 */
const finely = (numbers) => Object.assign([...numbers], { levels: 32_767 });

/** The arrays of a model in the order in which decision.ts reads them. */
function arraysOf(net) {
  const arrays = ['fm', 'fs', 'gm', 'gs'].map((name) => finely(net[name]));
  for (const [index, layer] of net.a.entries()) arrays.push(...layer, ...net.b[index]);
  return [...arrays, ...net.l, ...net.c, ...net.d];
}

for (const vendor of vendors) {
  const { nets, accept, reject } = JSON.parse(
    await readFile(new URL(`${vendor}/weights.json`, folder), 'utf8'),
  );
  await writeGenerated(
    import.meta.url,
    `assembly/vendors/${vendor}/weights.gen.ts`,
    () => `
/** Log odds from which an imprint is taken for genuine, and below which for a forgery. */
export const ACCEPT: f32 = ${accept};
export const REJECT: f32 = ${reject};
/** How many models are averaged. */
export const MODELS: i32 = ${nets.length};
${quantised(nets.flatMap(arraysOf), LEVELS)}`,
  );
}

if (named.length === 0 || named.includes('glyphs')) {
  // The eye needs no more than a byte a number.
  const layers = JSON.parse(await readFile(new URL('glyphs/eye.json', folder), 'utf8'));
  await writeGenerated(
    import.meta.url,
    'assembly/vendors/glyphs/eye.gen.ts',
    () => `\n${quantised(layers, 127, 'i8')}`,
  );
}
