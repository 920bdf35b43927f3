// workerd forbids compiling WebAssembly from bytes, and libsodium carries its module as base64.
// This takes the module out into a file that workerd can import, and keeps the rest as glue.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** `AGFzbQ` is base64 for the first four bytes of every WebAssembly module. */
const literal = /(["'`])(AGFzbQ[A-Za-z0-9+/=]+)\1/g;

export async function buildSodium(root, out) {
  const require = createRequire(join(root, 'package.json'));
  const source = join(dirname(require.resolve('libsodium')), '..', 'modules-esm', 'libsodium.mjs');
  const text = await readFile(source, 'utf8');
  const found = [...text.matchAll(literal)];
  const [match] = found;
  if (found.length !== 1 || match === undefined) {
    throw new Error(
      `libsodium: expected one embedded module, found ${found.length}; its build has changed`,
    );
  }
  await writeChanged(join(out, 'libsodium.wasm'), Buffer.from(match[2], 'base64'));
  await writeChanged(join(out, 'libsodium.glue.mjs'), Buffer.from(text.replace(match[0], '""')));
}

/** Leaves a file alone that is in step, so that nothing built from it looks old. */
async function writeChanged(path, bytes) {
  const known = await readFile(path).catch(() => undefined);
  if (!known?.equals(bytes)) await writeFile(path, bytes);
}
