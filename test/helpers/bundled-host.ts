import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, demoSettings, ensureSecrets } from '../../src/hosts/prepare.mjs';
import { workerConfigs } from '../../src/hosts/workers.mjs';
import { bundledWorker } from './auxiliary-workers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = fileURLToPath(new URL('bundled-host.mjs', import.meta.url));
const startMs = 180_000;

/** All Workers over the stores of a local host, bundled once for many short lives. */
export interface BundledService {
  /** Starts them, in a process group of their own; on any port that is free with 0. */
  start(port: number, life?: Life): Promise<BundledHost>;
}

/** A Worker that stands in the same workerd and shares the edge's stores. */
export type Beside = (edge: Readonly<Record<string, unknown>>) => object;

/** What differs from one life to the next. */
export interface Life {
  /** A folder of stores like that of the service, elsewhere. */
  readonly state?: string;
  /** What one caller may ask; as wrangler.toml says if left out. */
  readonly requestsPerMinute?: number;
  /** Whether debuggers may look into it: what a Worker holds is asked through their protocol. */
  readonly isInspected?: boolean;
}

export interface BundledHost {
  readonly url: string;
  /** The process that leads the group. */
  readonly pid: number;
  /** Host and port of the inspector; under its name each Worker has a path there. */
  readonly inspector?: string;
  /** Kills host and workerd at once, so that neither can tidy anything up. */
  kill(): Promise<void>;
}

/**
 * @param state the folder of a local host's stores and secrets; made if it is not there
 * @param beside a Worker that stands beside ours, reached by a host name of its own
 */
export async function bundleService(state: string, beside?: Beside): Promise<BundledService> {
  const text = await readFile(await ensureSecrets(state), 'utf8');
  const kept = Object.fromEntries(
    text.split('\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
  // The origin of wrangler.toml: bundled once, started at many ports.
  const secrets = { ...kept, ...demoSettings('http://localhost:8787') };
  await applyMigrations(root, state, () => undefined);
  const bundled = await Promise.all(
    workerConfigs.map((config) => bundledWorker(root, config, secrets)),
  );
  const [edge, ...others] = bundled;
  if (!edge) throw new Error('there are no Workers');
  const demo = { ...edge, bindings: { ...edge.bindings, CINNABAR_MODE: 'demo' } };
  const more = beside ? [beside({ ...edge })] : [];
  let lives = 0;
  return {
    async start(port, { state: stores = state, requestsPerMinute, isInspected } = {}) {
      const ratelimits = requestsPerMinute && {
        ratelimits: { RATE_LIMIT: { simple: { limit: requestsPerMinute, period: 60 } } },
      };
      const inspected = isInspected && { unsafeInspectorProxy: true };
      const workers = [{ ...demo, ...ratelimits }, ...others, ...more].map((worker) => ({
        ...worker,
        ...inspected,
      }));
      const inspector = isInspected && { inspectorPort: 0 };
      lives += 1;
      const settings = join(state, `bundled-${lives}.json`);
      await writeFile(settings, JSON.stringify({ ...persistedIn(stores), ...inspector, workers }));
      return start(settings, port);
    },
  };
}

/** As wrangler lays them out, so that `npm start` opens the same stores. */
function persistedIn(state: string) {
  const at = (kind: string) => join(state, 'stores', 'v3', kind);
  return {
    d1Persist: at('d1'),
    r2Persist: at('r2'),
    kvPersist: at('kv'),
    durableObjectsPersist: at('do'),
  };
}

async function start(settings: string, port: number): Promise<BundledHost> {
  const host = spawn(process.execPath, [program, settings, String(port)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = async () => {
    if (host.pid === undefined || host.exitCode !== null || host.signalCode !== null) return;
    const ended = once(host, 'exit');
    process.kill(-host.pid, 'SIGKILL');
    await ended;
  };
  try {
    return { ...(await addressesOf(host)), pid: host.pid ?? 0, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

function addressesOf(host: ChildProcess): Promise<Pick<BundledHost, 'url' | 'inspector'>> {
  let output = '';
  return new Promise((settle, fail) => {
    const failed = (what: string) => fail(new Error(`the bundled host ${what}\n${output}`));
    const timer = setTimeout(() => failed('did not start in time'), startMs);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const [, url, inspector] = /^ready (\S+)(?: inspected at (\S+))?$/m.exec(output) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      host.stdout?.off('data', read).resume();
      host.stderr?.off('data', read).resume();
      settle({ url, ...(inspector ? { inspector } : {}) });
    };
    host.stdout?.on('data', read);
    host.stderr?.on('data', read);
    host.once('exit', (code) => failed(`ended with ${code}`));
  });
}
