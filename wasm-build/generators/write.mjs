// What every generator does with its result: write it, or compare it with what is there.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * Writes `path` (relative to the repository) with a first line that names the script at
 * `scriptUrl`. With the argument --check nothing is written, and a difference fails the process.
 */
export async function writeGenerated(scriptUrl, path, body) {
  const script = relative(root, fileURLToPath(scriptUrl));
  const text = `// Made by ${script}; change that script, not this file.\n${body()}`;
  if (!process.argv.includes('--check')) {
    await writeFile(join(root, path), text);
    return;
  }
  const present = await readFile(join(root, path), 'utf8').catch(() => '');
  if (present === text) return;
  console.error(`${path} differs from what ${script} makes`);
  process.exitCode = 1;
}
