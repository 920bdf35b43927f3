// Modules that lie ready in `kept/`, so that a first start need not compile them. Each is what the
// compiler made of exactly the sources that its stamp names; of other sources it is not used, and
// test/assembly/kept.test.ts holds it against a module compiled afresh.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ready = join(dirname(fileURLToPath(import.meta.url)), 'kept');

function stampOf(digest, module) {
  return `${digest} ${createHash('sha256').update(module).digest('hex')}\n`;
}

/** What lies ready of a target for sources of that digest, whole and untouched; or nothing. */
export async function keptModule(target, digest, folder = ready) {
  const module = await readFile(join(folder, `${target}.wasm`)).catch(() => undefined);
  const stamp = await readFile(join(folder, `${target}.stamp`), 'utf8').catch(() => '');
  return module && stamp === stampOf(digest, module) ? module : undefined;
}

/** Lays a module ready, as `compile` returned it. */
export async function keep(target, digest, module) {
  await mkdir(ready, { recursive: true });
  await writeFile(join(ready, `${target}.wasm`), module);
  await writeFile(join(ready, `${target}.stamp`), stampOf(digest, module));
}
