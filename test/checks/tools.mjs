// What the gates share: running a tool, walking a folder, reading JSON.
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository that holds these scripts; a gate may look at another copy of it. */
export const home = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs `program` (node, npm, or one of node_modules/.bin) in `root`; does not throw on its "no". */
export function run(root, program, words, { show = false, env = {} } = {}) {
  const ours = { node: process.execPath, npm: 'npm' };
  const path = ours[program] ?? join(home, 'node_modules', '.bin', program);
  return new Promise((done, fail) => {
    const child = spawn(path, words, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', fail);
    child.on('close', (status) => done({ ok: status === 0, output: output.trim() }));
  });
}

const passedOver = new Set(['node_modules', '.git', '.wrangler', '.cinnabar', 'dist', 'out']);

/** Paths relative to `root` of every file of ours under `folder`. */
export async function filesUnder(root, folder = '.') {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !passedOver.has(entry.name)) {
      found.push(...(await filesUnder(root, path)));
    } else if (entry.isFile()) found.push(path);
  }
  return found.map((path) => relative('.', path)).sort();
}

export async function readJson(root, path) {
  return JSON.parse(await readFile(join(root, path), 'utf8'));
}
