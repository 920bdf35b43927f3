import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

/** What `wrangler deploy` would send: the bundled script and its modules. */
async function gzipBytesOfWorker(root, config) {
  const folder = await mkdtemp(join(tmpdir(), 'cinnabar-worker-'));
  const words = ['deploy', '--config', config, '--env', '', '--dry-run', '--outdir', folder];
  const env = {
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_LOG_PATH: join(folder, 'log.md'),
  };
  try {
    const { ok, output } = await run(root, 'wrangler', words, { env });
    if (!ok) throw new Error(`wrangler cannot bundle ${config}\n${output}`);
    const sent = (await readdir(folder)).filter((name) => !/\.(map|md)$/.test(name));
    return await gzipBytesOf(sent.map((name) => join(folder, name)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(root, { worker, paths, ending }) {
  if (worker) return gzipBytesOfWorker(root, worker);
  const bytes = await gzipBytesOf(
    paths.map((path) => join(root, path)),
    ending,
  );
  if (bytes === 0) throw new Error(`no file was found in ${paths.join(', ')}`);
  return bytes;
}

/** bench/budgets.json holds a ceiling in gzipped bytes for everything that is sent to somebody. */
export async function budgets(root, say) {
  const problems = [];
  for (const [name, budget] of Object.entries((await readJson(root, 'bench/budgets.json')).gzip)) {
    try {
      const bytes = await measure(root, budget);
      say(`  ${name}: ${bytes} of ${budget.bytesMax} bytes gzip`);
      if (bytes > budget.bytesMax) {
        problems.push(`${name}: ${bytes} bytes gzip, over its budget of ${budget.bytesMax}`);
      }
    } catch (error) {
      const isMissing = error.code === 'ENOENT';
      const sentence = isMissing ? `${error.path} is missing; run npm run build` : error.message;
      problems.push(`${name}: ${sentence}`);
    }
  }
  return problems;
}
