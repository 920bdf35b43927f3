import { describe, expect, it } from 'vitest';
import {
  genesisHashHex,
  nextRecord,
  recordHash,
  verifyChain,
} from '../../../src/domain/audit/chain.ts';
import type { AuditEntry, AuditRecord } from '../../../src/domain/audit/types.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

function entry(n: number): AuditEntry {
  return {
    action: n % 2 ? 'seal.enrol' : 'seal.verify',
    actor: `teller-${n % 3}`,
    subject: `seal:${n}`,
    outcome: n % 5 ? 'done' : 'intended',
    requestId: `request-${n}`,
    detail: { score: n / 7, match: n % 2 === 0, note: '印鉴' },
  };
}

function chainOf(length: number, tenant = 'beichen-bank'): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let n = 0; n < length; n++) {
    records.push(nextRecord(records.at(-1), tenant, entry(n), 1_767_225_600_000 + n));
  }
  return records;
}

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

  it('finds every one of 1000 random changes, and names where', () => {
    const random = seededRandom(11);
    const below = (limit: number) =>
      new DataView(random.bytes(4).buffer as ArrayBuffer).getUint32(0) % limit;
    const original = chainOf(8);
    const head = original.at(-1);
    const changes: ((chain: AuditRecord[], at: number) => AuditRecord[])[] = [
      (chain, at) => chain.toSpliced(at, 1),
      (chain, at) => chain.toSpliced(at, 0, { ...(chain[at] ?? nothing()) }),
      (chain, at) => {
        const other = (at + 1) % chain.length;
        return chain.with(at, chain[other] ?? nothing()).with(other, chain[at] ?? nothing());
      },
      (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), atMs: below(2 ** 31) }),
      (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), actor: `x${below(99)}` }),
      (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), outcome: 'refused' }),
      (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), tenant: 'nanpu-bank' }),
      (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), detail: { score: below(99) } }),
      // Rehashed, as a forger with access to the store would.
      (chain, at) => {
        const forged = { ...(chain[at] ?? nothing()), subject: `seal:${100 + below(99)}` };
        return chain.with(at, { ...forged, hashHex: recordHash(forged) });
      },
      (chain, at) => chain.slice(0, at),
    ];
    for (let round = 0; round < 1000; round++) {
      const at = below(original.length);
      const change = changes[round % changes.length];
      const forged = change?.(original, at) ?? [];
      const verdict = verifyChain(forged, head ? { expectedHead: head } : {});
      expect(verdict.ok, `round ${round}`).toBe(false);
      if (!verdict.ok) {
        expect(verdict.index).toBeGreaterThanOrEqual(0);
        expect(verdict.index).toBeLessThanOrEqual(original.length);
      }
    }
  });

  it('refuses what has no canonical encoding', () => {
    for (const detail of [{ x: Number.NaN }, { x: Number.POSITIVE_INFINITY }, { x: '\ud800' }]) {
      expect(() => nextRecord(undefined, 't', { ...entry(0), detail }, 1)).toThrow(TypeError);
    }
    const hollow = { x: undefined } as unknown as AuditEntry['detail'];
    expect(() => nextRecord(undefined, 't', { ...entry(0), detail: hollow }, 1)).toThrow(TypeError);
  });
});

function nothing(): never {
  throw new Error('index out of range');
}
