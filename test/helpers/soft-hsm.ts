import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const libraries = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];
const binding = new URL('../../node_modules/pkcs11js/build/Release/pkcs11.node', import.meta.url);

/** The library of SoftHSM2, where it and the binding to it are on this machine. */
export function softHsm(): string | undefined {
  const library = libraries.find((path) => existsSync(path));
  if (library && existsSync(fileURLToPath(binding))) return library;
  const missing = library ? 'npm run chip-host:build' : 'the package softhsm2';
  if (process.env.CI) throw new Error(`the hardware chip is not tested: ${missing} is missing`);
  console.warn(`SKIPPED: the hardware chip; it takes ${missing}`);
  return undefined;
}

/** An empty folder for tokens, named to the library for this process. */
export function freshTokens(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cinnabar-tokens-'));
  mkdirSync(join(folder, 'tokens'));
  const file = join(folder, 'softhsm2.conf');
  writeFileSync(
    file,
    `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  process.env.SOFTHSM2_CONF = file;
  return folder;
}
