import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readJson } from './tools.mjs';

/** Every file at `path`, or below it when it is a folder, whose name ends as the budget asks. */
async function filesAt(root, path, ending = '') {
  const absolute = join(root, path);
  if ((await stat(absolute)).isFile()) return [absolute];
  const entries = await readdir(absolute, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function gzipBytes(root, { paths, ending }) {
  let bytes = 0;
  for (const path of paths) {
    for (const file of await filesAt(root, path, ending)) {
      bytes += gzipSync(await readFile(file), { level: 9 }).length;
    }
  }
  return bytes;
}

/** bench/budgets.json holds a ceiling in gzipped bytes for everything that is sent to somebody. */
export async function budgets(root, say) {
  const problems = [];
  for (const [name, budget] of Object.entries((await readJson(root, 'bench/budgets.json')).gzip)) {
    const bytes = await gzipBytes(root, budget).catch(() => undefined);
    if (bytes === undefined) {
      problems.push(`${name}: ${budget.paths.join(', ')} is not built; run npm run build`);
      continue;
    }
    say(`  ${name}: ${bytes} of ${budget.bytesMax} bytes gzip`);
    if (bytes === 0) problems.push(`${name}: no file was found in ${budget.paths.join(', ')}`);
    if (bytes > budget.bytesMax) {
      problems.push(`${name}: ${bytes} bytes gzip, over its budget of ${budget.bytesMax}`);
    }
  }
  return problems;
}
