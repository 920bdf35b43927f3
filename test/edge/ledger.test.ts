import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyCheckpoint } from '../../src/core/ledger/checkpoint.ts';
import { leafHash, verifyConsistency, verifyInclusion } from '../../src/core/ledger/merkle.ts';
import { verifyStatus } from '../../src/core/ledger/status.ts';
import { decodeBundle } from '../../src/core/ledger/tiles.ts';
import { auditSubject } from '../../src/domain/audit/anchor.ts';
import type { UnplacedEvent } from '../../src/domain/ledger/events.ts';
import { policyOf, proveHistory } from '../../src/domain/ledger/lookup.ts';
import type { LedgerHistory } from '../../src/edge/schemas/ledger.ts';
import { base64Bytes } from '../../src/lib/base64.ts';
import { frozenEvent } from '../contract/ledger.ts';
import { account, bodyOf, type Edge, startEdge } from '../helpers/edge.ts';

const anyone = { as: null };

describe('the ledger over HTTP', () => {
  let edge: Edge;
  const read = async <T>(path: string) => {
    const response = await edge.call(path, anyone);
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as T;
  };

  beforeAll(async () => {
    edge = await startEdge();
    for (let i = 0; i < 30; i++) {
      await edge.deps.ledger.append(frozenEvent(`cert/c${i}`), { requestId: 'r1' });
    }
  });

  it('A8: gives anyone what proves an entry, without a token', async () => {
    const policy = policyOf(await edge.deps.ledger.trust());
    const answer = await edge.call('/ledger/checkpoint', anyone);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const { size, root } = await verifyCheckpoint(await answer.text(), policy);
    expect(size).toBe(30);
    const entry = await read<{ bytes: string; leafHash: string }>('/ledger/entries/7');
    const hash = leafHash(base64Bytes(entry.bytes) ?? new Uint8Array(0));
    const { proof } = await read<{ proof: string[] }>('/ledger/proof/inclusion?index=7&size=30');
    const claim = {
      index: 7,
      size,
      leafHash: hash,
      root,
      proof: proof.map((item) => hexToBytes(item)),
    };
    expect(verifyInclusion(claim)).toBe(true);
    const earlier = await read<{ proof: string[] }>('/ledger/proof/consistency?first=30&second=30');
    expect(
      verifyConsistency({
        first: 30,
        second: 30,
        firstRoot: root,
        secondRoot: root,
        proof: earlier.proof.map((item) => hexToBytes(item)),
      }),
    ).toBe(true);
    expect(await read('/ledger/trust')).toEqual(await edge.deps.ledger.trust());
  });

  it('A8: lists entries newest first, page by page, to the first', async () => {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { items: { index: number }[]; nextCursor: string | null } = await read(
        `/ledger/entries?limit=7${query}`,
      );
      seen.push(...page.items.map(({ index }) => index));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => 29 - i));
  });

  it('A8: serves tiles with their slashes, for ever', async () => {
    const tile = await edge.call('/ledger/tile/entries/000.p/30', anyone);
    expect(tile.headers.get('cache-control')).toContain('immutable');
    const entries = decodeBundle(new Uint8Array(await tile.arrayBuffer()));
    expect(entries).toHaveLength(30);
    const hashes = await edge.call('/ledger/tile/0/000.p/30', anyone);
    expect((await hashes.arrayBuffer()).byteLength).toBe(30 * 32);
    for (const path of [
      '0/000',
      '0/001.p/1',
      '0/000.p/31',
      '1/000.p/1',
      'x/../000',
      '0/0',
      '9/000',
    ]) {
      const response = await edge.call(`/ledger/tile/${path}`, anyone);
      expect([path, response.status]).toEqual([path, 404]);
    }
  });

  it('A8: gives a signed status and the history of a subject, and says when there is none', async () => {
    const { log } = policyOf(await edge.deps.ledger.trust());
    const { note } = await read<{ note: string }>('/ledger/subjects/cert/c3/status');
    expect(await verifyStatus(note, log, edge.clock.now())).toMatchObject({
      subject: 'cert/c3',
      newest: { type: 'frozen' },
    });
    expect(await read('/ledger/subjects/cert/c3')).toMatchObject({ entries: [{ index: 3 }] });
    expect(await read('/ledger/subjects/cert/none')).toMatchObject({ entries: [] });
  });

  it('A8: gives everything about a subject page by page to its newest event', async () => {
    const own = await startEdge();
    const subject = 'grant/pages';
    const at = '2026-01-01T00:00:00.000Z';
    for (let i = 0; i < 7; i++) {
      const grantSha256 = i.toString(16).padStart(64, '0');
      const event = { v: 1, type: 'grant', subject, at, grantSha256, state: 'active' };
      await own.deps.ledger.appendNext(event as UnplacedEvent, { requestId: `r${i}` });
    }
    const all = (await own.deps.ledger.history(subject)).map(({ index }) => index);
    expect(all).toHaveLength(7);
    for (const limit of [1, 3, 7, 8]) {
      const seen: number[] = [];
      let cursor: string | null = '0';
      while (cursor !== null) {
        const path: string = `/ledger/subjects/${subject}?limit=${limit}&cursor=${cursor}`;
        const page = (await (await own.call(path, anyone)).json()) as LedgerHistory;
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        seen.push(...page.entries.map(({ index }) => index));
        cursor = page.nextCursor;
      }
      expect(seen, String(limit)).toEqual(all);
    }
    expect((await own.call(`/ledger/subjects/${subject}?cursor=-1`, anyone)).status).toBe(400);
  });

  it('A8: refuses what is out of range', async () => {
    for (const [path, status] of [
      ['/ledger/entries/30', 404],
      ['/ledger/entries/-1', 400],
      ['/ledger/entries/99999999999999999999', 400],
      ['/ledger/proof/inclusion?index=30&size=30', 404],
      ['/ledger/proof/inclusion?index=1&size=31', 404],
      ['/ledger/proof/inclusion?index=1', 400],
      ['/ledger/proof/consistency?first=3&second=2', 404],
      ['/ledger/subjects/CERT/c3', 400],
      ['/ledger/nothing', 404],
    ] as const) {
      const response = await edge.call(path, anyone);
      expect([path, response.status]).toEqual([path, status]);
    }
    const post = await edge.call('/ledger/checkpoint', { ...anyone, method: 'POST' });
    expect(post.status).toBe(405);
  });

  it('A12: fixes the audit chain of a tenant in the ledger, once per head', async () => {
    expect(
      (await edge.call('/v1/audit/anchor', { as: 'auditor-gao', method: 'POST' })).status,
    ).toBe(404);
    await edge.call('/v1/seals/accounts', { json: account });
    const anchor = await edge.call('/v1/audit/anchor', { as: 'auditor-gao', method: 'POST' });
    const made = await bodyOf(anchor);
    const head = await edge.deps.audit.head('beichen-bank');
    expect(made).toMatchObject({ position: head?.index, headSha256: head?.hashHex });
    const again = await edge.call('/v1/audit/anchor', { as: 'auditor-gao', method: 'POST' });
    expect(await bodyOf(again)).toEqual(made);
    const entry = await edge.deps.ledger.entry(made.index as number);
    expect(entry.event).toMatchObject({
      type: 'audit_head',
      subject: auditSubject('beichen-bank'),
    });
    expect(new TextDecoder().decode(entry.bytes)).not.toContain('beichen');
  });

  it('A8: in demo mode one byte of the served ledger is changed, and a look-up refuses', async () => {
    const { ledger } = edge.deps;
    const deps = { ledger, policy: policyOf(await ledger.trust()), clock: edge.clock };
    const ask = (path: string, json?: unknown) =>
      edge.call(`/v1/demo/ledger/${path}`, { as: null, method: 'POST', json });
    expect(await bodyOf(await ask('alter', { subject: 'cert/c5' }))).toEqual({
      altered: ['cert/c5'],
    });
    await expect(proveHistory(deps, 'cert/c5')).rejects.toMatchObject({
      code: 'ledger_proof_invalid',
      detail: expect.stringContaining('inclusion_failed'),
    });
    await proveHistory(deps, 'cert/c6');
    expect(await bodyOf(await ask('restore'))).toEqual({ altered: [] });
    await proveHistory(deps, 'cert/c5');
  });
});
