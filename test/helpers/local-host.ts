import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const startMs = 90_000;

export interface LocalHost {
  readonly process: ChildProcess;
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  /** What it has printed so far. */
  output(): string;
  /** Ends it as a person would, and waits until it is gone. Answers its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the whole service as `npm start` does, with stores of its own, empty unless `words` ask
 * for sample data. `npm test` has built it.
 */
export async function startLocalHost(
  state: string,
  port: number,
  environment: NodeJS.ProcessEnv = {},
  words: readonly string[] = [],
): Promise<LocalHost> {
  const where = ['--state', state, '--port', String(port)];
  const host = spawn(process.execPath, ['src/hosts/local.mjs', '--no-build', ...where, ...words], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const url = await new Promise<string>((settle, fail) => {
    const timer = setTimeout(() => {
      host.kill('SIGTERM');
      fail(new Error(`the local host did not start in time\n${output}`));
    }, startMs);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [, found] = /Stop +Ctrl-C/.test(output)
        ? (/(?:Console|Here) +(http:\/\/localhost:\d+)\//.exec(output) ?? [])
        : [];
      if (found === undefined) return;
      clearTimeout(timer);
      settle(found);
    };
    host.stdout.on('data', read);
    host.stderr.on('data', read);
    host.once('exit', (code) => {
      clearTimeout(timer);
      fail(new Error(`the local host ended with ${code}\n${output}`));
    });
  });
  return {
    process: host,
    url,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      if (host.exitCode !== null) return host.exitCode;
      const ended = once(host, 'exit');
      host.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
}
