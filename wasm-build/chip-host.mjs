// Builds the chip host: one file with its module under dist/chip-host, and the native binding to
// PKCS #11 that it loads. Needs a C++ compiler, make and Python; nothing else in the repository does.
// Usage: node wasm-build/chip-host.mjs. Needs the output of build.mjs.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist', 'chip-host');
const binding = join(root, 'node_modules', 'pkcs11js');

function compile() {
  if (existsSync(join(binding, 'build', 'Release', 'pkcs11.node'))) return;
  const prefix = dirname(dirname(process.execPath));
  const gyp = [
    join(prefix, 'lib', 'node_modules', 'npm', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js'),
    '/usr/share/nodejs/node-gyp/bin/node-gyp.js',
  ].find((path) => existsSync(path));
  if (!gyp) throw new Error('node-gyp is not beside this Node; install npm with it');
  // The headers that came with this Node, where they did; else node-gyp fetches them.
  const headers = existsSync(join(prefix, 'include', 'node')) ? ['--nodedir', prefix] : [];
  const { status } = spawnSync(process.execPath, [gyp, 'rebuild', '--silent', ...headers], {
    cwd: binding,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('pkcs11js did not compile; is there a C++ compiler?');
}

try {
  compile();
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['src/hosts/chip-host/main.ts'],
    outfile: join(out, 'chip-host.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    conditions: ['node'],
    // Native code stays where it was compiled.
    external: ['pkcs11js'],
    // libsodium's wrapper asks for Node's modules by name.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'wasm-build', 'out', 'gm.wasm'), join(out, 'gm.wasm'));
  createRequire(join(root, 'package.json'))('pkcs11js');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
