import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readJson, run } from './tools.mjs';

/** Every file at `path`, or below it when it is a folder, whose name ends as the budget asks. */
async function filesAt(path, ending = '') {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function gzipBytesOf(paths, ending) {
  let bytes = 0;
  for (const path of paths) {
    for (const file of await filesAt(path, ending)) {
      bytes += gzipSync(await readFile(file), { level: 9 }).length;
    }
  }
  return bytes;
}

/** bench/budgets.json holds a ceiling in gzipped bytes for everything that is sent to somebody. */
export async function budgets(root, say) {
  const bundled = await run(root, 'node', ['src/hosts/size.mjs']);
  const problems = bundled.ok ? [] : [`the Workers cannot be bundled\n${bundled.output}`];
  for (const [name, budget] of Object.entries((await readJson(root, 'bench/budgets.json')).gzip)) {
    const paths = budget.paths.map((path) => join(root, path));
    const bytes = await gzipBytesOf(paths, budget.ending).catch(() => 0);
    say(`  ${name}: ${bytes} of ${budget.bytesMax} bytes gzip`);
    if (bytes === 0) problems.push(`${name}: ${budget.paths} is missing; run npm run build`);
    if (bytes > budget.bytesMax) {
      problems.push(`${name}: ${bytes} bytes gzip, over its budget of ${budget.bytesMax}`);
    }
  }
  return problems;
}
