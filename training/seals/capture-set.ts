// Usage: node training/seals/run.mjs capture-set SET_FOLDER OUT. What the detector of secondary captures
// sees in every query of a set; needs the built `seal` module.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPictures } from '../../src/core/pictures.ts';

/** One picture: `isCopy` by what, null figures where there is nothing to tell by. */
export interface Examined {
  readonly id: string;
  readonly query: string;
  readonly isCopy: boolean;
  readonly printer: string | null;
  readonly genuine: boolean;
  readonly device: string;
  readonly physics: string;
  readonly figures: readonly number[] | null;
}

interface Listed {
  readonly id: string;
  readonly query: string;
  readonly genuine: boolean;
  readonly forgery: string | null;
  readonly sub: string | null;
  readonly dpi: number | null;
  readonly device?: string;
  readonly physics?: string;
}

const [folder = '', out = ''] = process.argv.slice(2);
const pictures = await loadPictures();
// The manifest is this folder's own program's.
const { pairs } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  pairs: Listed[];
};
const rows: Examined[] = [];
for (const pair of pairs) {
  const { id, query, genuine, forgery, sub, dpi, device = 'flatbed', physics = '' } = pair;
  const { width, height, rgba } = pictures.decode(await readFile(join(folder, query)));
  const raster = { width, height, rgba };
  const signs = pictures.examine(dpi === null ? raster : { ...raster, dpi });
  const isCopy = forgery === 'rescan';
  rows.push({
    id,
    query,
    isCopy,
    printer: isCopy ? sub : null,
    genuine,
    device,
    physics,
    figures: signs?.figures.map((value) => Number(value.toPrecision(6))) ?? null,
  });
}
await writeFile(out, JSON.stringify(rows));
