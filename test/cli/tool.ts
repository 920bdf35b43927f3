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
  {
    input = '',
    env = {},
    timeoutMs = 60_000,
    cwd,
  }: {
    input?: string | Uint8Array;
    env?: Record<string, string>;
    timeoutMs?: number;
    cwd?: string;
  } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repository, 'dist/cli.js'), ...words], {
      env: { PATH: process.env.PATH, ...env },
      timeout: timeoutMs,
      ...(cwd === undefined ? {} : { cwd }),
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

/**
 * Runs a command as a document writes it (`npm run -s cli -- seal verify …`, `npx cinnabar …`), in a
 * folder that has the files it names.
 */
export function documented(command: string, cwd: string, timeoutMs = 60_000): Promise<Outcome> {
  const words = /^(?:npm run -s cli --|npx cinnabar|cinnabar) (.+)$/.exec(command)?.[1];
  if (words === undefined) throw new Error(`not a command of this tool: ${command}`);
  const parts = words.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return cinnabar(
    parts.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')),
    { cwd, timeoutMs },
  );
}
