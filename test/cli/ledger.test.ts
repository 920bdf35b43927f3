import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tilePath, tileWidth } from '../../src/core/ledger/tiles.ts';
import { nextRecord } from '../../src/domain/audit/chain.ts';
import type { AuditRecord, ChainHead } from '../../src/domain/audit/types.ts';
import type { Ledger } from '../../src/domain/ledger/ports.ts';
import { base64Text } from '../../src/lib/base64.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { memoryLedger, memoryLedgerOrigin } from '../../src/platform/memory/ledger.ts';
import { systemClock } from '../../src/platform/system.ts';
import { frozenEvent, thawedEvent } from '../contract/ledger.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import { commandsOf, snippetWith } from '../helpers/snippets.ts';
import { buildTool, cinnabar, documented } from './tool.ts';

const count = 300;
let folder: string;
let ledger: Ledger;
let trust: string;
let edge: Edge;
let service: Awaited<ReturnType<typeof served>>;

/** Copies a log as a mirror would: the checkpoint and every tile. */
async function copyLog(from: Ledger, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const note = await from.checkpoint();
  await writeFile(join(to, 'checkpoint'), note);
  const size = Number(note.split('\n')[1]);
  for (const level of ['entries', 0, 1] as const) {
    const nodes = level === 1 ? Math.floor(size / tileWidth) : size;
    for (let index = 0; index * tileWidth < nodes; index++) {
      const width = Math.min(tileWidth, nodes - index * tileWidth);
      const path = tilePath({ level, index, width });
      await mkdir(dirname(join(to, path)), { recursive: true });
      await writeFile(join(to, path), (await from.tile(path)) ?? new Uint8Array(0));
    }
  }
}

async function verified(words: readonly string[]) {
  const { status, stdout } = await cinnabar(['ledger', 'verify', ...words, '--json']);
  return { status, ...JSON.parse(stdout) };
}

