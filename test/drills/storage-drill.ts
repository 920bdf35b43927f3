import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BundledHost } from '../helpers/bundled-host.ts';
import type { Drill, Run } from './drill.ts';
import { serviceForDrills } from './service-in-workerd.ts';

const diskMb = 40;
const lost = 'the disk is thrown away';

/** Asks on a connection of its own, so that nothing hangs on one that is just closing. */
async function ask(url: string, path: string, headers: Record<string, string>, json?: object) {
  const init = json ? { method: 'POST', body: JSON.stringify(json) } : {};
  const type = json ? { 'content-type': 'application/json' } : {};
  const all = { ...headers, ...type, connection: 'close' };
  const answer = await fetch(`${url}${path}`, { ...init, headers: all });
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    text: await answer.text(),
  };
}

async function teller(url: string) {
  const { text } = await ask(url, '/v1/demo/token', {}, { identity: 'teller-zhou' });
  return { authorization: `Bearer ${JSON.parse(text).token}` };
}

/** Opens accounts one after another; what was acknowledged, and what else was answered. */
async function openAccounts(host: BundledHost, prefix: string, count: number, known: Set<string>) {
  const headers = await teller(host.url);
  const refusals: { status: number; retryAfter: string | null }[] = [];
  for (let n = 0; n < count; n++) {
    const account = { number: `${prefix}-${n}`, name: 'Full', contact: '0571' };
    const { text, ...answer } = await ask(host.url, '/v1/seals/accounts', headers, account);
    if (answer.status === 201) known.add(JSON.parse(text).id);
    else refusals.push(answer);
  }
  return refusals;
}

async function accountsOf(host: BundledHost): Promise<Set<string>> {
  const headers = await teller(host.url);
  const found = new Set<string>();
  let cursor = '';
  do {
    const { text } = await ask(host.url, `/v1/seals/accounts?limit=100${cursor}`, headers);
    const page = JSON.parse(text);
    for (const { id } of page.items) found.add(id);
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  return found;
}

/** Leaves not a byte free. */
function fill(folder: string): string {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  for (const bytes of [1 << 20, 1 << 12, 1]) {
    const block = Buffer.alloc(bytes);
    try {
      while (writeSync(file, block) === bytes);
    } catch {
      // Full, for blocks of this size.
    }
  }
  closeSync(file);
  return path;
}

/** The database of accounts, which another program opens while the service runs. */
function databaseIn(state: string): string {
  const folder = join(state, 'stores', 'v3', 'd1', 'miniflare-D1DatabaseObject');
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.sqlite') && !name.startsWith('metadata'),
  );
  const [largest] = files
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (!largest) throw new Error(`no database in ${folder}`);
  return largest;
}

/** Holds the write lock of a database while `work` lasts. */
async function whileLocked<T>(database: string, work: () => Promise<T>): Promise<T> {
  const locker = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const isLocked = new Promise<void>((settle) => locker.stdout.once('data', () => settle()));
  locker.stdin.write("BEGIN IMMEDIATE; SELECT 'locked';\n");
  await isLocked;
  try {
    return await work();
  } finally {
    locker.stdin.end('ROLLBACK;\n');
  }
}

const wrong = (what: string, refusals: readonly { status: number; retryAfter: string | null }[]) =>
  refusals
    .filter(({ status, retryAfter }) => status !== 503 || !(Number(retryAfter) > 0))
    .map(({ status }) => `${what}: ${status} where 503 with Retry-After belongs`);

interface Course {
  readonly host: BundledHost;
  readonly state: string;
  readonly known: Set<string>;
  readonly faults: string[];
  /** Writes on the full disk, and while another holds the database, each of which waits for it. */
  readonly writes: { readonly full: number; readonly busy: number };
}

/** Fills the disk, makes room again, and holds the database; gives what was refused. */
async function troubled({ host, state, known, faults, writes }: Course): Promise<string> {
  const filler = fill(state);
  const full = await openAccounts(host, 'full', writes.full, known);
  faults.push(...wrong('full', full));
  if (full.length === 0) faults.push('nothing was refused: the disk was not full');
  const alive = await ask(host.url, '/healthz', {});
  if (alive.status !== 200) faults.push(`full: /healthz ${alive.status}`);
  rmSync(filler);
  const after = await openAccounts(host, 'after', 5, known);
  faults.push(...wrong('with room again', after));
  if (after.length === 5) faults.push('it did not recover when there was room again');
  const busy = await whileLocked(databaseIn(state), () =>
    openAccounts(host, 'busy', writes.busy, known),
  );
  faults.push(...wrong('busy', busy));
  faults.push(...wrong('free again', await openAccounts(host, 'free', 3, known)));
  return `${full.length} of ${writes.full} writes refused on a full disk, ${busy.length} of ${writes.busy} while another held the database, ${after.length} of 5 when there was room again`;
}

async function onSmallDisk(state: string, { isLong, plant }: Run) {
  const writes = isLong ? { full: 20, busy: 2 } : { full: 6, busy: 1 };
  const { service, empty } = await serviceForDrills();
  await cp(empty, state, { recursive: true });
  const known = new Set<string>();
  const faults: string[] = [];
  let host = await service.start(0, { state });
  try {
    faults.push(...wrong('at first', await openAccounts(host, 'before', 5, known)));
    const said = plant ?? (await troubled({ host, state, known, faults, writes }));
    await host.kill();
    if (plant) await rm(join(state, 'stores'), { recursive: true });
    if (plant) await cp(empty, state, { recursive: true });
    host = await service.start(0, { state });
    const found = await accountsOf(host);
    const missing = [...known].filter((id) => !found.has(id)).length;
    if (missing > 0) faults.push(`${missing} of ${known.size} acknowledged writes are gone`);
    const measured = `${said}; ${missing} of ${known.size} acknowledged lost`;
    return { measured, faults };
  } finally {
    await host.kill();
  }
}

/** R3: a disk without room and a database that somebody else holds. */
export const storageFaults: Drill = {
  id: 'R3',
  name: 'storage-faults',
  target:
    '503 with Retry-After, the process lives, no acknowledged write lost, works again afterwards',
  plants: [lost],
  async run(run) {
    const disk = await mkdtemp(join(tmpdir(), 'cinnabar-disk-'));
    const options = ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', disk];
    const isMounted = spawnSync('mount', options).status === 0;
    const hasLocker = spawnSync('sqlite3', ['--version']).status === 0;
    try {
      if (!isMounted || !hasLocker) {
        const measured = 'needs the right to mount a small file system, and sqlite3';
        return { measured, faults: [], isUnmeasured: true };
      }
      const state = join(disk, 'state');
      await mkdir(state);
      return await onSmallDisk(state, run);
    } finally {
      if (isMounted) spawnSync('umount', ['-l', disk]);
      await rm(disk, { recursive: true, force: true });
    }
  },
};
