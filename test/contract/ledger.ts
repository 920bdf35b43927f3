import { hexToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { assertSuccessor, verifyCheckpoint } from '../../src/core/ledger/checkpoint.ts';
import { leafHash, verifyInclusion } from '../../src/core/ledger/merkle.ts';
import { verifyStatus } from '../../src/core/ledger/status.ts';
import { decodeBundle, tilePath, tileWidth } from '../../src/core/ledger/tiles.ts';
import { eventBytes, type LedgerEvent } from '../../src/domain/ledger/events.ts';
import { policyOf, proveHistory } from '../../src/domain/ledger/lookup.ts';
import type { Ledger } from '../../src/domain/ledger/ports.ts';
import { freshId } from './fresh.ts';

const hash = 'ab'.repeat(32);

export function frozenEvent(subject: string): LedgerEvent {
  return {
    v: 1,
    type: 'frozen',
    subject,
    prev: null,
    at: '2026-03-02T03:00:00.000Z',
    certSha256: hash,
    certSm3: 'cd'.repeat(32),
    issuerSpki: 'MFkwEwYHKoEcz1UBgi0GCCqBHM9VAYItA0IABExample',
    issuerSpkiSha256: hash,
    subjectSpkiSha256: hash,
  };
}

export function thawedEvent(subject: string, prev: string): LedgerEvent {
  return { v: 1, type: 'thawed', subject, prev, at: '2026-03-02T03:00:01.000Z', certSha256: hash };
}

const freshSubject = () => `cert/${freshId()}`;

/** What every ledger must do. `nowMs` is the time by the ledger's own clock. */
export function ledgerContract(make: () => Ledger | Promise<Ledger>, nowMs: () => number): void {
  const seconds = () => Math.floor(nowMs() / 1000);

  it('A8: proves an event by a checkpoint that a quorum has cosigned', async () => {
    const ledger = await make();
    const event = frozenEvent(freshSubject());
    const made = await ledger.append(event, { requestId: 'r1' });
    const policy = policyOf(await ledger.trust(), 600);
    const checkpoint = await verifyCheckpoint(made.checkpoint, policy, seconds());
    expect(checkpoint.size).toBe(made.size);
    expect(checkpoint.cosignedBy.length).toBeGreaterThanOrEqual(2);
    const claim = {
      index: made.index,
      size: made.size,
      leafHash: leafHash(eventBytes(event)),
      root: checkpoint.root,
      proof: made.proof.map((item) => hexToBytes(item)),
    };
    expect(verifyInclusion(claim)).toBe(true);
    expect(await ledger.entry(made.index)).toMatchObject({ event, leafHash: made.leafHash });
  });

  it('A9: lets exactly one of 64 racing events follow another', async () => {
    const ledger = await make();
    const subject = freshSubject();
    const { leafHash: prev } = await ledger.append(frozenEvent(subject), { requestId: 'r1' });
    const racers = Array.from({ length: 64 }, (_, i) =>
      ledger.append(thawedEvent(subject, prev), { requestId: `thaw-${i}` }),
    );
    const results = await Promise.allSettled(racers);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'ledger_conflict' });
      }
    }
    expect(await ledger.history(subject)).toHaveLength(2);
  });

  it('A8: gives a repeated request the place of the first, and refuses it for another event', async () => {
    const ledger = await make();
    const subject = freshSubject();
    const event = frozenEvent(subject);
    const first = await ledger.append(event, { requestId: 'r1' });
    const later = { ...event, at: '2026-03-02T04:00:00.000Z' };
    const again = await ledger.append(later, { requestId: 'r1' });
    expect(again).toMatchObject({ index: first.index, leafHash: first.leafHash });
    const other = thawedEvent(subject, first.leafHash);
    await expect(ledger.append(other, { requestId: 'r1' })).rejects.toMatchObject({
      code: 'ledger_conflict',
    });
    expect(await ledger.history(subject)).toHaveLength(1);
  });

  it('C8: puts events that exclude nobody behind each other, each once, and gives them in parts', async () => {
    const ledger = await make();
    const subject = freshSubject();
    const { prev: _, ...event } = thawedEvent(subject, hash);
    const made = await Promise.all(
      Array.from({ length: 16 }, (_, i) => ledger.appendNext(event, { requestId: `r${i}` })),
    );
    const [first] = made;
    const later = { ...event, at: '2026-03-02T04:00:00.000Z' };
    const again = await ledger.appendNext(later, { requestId: 'r0' });
    expect(again).toMatchObject({ index: first?.index, leafHash: first?.leafHash });
    const other = { ...event, certSha256: 'cd'.repeat(32) };
    await expect(ledger.appendNext(other, { requestId: 'r0' })).rejects.toMatchObject({
      code: 'ledger_conflict',
    });
    const history = await ledger.history(subject);
    expect(history.map(({ event: { prev } }) => prev)).toEqual([
      null,
      ...history.slice(0, -1).map(({ leafHash: one }) => one),
    ]);
    const indexes = history.map(({ index }) => index);
    expect(indexes).toEqual(made.map(({ index }) => index).toSorted((a, b) => a - b));
    const part = async (from: number, count: number) =>
      (await ledger.history(subject, { first: from, count })).map(({ index }) => index);
    expect(await part(0, 5)).toEqual(indexes.slice(0, 5));
    expect(await part(14, 5)).toEqual(indexes.slice(14));
    expect(await part(16, 5)).toEqual([]);
  });

  it('A8: grows from each checkpoint to the next, whatever arrives at once', async () => {
    const ledger = await make();
    const policy = policyOf(await ledger.trust());
    let known = await verifyCheckpoint(await ledger.checkpoint(), policy);
    for (const batch of [1, 7, 30]) {
      await Promise.all(
        Array.from({ length: batch }, () =>
          ledger.append(frozenEvent(freshSubject()), { requestId: 'r1' }),
        ),
      );
      const next = await verifyCheckpoint(await ledger.checkpoint(), policy);
      expect(next.size).toBeGreaterThanOrEqual(known.size + batch);
      const { proof } = await ledger.proveConsistency(known.size, next.size);
      const hashes = proof.map((item) => hexToBytes(item));
      expect(() => assertSuccessor(known, next, hashes)).not.toThrow();
      known = next;
    }
  });

  it('A8: signs which event is the newest, and that there is none', async () => {
    const ledger = await make();
    const subject = freshSubject();
    const { log } = policyOf(await ledger.trust());
    const before = await verifyStatus((await ledger.status(subject)).note, log, nowMs());
    expect(before.newest).toBeUndefined();
    const made = await ledger.append(frozenEvent(subject), { requestId: 'r1' });
    const after = await verifyStatus((await ledger.status(subject)).note, log, nowMs());
    expect(after).toMatchObject({
      subject,
      newest: { index: made.index, leafHash: made.leafHash, type: 'frozen' },
    });
  });

  it('A8: gives the whole history of a subject with proofs that verify', async () => {
    const ledger = await make();
    const subject = freshSubject();
    const { leafHash: prev } = await ledger.append(frozenEvent(subject), { requestId: 'r1' });
    await ledger.append(thawedEvent(subject, prev), { requestId: 'r2' });
    const deps = { ledger, policy: policyOf(await ledger.trust()), clock: { now: nowMs } };
    const { events } = await proveHistory(deps, subject);
    expect(events.map(({ event }) => event.type)).toEqual(['frozen', 'thawed']);
    expect(await ledger.head(subject)).toMatchObject({ leafHash: events[1]?.leafHash });
    await expect(proveHistory(deps, freshSubject())).rejects.toMatchObject({
      code: 'ledger_entry_not_found',
    });
  });

  it('A8: serves the entries as tiles of the published size, no wider', async () => {
    const ledger = await make();
    const event = frozenEvent(freshSubject());
    const made = await ledger.append(event, { requestId: 'r1' });
    const index = Math.floor(made.index / tileWidth);
    const width = (made.index % tileWidth) + 1;
    const bundle = await ledger.tile(tilePath({ level: 'entries', index, width }));
    const entries = decodeBundle(bundle ?? new Uint8Array(0));
    expect(entries.at(-1)).toEqual(eventBytes(event));
    const hashes = await ledger.tile(tilePath({ level: 0, index, width }));
    expect(hashes?.slice(-32)).toEqual(leafHash(eventBytes(event)));
    expect(await ledger.tile(tilePath({ level: 0, index: index + 1, width: 1 }))).toBeUndefined();
    expect(await ledger.tile('tile/0/1')).toBeUndefined();
  });

  it('A8: has nothing beyond its checkpoint', async () => {
    const ledger = await make();
    const { size } = await ledger.append(frozenEvent(freshSubject()), { requestId: 'r1' });
    const beyond = size + 1_000_000;
    const asks = [
      () => ledger.entry(beyond),
      () => ledger.proveInclusion(0, beyond),
      () => ledger.proveInclusion(size, size),
      () => ledger.proveConsistency(1, beyond),
      () => ledger.proveConsistency(size, size - 1),
    ];
    for (const ask of asks) {
      await expect(ask()).rejects.toMatchObject({ code: 'ledger_entry_not_found' });
    }
  });
}