async function fill(log: Ledger, entries: number, name = 'c'): Promise<void> {
  const events = Array.from({ length: entries }, (_, i) => frozenEvent(`cert/${name}${i}`));
  await Promise.all(events.map((event) => log.append(event, { requestId: 'r1' })));
}

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-ledger-'));
  ledger = memoryLedger(systemClock);
  await fill(ledger, count - 1);
  const first = await ledger.head('cert/c0');
  await ledger.append(thawedEvent('cert/c0', first?.leafHash ?? ''), { requestId: 'r2' });
  trust = join(folder, 'trust.json');
  await writeFile(trust, JSON.stringify(await ledger.trust()));
  await copyLog(ledger, join(folder, 'log'));
  edge = await startEdge(() => ({ ledger, clock: systemClock }));
  service = await served(edge);
});
afterAll(async () => {
  service?.server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('cinnabar ledger verify', () => {
  it('A8: accepts a copied log and names its size, root and witnesses', async () => {
    const answer = await verified([join(folder, 'log'), '--trust', trust]);
    expect(answer).toMatchObject({
      status: 0,
      ok: true,
      size: count,
      entries: count,
      pinned: true,
    });
    expect(answer.cosignedBy.length).toBeGreaterThanOrEqual(2);
  });

  it('A8: names the entry of which one byte was changed', async () => {
    const copy = join(folder, 'changed');
    await copyLog(ledger, copy);
    const path = join(copy, tilePath({ level: 'entries', index: 1, width: count - tileWidth }));
    const bundle = await readFile(path);
    const length = bundle.readUInt16BE(0);
    const at = 2 + length + 2 + 20;
    bundle[at] = (bundle[at] ?? 0) ^ 1;
    await writeFile(path, bundle);
    expect(await verified([copy, '--trust', trust])).toMatchObject({
      status: 1,
      code: 'tile_corrupt',
      index: tileWidth + 1,
    });
  });

  it('A8: a changed tile, an absent tile and a changed upper tile are refused', async () => {
    for (const [name, code, change] of [
      ['tile-0', 'tile_corrupt', { level: 0, index: 0, width: tileWidth }],
      ['tile-1', 'tile_corrupt', { level: 1, index: 0, width: 1 }],
      ['absent', 'tile_missing', { level: 'entries', index: 0, width: tileWidth }],
    ] as const) {
      const copy = join(folder, name);
      await copyLog(ledger, copy);
      const path = join(copy, tilePath(change));
      if (code === 'tile_missing') await rm(path);
      else {
        const tile = await readFile(path);
        tile[5] = (tile[5] ?? 0) ^ 0x80;
        await writeFile(path, tile);
      }
      expect(await verified([copy, '--trust', trust]), name).toMatchObject({ status: 1, code });
    }
  });

  it('A8: a forked, a truncated and a rewritten log are told apart by the state kept', async () => {
    const state = join(folder, 'state.json');
    const log = join(folder, 'log');
    expect(await verified([log, '--trust', trust, '--state', state])).toMatchObject({ status: 0 });
    expect(await verified([log, '--trust', trust, '--state', state])).toMatchObject({ status: 0 });
    for (const [entries, code] of [
      [count, 'checkpoint_forked'],
      [count - 1, 'log_truncated'],
      [count + 1, 'consistency_failed'],
    ] as const) {
      const other = memoryLedger(systemClock);
      await fill(other, entries, 'other');
      const copy = join(folder, code);
      await copyLog(other, copy);
      const keys = join(folder, `${code}.json`);
      await writeFile(keys, JSON.stringify(await other.trust()));
      const answer = await verified([copy, '--trust', keys, '--state', state]);
      expect(answer).toMatchObject({ status: 1, code });
    }
  });

  it('A8: a stale checkpoint, a foreign log and a missing quorum have codes of their own', async () => {
    const note = await readFile(join(folder, 'log', 'checkpoint'), 'utf8');
    const old = memoryLedger({ now: () => Date.now() - 3_600_000 });
    await fill(old, 3);
    await copyLog(old, join(folder, 'old'));
    const oldTrust = join(folder, 'old.json');
    await writeFile(oldTrust, JSON.stringify(await old.trust()));
    const stale = await verified([join(folder, 'old'), '--trust', oldTrust, '--max-age', '600']);
    expect(stale).toMatchObject({ status: 1, code: 'checkpoint_stale' });
    const foreign = await verified([join(folder, 'old'), '--trust', trust]);
    expect(foreign).toMatchObject({ status: 1, code: 'checkpoint_unsigned' });
    const alone = join(folder, 'alone');
    await copyLog(ledger, alone);
    const lines = note.split('\n').filter((line) => !/witness-/.test(line));
    await writeFile(join(alone, 'checkpoint'), lines.join('\n'));
    expect(await verified([alone, '--trust', trust])).toMatchObject({
      status: 1,
      code: 'quorum_missing',
    });
  });

  it('A8: checks the proof of one entry without asking anyone', async () => {
    const checkpoint = await ledger.checkpoint();
    const { bytes } = await ledger.entry(17);
    const { proof } = await ledger.proveInclusion(17, count);
    const file = join(folder, 'proof.json');
    const content = { checkpoint, index: 17, entry: base64Text(bytes), proof };
    await writeFile(file, JSON.stringify(content));
    expect(await verified([file, '--trust', trust])).toMatchObject({ status: 0, entries: 1 });
    await writeFile(file, JSON.stringify({ ...content, index: 18 }));
    expect(await verified([file, '--trust', trust])).toMatchObject({
      status: 1,
      code: 'inclusion_failed',
      index: 18,
    });
  });

  it('A8: wrong use is told from a refusal', async () => {
    const missing = await cinnabar(['ledger', 'verify', join(folder, 'log')]);
    expect(missing).toMatchObject({ status: 2, stdout: '' });
    expect(
      (await cinnabar(['ledger', 'verify', join(folder, 'nowhere'), '--trust', trust])).status,
    ).toBe(2);
  });

  it('A8: verifies a running service over HTTP', async () => {
    const { url } = service;
    const open = await verified([url]);
    const pinned = await verified([url, '--trust', trust]);
    const shown = await cinnabar(['ledger', 'checkpoint', url, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ size: count, origin: memoryLedgerOrigin });
    expect(open).toMatchObject({ status: 0, size: count, pinned: false });
    expect(pinned).toMatchObject({ status: 0, size: count, pinned: true });
  });
});

describe('cinnabar audit export-chain, check-chain', () => {
  const tenant = 'beichen-bank';
  const file = () => join(folder, 'audit.jsonl');

  /** More than a page of records. */
  async function write(records: number, action: 'seal.enrol' | 'payment.execute'): Promise<void> {
    const entry = { action, actor: 'teller-zhou', subject: 'seal:s1', outcome: 'done' } as const;
    for (let i = 0; i < records; i++) {
      await edge.deps.audit.append(tenant, { ...entry, requestId: `r${i}`, detail: { i } });
    }
  }

  async function exported(...words: string[]) {
    const env = {
      CINNABAR_URL: service.url,
      CINNABAR_TOKEN: await edge.tokenOf('auditor-gao'),
    };
    const given = ['audit', 'export-chain', '--json', '--out', file(), ...words];
    const { status, stdout } = await cinnabar(given, { env });
    return { status, ...JSON.parse(stdout) };
  }

  async function checked(path: string, ...words: string[]) {
    const given = ['audit', 'check-chain', path, '--trust', trust, '--json', ...words];
    const { status, stdout } = await cinnabar(given);
    return { status, ...JSON.parse(stdout) };
  }

  function wireOf({ atMs, hashHex, previousHashHex, ...record }: AuditRecord) {
    const at = new Date(atMs).toISOString();
    return { ...record, at, hash: hashHex, previousHash: previousHashHex };
  }

  async function checkedLines(lines: readonly string[]) {
    const path = join(folder, 'altered.jsonl');
    await writeFile(path, lines.map((line) => `${line}\n`).join(''));
    return checked(path);
  }

  it('A12: an audit chain is exported in parts, and verified without asking anyone', async () => {
    expect(await exported()).toMatchObject({ status: 2, error: { code: 'not_found' } });
    await write(120, 'seal.enrol');
    expect(await exported()).toMatchObject({ status: 0, from: 0, to: 119 });
    expect(await exported()).toMatchObject({ status: 0, records: 0 });
    await write(3, 'payment.execute');
    // As if it had been stopped in the middle of a line.
    await appendFile(file(), '{"action":"pay');
    expect(await exported('--from', '7')).toMatchObject({ status: 2 });
    expect(await exported()).toMatchObject({ status: 0, from: 120, to: 122 });
    expect(await checked(file(), '--action', 'payment.*', '--actor', 'teller-zhou')).toMatchObject({
      ...{ status: 0, ok: true, tenant, from: 0, to: 122, anchored: 2 },
      records: [{ index: 120 }, { index: 121 }, { index: 122 }],
    });
    expect(await checked(file(), '--until', '2020-01-01')).toMatchObject({ records: [] });
    const [, first = ''] = (await readFile(file(), 'utf8')).split('\n');
    const head = { previousHash: '0'.repeat(64), tenant, index: 0 };
    expect(JSON.parse(first)).toMatchObject(head);
  }, 60_000);

  it('A12: what was changed, removed, moved, cut or added in an export is found and named', async () => {
    const lines = (await readFile(file(), 'utf8')).trimEnd().split('\n');
    const altered = async (change: (copy: string[]) => void) => {
      const copy = [...lines];
      change(copy);
      return checkedLines(copy);
    };
    const [five = '', six = ''] = lines.slice(5);
    expect(await altered((copy) => copy.splice(5, 1, five.replace('zhou', 'zhao')))).toMatchObject({
      ...{ status: 1, line: 6, position: 4, code: 'record_changed' },
    });
    const spaced = await altered((copy) => copy.splice(5, 1, five.replace(',', ', ')));
    expect(spaced).toMatchObject({ status: 1, line: 6, code: 'line_malformed' });
    // Such a file is not gone on with: what is behind the line would be lost.
    expect(await exported('--out', join(folder, 'altered.jsonl'))).toMatchObject({
      ...{ status: 2, error: { code: 'file_exists' } },
    });
    expect(await altered((copy) => copy.splice(5, 1))).toMatchObject({
      ...{ status: 1, line: 6, position: 4, code: 'record_missing' },
    });
    expect(await altered((copy) => copy.splice(5, 2, six, five))).toMatchObject({
      ...{ status: 1, line: 6, position: 4, code: 'record_missing' },
    });
    expect(await altered((copy) => copy.pop())).toMatchObject({
      ...{ status: 1, position: 122, code: 'cut' },
    });
    const { at, hash, index, ...last } = JSON.parse(lines.at(-1) ?? '');
    const forged = wireOf(nextRecord({ index, hashHex: hash }, tenant, last, Date.parse(at)));
    expect(await altered((copy) => copy.push(canonicalJson(forged)))).toMatchObject({
      ...{ status: 1, position: 123, code: 'not_anchored' },
    });
    const [start = ''] = lines;
    const { ledger: proofs, ...rest } = JSON.parse(start);
    const bare = canonicalJson({ ...rest, ledger: { ...proofs, entries: [] } });
    expect(await altered((copy) => copy.splice(0, 1, bare))).toMatchObject({
      ...{ status: 1, line: 1, code: 'chain_broken' },
    });
    const text = await cinnabar(['audit', 'check-chain', join(folder, 'altered.jsonl')]);
    expect([text.status, text.stderr]).toEqual([2, expect.stringContaining('--trust is missing')]);
  }, 60_000);

  it('A12: a chain that was written anew behind an anchor differs from the ledger', async () => {
    const lines = (await readFile(file(), 'utf8')).trimEnd().split('\n');
    const [start = '', ...records] = lines.slice(0, 121).map((line) => JSON.parse(line));
    let head: ChainHead | undefined;
    const anew = records.map(({ at, ...record }) => {
      const made = nextRecord(head, tenant, { ...record, actor: 'nobody' }, Date.parse(at));
      head = { index: made.index, hashHex: made.hashHex };
      return wireOf(made);
    });
    expect(await checkedLines([start, ...anew].map(canonicalJson))).toMatchObject({
      ...{ status: 1, position: 119, code: 'differs' },
    });
  });

  it('A12: audit check-chain does what docs/operations.md shows', async () => {
    const commands = commandsOf(await snippetWith('docs/operations.md', 'sh', 'check-chain'));
    const command = commands.find((one) => one.includes('check-chain')) ?? '';
    expect(await documented(command, folder)).toMatchObject({ status: 0, stderr: '' });
  });
});
