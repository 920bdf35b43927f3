import { nextRecord, recordHash, verifyChain } from '../../src/domain/audit/chain.ts';
import type { AuditEntry, AuditRecord } from '../../src/domain/audit/types.ts';
import { seededRandom } from './time-and-chance.ts';

export function entry(n: number): AuditEntry {
  return {
    action: n % 2 ? 'seal.enrol' : 'seal.verify',
    actor: `teller-${n % 3}`,
    subject: `seal:${n}`,
    outcome: n % 5 ? 'done' : 'intended',
    requestId: `request-${n}`,
    detail: { score: n / 7, match: n % 2 === 0, note: '印鉴' },
  };
}

export function chainOf(length: number, tenant = 'beichen-bank'): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let n = 0; n < length; n++) {
    records.push(nextRecord(records.at(-1), tenant, entry(n), 1_767_225_600_000 + n));
  }
  return records;
}

type Forgery = (
  chain: AuditRecord[],
  at: number,
  below: (limit: number) => number,
) => AuditRecord[];

const forgeries: readonly Forgery[] = [
  (chain, at) => chain.toSpliced(at, 1),
  (chain, at) => chain.toSpliced(at, 0, { ...(chain[at] ?? nothing()) }),
  (chain, at) => {
    const other = (at + 1) % chain.length;
    return chain.with(at, chain[other] ?? nothing()).with(other, chain[at] ?? nothing());
  },
  (chain, at, below) => chain.with(at, { ...(chain[at] ?? nothing()), atMs: below(2 ** 31) }),
  (chain, at, below) => chain.with(at, { ...(chain[at] ?? nothing()), actor: `x${below(99)}` }),
  (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), outcome: 'refused' }),
  (chain, at) => chain.with(at, { ...(chain[at] ?? nothing()), tenant: 'nanpu-bank' }),
  (chain, at, below) =>
    chain.with(at, { ...(chain[at] ?? nothing()), detail: { score: below(99) } }),
  // Rehashed, as a forger with access to the store would.
  (chain, at, below) => {
    const forged = { ...(chain[at] ?? nothing()), subject: `seal:${100 + below(99)}` };
    return chain.with(at, { ...forged, hashHex: recordHash(forged) });
  },
  (chain, at) => chain.slice(0, at),
];

/** Forges a chain of eight records in `rounds` ways and returns those that `verifyChain` believed. */
export function believedForgeries(rounds: number, knowsHead = true): readonly number[] {
  const random = seededRandom(11);
  const below = (limit: number) =>
    new DataView(random.bytes(4).buffer as ArrayBuffer).getUint32(0) % limit;
  const original = chainOf(8);
  const expectedHead = original.at(-1) ?? nothing();
  const believed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const forge = forgeries[round % forgeries.length] ?? nothing();
    const forged = forge(original, below(original.length), below);
    if (verifyChain(forged, knowsHead ? { expectedHead } : {}).ok) believed.push(round);
  }
  return believed;
}

function nothing(): never {
  throw new Error('index out of range');
}
