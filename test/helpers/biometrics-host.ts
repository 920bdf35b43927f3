import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RunningHost {
  readonly url: string;
  readonly secret: string;
  stop(): Promise<void>;
}

/** Starts the built host on a free port of this machine. */
export async function startBiometricsHost(path: string): Promise<RunningHost> {
  const folder = await mkdtemp(join(tmpdir(), 'biometrics-'));
  const secret = 'a secret of the test, of forty characters';
  const file = join(folder, 'secret');
  await writeFile(file, secret, { mode: 0o600 });
  const child: ChildProcess = spawn(process.execPath, [path, '--secret', file, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = child.stdout && once(child.stdout, 'data');
  const [text] = (await Promise.race([line, once(child, 'exit')])) ?? [];
  const { port } = JSON.parse(String(text)) as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    secret,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
