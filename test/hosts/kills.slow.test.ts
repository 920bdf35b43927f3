import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyChain } from '../../src/domain/audit/chain.ts';
import type { AuditRecord } from '../../src/domain/audit/types.ts';
import type { AuditPage } from '../../src/edge/schemas/audit.ts';
import type { Account } from '../../src/edge/schemas/seals.ts';
import { type LocalHost, startLocalHost } from '../helpers/local-host.ts';

/** `KILLS=200 npm run test:slow -- test/hosts/kills` for the figure of the targets. */
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

async function headersOf(identity: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ identity });
  const response = await fetch(`${host.url}/v1/demo/token`, { method: 'POST', headers, body });
  return { ...headers, authorization: `Bearer ${(await response.json()).token}` };
}

/** Opens accounts one after another until the service is gone; keeps what was acknowledged. */
async function writeUntilKilled(writer: string, acknowledged: Set<string>): Promise<void> {
  const headers = await headersOf('teller-zhou');
  for (let n = 0; n < 1000; n++) {
    const body = JSON.stringify({ number: `${writer}-${n}`, name: 'Kill Test', contact: '0571' });
    const request = fetch(`${host.url}/v1/seals/accounts`, { method: 'POST', headers, body });
    const account: Account | undefined = await request
      .then((response) => (response.status === 201 ? response.json() : undefined))
      .catch(() => undefined);
    if (!account) return;
    acknowledged.add(account.id);
  }
}

async function allPages<T>(path: string, identity: string): Promise<T[]> {
  const headers = await headersOf(identity);
  const items: T[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query = cursor === '' ? 'limit=100' : `limit=100&cursor=${cursor}`;
    const response = await fetch(`${host.url}${path}?${query}`, { headers });
    const page: { items: T[]; nextCursor: string | null } = await response.json();
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}

test(`no acknowledged write is lost over ${kills} kills, and the audit chain stays whole`, async () => {
  const acknowledged = new Set<string>();
  for (let round = 0; round < kills; round++) {
    host = await startLocalHost(state, 8900);
    const { group } = JSON.parse(await readFile(join(state, 'host.json'), 'utf8'));
    const writing = Array.from({ length: writers }, (_, writer) =>
      writeUntilKilled(`${round}-${writer}`, acknowledged),
    );
    // At another moment of the work each time.
    const enough = acknowledged.size + 5 + ((round * 7) % 23);
    let isOver = false;
    const over = Promise.all(writing).then(() => {
      isOver = true;
    });
    while (acknowledged.size < enough && !isOver) await new Promise((wake) => setTimeout(wake, 1));
    // The host first, so that it can tidy nothing up.
    host.process.kill('SIGKILL');
    process.kill(-group, 'SIGKILL');
    await over;
  }
  host = await startLocalHost(state, 8900);

  const accounts = await allPages<Account>('/v1/seals/accounts', 'teller-zhou');
  const kept = new Set(accounts.map(({ id }) => id));
  expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(kills * 5);

  const records = await allPages<AuditPage['items'][number]>('/v1/audit', 'auditor-gao');
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
  const done = new Set(chain.filter(({ outcome }) => outcome === 'done').map((one) => one.subject));
  expect([...acknowledged].filter((id) => !done.has(`account:${id}`))).toEqual([]);
});

test('Workers that outlived their host are ended before others open the same stores', async () => {
  const before = new URL(host.url).port;
  host.process.kill('SIGKILL');
  host = await startLocalHost(state, Number(before));
  expect(new URL(host.url).port).toBe(before);
  expect((await fetch(`${host.url}/readyz`)).status).toBe(200);
});
