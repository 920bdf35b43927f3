// Runs a program of training/tagger: node training/run.mjs train|export|points|sample [options].
// Needs the `training` module: node wasm-build/build.mjs training.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const programs = ['train', 'export', 'points', 'sample'];
const [program = '', ...options] = process.argv.slice(2);
if (!programs.includes(program)) {
  console.error(`usage: node training/run.mjs ${programs.join('|')} [options]`);
  process.exit(2);
}
const outfile = join(root, 'wasm-build', 'out', 'training', `${program}.mjs`);
await build({
  entryPoints: [join(root, 'training', 'tagger', `${program}.ts`)],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  conditions: ['node'],
  logLevel: 'warning',
});
const child = spawn(process.execPath, [outfile, ...options], { cwd: root, stdio: 'inherit' });
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
