import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import {
  type Beside,
  type BundledHost,
  type BundledService,
  bundleService,
  type Life,
} from '../helpers/bundled-host.ts';

/** The name under which the Worker is reached that does nothing. */
export const bareHost = 'bare.test';

/**
 * What a request costs that has no work of its own: its body is read, a line is answered, and in
 * between the stores or another Worker are asked as often as the address says. It stands behind the
 * same router of static files, and under the part of the addresses that goes past them. With `keep`
 * it leaks so many bytes: a fault to be planted.
 */
const bareWorker = `import { Hono } from 'hono';
const app = new Hono();
const kept = [];
app.get('/v1/bare', async (c) => {
  const { d1, kv, hop, keep } = c.req.query();
  if (keep) kept.push(new Uint8Array(Number(keep)));
  if (d1) await c.env.DB.prepare('SELECT * FROM seals LIMIT 1').all();
  if (kv) await c.env.NOTICES.get('bare');
  if (hop) await (await c.env.SELF.fetch('http://bare.test/v1/bare')).text();
  return c.json({ status: 'ok' });
});
app.post('/v1/bare', async (c) => c.json({ bytes: (await c.req.arrayBuffer()).byteLength }));
export default app;`;

/** So many that nobody meets it. */
const requestsPerMinute = 1_000_000_000;

export interface ServiceForDrills {
  readonly service: BundledService;
  readonly state: string;
  /** Stores with every table and no row, to be copied. */
  readonly empty: string;
}

let made: Promise<ServiceForDrills> | undefined;

async function make(): Promise<ServiceForDrills> {
  const state = await mkdtemp(join(tmpdir(), 'cinnabar-fire-'));
  const { outputFiles } = await build({
    stdin: { contents: bareWorker, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    format: 'esm',
    target: 'es2024',
    write: false,
  });
  const bare: Beside = ({ d1Databases, kvNamespaces, assets }) => ({
    name: 'bare',
    modules: true,
    script: outputFiles[0]?.text,
    compatibilityDate: '2026-04-26',
    routes: [`${bareHost}/*`],
    d1Databases,
    kvNamespaces,
    assets,
    serviceBindings: { SELF: 'bare' },
  });
  const service = await bundleService(state, bare);
  const empty = join(state, 'empty');
  await cp(join(state, 'stores'), join(empty, 'stores'), { recursive: true });
  return { service, state, empty };
}

/** Every Worker and a bare one, bundled once for all drills of this process. */
export function serviceForDrills(): Promise<ServiceForDrills> {
  made ??= make();
  return made;
}

const running = new Map<boolean, Promise<BundledHost>>();

/**
 * One life of them that drills share which do it no harm; nobody is held to a rate. Inspected unless
 * somebody times it: an inspector is told every line that a Worker writes.
 */
export function hostForDrills(isInspected = true): Promise<BundledHost> {
  const known = running.get(isInspected);
  if (known) return known;
  const life = { requestsPerMinute, isInspected };
  const started = serviceForDrills().then(({ service }) => service.start(0, life));
  running.set(isInspected, started);
  return started;
}

/** A life of its own, while `work` lasts. */
export async function whileServing<T>(
  work: (host: BundledHost) => Promise<T>,
  life: Life = { requestsPerMinute },
): Promise<T> {
  const { service } = await serviceForDrills();
  const host = await service.start(0, life);
  try {
    return await work(host);
  } finally {
    await host.kill();
  }
}

/** Ends what runs and removes the stores, when any drill used them. */
export async function forgetService(): Promise<void> {
  for (const host of running.values()) await (await host).kill();
  if (made) await rm((await made).state, { recursive: true, force: true });
  running.clear();
  made = undefined;
}

/** Memory that the workerd of a host holds, MB; on Linux alone, elsewhere 0. */
export function residentMb({ pid }: BundledHost): number {
  const kilobytes = descendants(pid)
    .map((id) => fileOf(id, 'status'))
    .filter((status) => /^Name:\s+workerd/m.test(status))
    .map((status) => Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

/** Files that the workerd of a host holds open. */
export function openFiles({ pid }: BundledHost): number {
  const workerd = descendants(pid).find((id) => /^Name:\s+workerd/m.test(fileOf(id, 'status')));
  try {
    return readdirSync(`/proc/${workerd}/fd`).length;
  } catch {
    return 0;
  }
}

function descendants(pid: number): number[] {
  const children = fileOf(pid, `task/${pid}/children`).trim().split(/\s+/).map(Number);
  return children.filter(Boolean).flatMap((child) => [child, ...descendants(child)]);
}

/** Of a process that may be gone. */
function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
