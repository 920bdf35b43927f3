import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyChain } from '../../src/domain/audit/chain.ts';
import type { AuditRecord } from '../../src/domain/audit/types.ts';
import type { AuditPage } from '../../src/edge/schemas/audit.ts';
import type { Account } from '../../src/edge/schemas/seals.ts';
import { bundleService } from '../helpers/bundled-host.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';

/** `npm run drill -- kills --long` kills 200 times. */
const kills = Number(process.env.KILLS ?? 10);
const writers = 4;

let state: string;
let host: LocalHost;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'cinnabar-kills-'));
});

afterAll(async () => {
  await host?.stop();
  await rm(state, { recursive: true, force: true });
});

async function headersOf(url: string, identity: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ identity });
  const response = await fetch(`${url}/v1/demo/token`, { method: 'POST', headers, body });
  return { ...headers, authorization: `Bearer ${(await response.json()).token}` };
}

/** Opens accounts one after another until the service is gone; keeps what was acknowledged. */
async function writeUntilKilled(
  url: string,
  writer: string,
  acknowledged: Set<string>,
): Promise<void> {
  const headers = await headersOf(url, 'teller-zhou');
  for (let n = 0; n < 1000; n++) {
    const body = JSON.stringify({ number: `${writer}-${n}`, name: 'Kill Test', contact: '0571' });
    const request = fetch(`${url}/v1/seals/accounts`, { method: 'POST', headers, body });
    const account: Account | undefined = await request
      .then((response) => (response.status === 201 ? response.json() : undefined))
      .catch(() => undefined);
    if (!account) return;
    acknowledged.add(account.id);
  }
}

/** All items, newest first, down to the page with one that is known. */
async function allPages<T>(
  url: string,
  path: string,
  identity: string,
  isKnown: (item: T) => boolean = () => false,
): Promise<T[]> {
  const headers = await headersOf(url, identity);
  const items: T[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = cursor === '' ? 'limit=100' : `limit=100&cursor=${cursor}`;
    const response = await fetch(`${url}${path}?${query}`, { headers });
    const page: { items: T[]; nextCursor: string | null } = await response.json();
    items.push(...page.items);
    cursor = page.items.some(isKnown) ? null : page.nextCursor;
  }
  return items;
}

function missing(some: Iterable<string>, all: ReadonlySet<string>): string[] {
  return [...some].filter((id) => !all.has(id));
}

test(`R1: no acknowledged write is lost over ${kills} kills, and the audit chain stays whole`, async ({
  task,
}) => {
  const service = await bundleService(state);
  const acknowledged = new Set<string>();
  const kept = new Set<string>();
  for (let round = 0; round < kills; round++) {
    const { url, kill } = await service.start(8900);
    // What was acknowledged before the last kill is there after it.
    const isKept = ({ id }: Account) => kept.has(id);
    const found = await allPages<Account>(url, '/v1/seals/accounts', 'teller-zhou', isKept);
    for (const { id } of found) kept.add(id);
    expect(missing(acknowledged, kept)).toEqual([]);
    const writing = Array.from({ length: writers }, (_, writer) =>
      writeUntilKilled(url, `${round}-${writer}`, acknowledged),
    );
    // At another moment of the work each time.
    const enough = acknowledged.size + 5 + ((round * 7) % 23);
    let isOver = false;
    const over = Promise.all(writing).then(() => {
      isOver = true;
    });
    while (acknowledged.size < enough && !isOver) await new Promise((wake) => setTimeout(wake, 1));
    await kill();
    await over;
  }
  // At the end all of it once more, by the host that people start.
  host = await startLocalHost(state, 8900);

  const accounts = await allPages<Account>(host.url, '/v1/seals/accounts', 'teller-zhou');
  expect(missing(acknowledged, new Set(accounts.map(({ id }) => id)))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(kills * 5);

  const records = await allPages<AuditPage['items'][number]>(host.url, '/v1/audit', 'auditor-gao');
  const chain = records.reverse().map(
    ({ at, hash, previousHash, ...record }): AuditRecord => ({
      ...record,
      atMs: Date.parse(at),
      hashHex: hash,
      previousHashHex: previousHash,
    }),
  );
  expect(verifyChain(chain)).toMatchObject({ ok: true });
  // Every acknowledged account has its record: none was opened without a trace.
  const done = chain.filter(({ outcome }) => outcome === 'done').map(({ subject }) => subject);
  const opened = [...acknowledged].map((id) => `account:${id}`);
  expect(missing(opened, new Set(done))).toEqual([]);
  task.meta.measured = `0 of ${acknowledged.size} acknowledged writes lost over ${kills} kills, compared after each; audit chain of ${chain.length} records whole`;
});

test('Workers that outlived their host are ended before others open the same stores', async () => {
  const before = new URL(host.url).port;
  host.process.kill('SIGKILL');
  host = await startLocalHost(state, Number(before));
  expect(new URL(host.url).port).toBe(before);
  expect((await fetch(`${host.url}/readyz`)).status).toBe(200);
});
