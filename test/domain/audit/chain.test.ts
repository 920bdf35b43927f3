import { describe, expect, it } from 'vitest';
import {
  genesisHashHex,
  nextRecord,
  recordHash,
  verifyChain,
} from '../../../src/domain/audit/chain.ts';
import type { AuditEntry, AuditRecord } from '../../../src/domain/audit/types.ts';
import { chainOf, entry } from '../../helpers/audit-forgeries.ts';

describe('the audit chain', () => {
  it('encodes a record as the documentation says', () => {
    // Computed by another program from the description of the encoding.
    const record = nextRecord(
      undefined,
      'beichen-bank',
      {
        action: 'seal.verify',
        actor: 'teller-zhou',
        subject: 'verification:1',
        outcome: 'done',
        requestId: 'r1',
        detail: { verdict: 'pass', match: true, 'score.stroke': 0.9375 },
      },
      1_767_225_600_000,
    );
    expect(record.previousHashHex).toBe(genesisHashHex);
    expect(record.hashHex).toBe('e9bfa4afd2a17a4cdc389dcb400047abcaa46cac904b9b227ce8ceae4eb82d84');
  });

  it('verifies what it built, and continues from a known head', () => {
    const records = chainOf(12);
    const [head] = records.slice(-1);
    expect(verifyChain(records)).toEqual({
      ok: true,
      head: { index: 11, hashHex: head?.hashHex },
    });
    const after = records[4];
    expect(after && verifyChain(records.slice(5), { after })).toMatchObject({ ok: true });
    expect(verifyChain([])).toEqual({ ok: true, head: undefined });
  });

  it('does not depend on the order in which details were written', () => {
    const [record] = chainOf(1);
    if (!record) throw new Error('no record');
    const turned = Object.fromEntries(Object.entries(record.detail).reverse());
    expect(recordHash({ ...record, detail: turned })).toBe(record.hashHex);
  });

  it('survives a way through JSON', () => {
    const records = chainOf(5);
    records.push(nextRecord(records.at(-1), 'beichen-bank', { ...entry(5), detail: { x: -0 } }, 1));
    const back = JSON.parse(JSON.stringify(records)) as AuditRecord[];
    expect(verifyChain(back)).toMatchObject({ ok: true });
  });

  it('tells apart details that look alike', () => {
    const hashes = [
      {},
      { a: '' },
      { a: '1' },
      { a: 1 },
      { a: 'true' },
      { a: true },
      { a: '1', b: '' },
      { ab: '1' },
    ].map((detail) => nextRecord(undefined, 't', { ...entry(0), detail }, 1).hashHex);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('names the record from which on a chain is not to be believed', () => {
    const records = chainOf(6);
    const third = records[3] ?? fail();
    const changed = records.with(3, { ...third, actor: 'teller-9' });
    expect(verifyChain(changed)).toEqual({ ok: false, index: 3, reason: 'hash' });
    const rehashed = { ...third, actor: 'teller-9' };
    const forged = records.with(3, { ...rehashed, hashHex: recordHash(rehashed) });
    expect(verifyChain(forged)).toEqual({ ok: false, index: 4, reason: 'link' });
    expect(verifyChain(records.toSpliced(3, 1))).toEqual({ ok: false, index: 3, reason: 'index' });
    const expectedHead = records.at(-1) ?? fail();
    expect(verifyChain(records.slice(0, 5), { expectedHead })).toEqual({
      ok: false,
      index: 5,
      reason: 'head',
    });
  });

  it('refuses what has no canonical encoding', () => {
    for (const detail of [{ x: Number.NaN }, { x: Number.POSITIVE_INFINITY }, { x: '\ud800' }]) {
      expect(() => nextRecord(undefined, 't', { ...entry(0), detail }, 1)).toThrow(TypeError);
    }
    const hollow = { x: undefined } as unknown as AuditEntry['detail'];
    expect(() => nextRecord(undefined, 't', { ...entry(0), detail: hollow }, 1)).toThrow(TypeError);
  });
});

function fail(): never {
  throw new Error('index out of range');
}
