import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tilePath, tileWidth } from '../../src/core/ledger/tiles.ts';
import type { Ledger } from '../../src/domain/ledger/ports.ts';
import { base64Text } from '../../src/lib/base64.ts';
import { memoryLedger, memoryLedgerOrigin } from '../../src/platform/memory/ledger.ts';
import { systemClock } from '../../src/platform/system.ts';
import { frozenEvent, thawedEvent } from '../contract/ledger.ts';
import { startEdge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import { buildTool, cinnabar } from './tool.ts';

const count = 300;
let folder: string;
let ledger: Ledger;
let trust: string;

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
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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
    const edge = await startEdge(() => ({ ledger }));
    const { server, url } = await served(edge);
    const open = await verified([url]);
    const pinned = await verified([url, '--trust', trust]);
    const shown = await cinnabar(['ledger', 'checkpoint', url, '--json']);
    server.close();
    expect(JSON.parse(shown.stdout)).toMatchObject({ size: count, origin: memoryLedgerOrigin });
    expect(open).toMatchObject({ status: 0, size: count, pinned: false });
    expect(pinned).toMatchObject({ status: 0, size: count, pinned: true });
  });
});
