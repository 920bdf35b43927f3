import { execFile, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Edge } from '../helpers/edge.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const samples = join(repository, 'src/console/public/samples');

/** Bundles the tool from the sources as they are now. */
export async function buildTool(): Promise<void> {
  await promisify(execFile)(process.execPath, ['wasm-build/package.mjs', 'cli'], {
    cwd: repository,
  });
}

/** The app behind a socket of this machine. */
export async function served(edge: Edge): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const body = pieces.length > 0 ? { body: Buffer.concat(pieces) } : {};
    const answer = await edge.app.request(`http://localhost${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      ...body,
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : '';
  return { server, url: `http://127.0.0.1:${port}` };
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
  }: { input?: string | Uint8Array; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repository, 'dist/cli.js'), ...words], {
      env: { PATH: process.env.PATH, ...env },
      timeout: timeoutMs,
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
