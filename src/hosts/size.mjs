// Bundles every Worker as a deployment would, without deploying, into wasm-build/out/deploy, and
// prints what each weighs. Usage: node src/hosts/size.mjs
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { wrangler, wranglerEnv } from './prepare.mjs';
import { optionalWorkerConfigs, workerConfigs } from './workers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Only code and modules are uploaded: wrangler also leaves source maps and a note. */
async function removeTheRest(folder) {
  for (const name of await readdir(folder)) {
    if (!/\.(js|wasm)$/.test(name)) await rm(join(folder, name), { recursive: true });
  }
}

async function weigh(folder) {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const sum = (size) => files.reduce((total, file) => total + size(file), 0);
  return [sum((file) => file.length), sum((file) => gzipSync(file, { level: 9 }).length)];
}

try {
  for (const config of [...workerConfigs, ...optionalWorkerConfigs]) {
    const name = /^name = "([\w-]+)"$/m.exec(await readFile(join(root, config), 'utf8'))?.[1];
    const folder = join(root, 'wasm-build', 'out', 'deploy', name ?? '');
    await rm(folder, { recursive: true, force: true });
    await run(
      process.execPath,
      [wrangler(root), 'deploy', '--dry-run', '-c', join(root, config), '--outdir', folder],
      { cwd: root, env: wranglerEnv(join(root, '.cinnabar')) },
    );
    await removeTheRest(folder);
    const [bytes, gzipBytes] = await weigh(folder);
    console.log(`${name}: ${bytes} bytes, ${gzipBytes} gzip`);
  }
} catch (error) {
  console.error(error.stderr || error.message);
  process.exitCode = 1;
}
