// Bundles and runs a tool of this folder: node training/seals/run.mjs TOOL [ARGUMENT ...].
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const [tool = '', ...rest] = process.argv.slice(2);
if (!/^[a-z-]+$/.test(tool)) {
  process.stderr.write('usage: node training/seals/run.mjs TOOL [ARGUMENT ...]\n');
  process.exit(2);
}
const outfile = join(here, '..', '..', 'wasm-build', 'out', `training-seals-${tool}.mjs`);
await esbuild.build({
  entryPoints: [join(here, `${tool}.ts`)],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  conditions: ['node'],
  packages: 'external',
  logLevel: 'warning',
});
process.exit(spawnSync(process.execPath, [outfile, ...rest], { stdio: 'inherit' }).status ?? 1);
