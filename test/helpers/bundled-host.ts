import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressesAt, applyMigrations, ensureSecrets } from '../../src/hosts/prepare.mjs';
import { workerConfigs } from '../../src/hosts/workers.mjs';
import { bundledWorker } from './auxiliary-workers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('bundled-host.mjs', import.meta.url));
const startMs = 180_000;

/** All Workers over the stores of a local host, bundled once for many short lives. */
export interface BundledService {
  /** Starts them, in a process group of their own. */
  start(port: number): Promise<BundledHost>;
}

export interface BundledHost {
  readonly url: string;
  /** Kills host and workerd at once, so that neither can tidy anything up. */
  kill(): Promise<void>;
}

/** @param state the folder of a local host's stores and secrets; made if it is not there */
export async function bundleService(state: string): Promise<BundledService> {
  const text = await readFile(await ensureSecrets(state), 'utf8');
  const kept = Object.fromEntries(
    text.split('\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
  // The origin of wrangler.toml: bundled once, started at many ports.
  const secrets = { ...kept, ...addressesAt('http://localhost:8787') };
  await applyMigrations(root, state, () => undefined);
  const bundled = await Promise.all(
    workerConfigs.map((config) => bundledWorker(root, config, secrets)),
  );
  const [edge, ...others] = bundled;
  if (!edge) throw new Error('there are no Workers');
  const demo = { ...edge, bindings: { ...edge.bindings, CINNABAR_MODE: 'demo' } };
  // As wrangler lays them out, so that `npm start` opens the same stores.
  const at = (kind: string) => join(state, 'stores', 'v3', kind);
  const persist = {
    d1Persist: at('d1'),
    r2Persist: at('r2'),
    kvPersist: at('kv'),
    durableObjectsPersist: at('do'),
  };
  const settings = join(state, 'bundled.json');
  await writeFile(settings, JSON.stringify({ ...persist, workers: [demo, ...others] }));
  return { start: (port) => start(settings, port) };
}

async function start(settings: string, port: number): Promise<BundledHost> {
  const host = spawn(process.execPath, [program, settings, String(port)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = async () => {
    if (host.pid === undefined || host.exitCode !== null) return;
    const ended = once(host, 'exit');
    process.kill(-host.pid, 'SIGKILL');
    await ended;
  };
  try {
    return { url: await addressOf(host), kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

function addressOf(host: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((settle, fail) => {
    const failed = (what: string) => fail(new Error(`the bundled host ${what}\n${output}`));
    const timer = setTimeout(() => failed('did not start in time'), startMs);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [, url] = /^ready (\S+)$/m.exec(output) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      settle(url);
    };
    host.stdout?.on('data', read);
    host.stderr?.on('data', read);
    host.once('exit', (code) => failed(`ended with ${code}`));
  });
}
