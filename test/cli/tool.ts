import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const samples = join(repository, 'src/console/public/samples');

/** Bundles the tool from the sources as they are now. */
export async function buildTool(): Promise<void> {
  await promisify(execFile)(process.execPath, ['wasm-build/package.mjs', 'cli'], {
    cwd: repository,
  });
}

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the tool without a terminal. */
export function cinnabar(
  words: readonly string[],
  { input = '', env = {} }: { input?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repository, 'dist/cli.js'), ...words], {
      env: { PATH: process.env.PATH, ...env },
      timeout: 60_000,
    });
    const outcome: Outcome = { status: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      outcome.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      outcome.stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ ...outcome, status }));
    child.stdin.end(input);
  });
}
