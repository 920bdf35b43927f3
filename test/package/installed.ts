import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const runProgram = promisify(execFile);

export interface Installed {
  /** A project of a stranger, with nothing but this package in its node_modules. */
  folder: string;
  /** What the tarball holds, sorted. */
  files: string[];
  remove(): Promise<void>;
}

/** Packs dist/ as `npm publish` would and installs the tarball without a network. */
export async function packAndInstall(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'cinnabar-package-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  const { stdout } = await runProgram(
    'npm',
    ['pack', '--json', '--loglevel=error', '--pack-destination', folder],
    { cwd: repository },
  );
  // The shape that `npm pack --json` documents: one entry for each packed folder.
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  if (!packed) throw new Error('npm pack made no tarball');
  await runProgram(
    'npm',
    ['install', '--offline', '--no-save', '--loglevel=error', join(folder, packed.filename)],
    { cwd: folder },
  );
  return {
    folder,
    files: packed.files.map(({ path }) => path).sort(),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
