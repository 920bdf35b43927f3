import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/vectors');

/**
 * The cases of a vector file that is kept beside the repository, or undefined where there is none.
 * The vectors in test/vectors run everywhere; these add to them.
 */
export function heldCases<T>(file: string): T[] | undefined {
  const path = join(folder, file);
  if (!existsSync(path)) {
    console.warn(`${file} is not on this machine; its cases are left out`);
    return undefined;
  }
  return JSON.parse(readFileSync(path, 'utf8')).cases;
}
