import { bytesToHex } from '@noble/hashes/utils.js';
import { ApiError, type Client, type AuditRecord as WireRecord } from '../client/index.ts';
import {
  LedgerError,
  type LedgerPolicy,
  leafHash,
  type ProofFile,
  parseCheckpoint,
  parseNote,
  type StatusBody,
  verifyProofFile,
} from '../core/ledger.ts';
import type { AnchoredChain } from '../domain/audit/anchor.ts';
import type { AnchoredHead } from '../domain/audit/heads.ts';
import type { AuditRecord } from '../domain/audit/types.ts';
import { instantMs } from '../lib/time.ts';
import { progress } from './progress.ts';

// What the ledger proves of a hash chain: fetched once, then judged without asking anybody.

/** What the ledger says of a chain's heads; notes as they were signed. */
export interface ChainEvidence {
  readonly checkpoint: string;
  readonly status: string;
  /** Oldest first. */
  readonly entries: readonly Omit<ProofFile, 'checkpoint'>[];
}

/** An event of the ledger about a chain. */
interface HeadEvent extends AnchoredHead {
  readonly type: string;
  readonly subject: string;
  readonly prev: string | null;
}

/** @throws RangeError when its time is none */
export function recordIn({ at, hash, previousHash, ...record }: WireRecord): AuditRecord {
  return { ...record, atMs: instantMs(at), hashHex: hash, previousHashHex: previousHash };
}

const limitWaitsMax = 10;
/** The service counts requests by the minute. */
const limitWaitMs = 61_000;

/** Long reads are many requests: at the limit of the service it waits for the next minute. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await ask();
    } catch (error) {
      const isLimit = error instanceof ApiError && error.status === 429;
      if (!isLimit || waits === limitWaitsMax) throw error;
      await new Promise((wake) => setTimeout(wake, limitWaitMs));
    }
  }
}

/** What proves the heads of a chain from the record `from` on. */
export async function evidenceOf(
  { ledger }: Client,
  subject: string,
  from = 0,
): Promise<ChainEvidence> {
  // The status first: what is anchored meanwhile only makes the history longer.
  const { note: status } = await patiently(() => ledger.status(subject));
  const { entries: history } = await patiently(() => ledger.history(subject));
  const checkpoint = await patiently(() => ledger.checkpoint());
  const { size } = parseCheckpoint(parseNote(checkpoint).text);
  const first = history.findIndex(({ bytes }) => eventIn(bytes).position >= from);
  const wanted = first < 0 ? [] : history.slice(first);
  const counter = progress('heads in the ledger', wanted.length);
  const entries: ChainEvidence['entries'][number][] = [];
  for (const { index, bytes: entry } of wanted) {
    const { proof } = await patiently(() => ledger.inclusion(index, size));
    entries.push({ index, entry, proof });
    counter.step();
  }
  counter.end();
  return { checkpoint, status, entries };
}

/** Not judged yet: the last head that the evidence speaks of. */
export function lastHeadOf({ entries }: ChainEvidence): AnchoredHead | undefined {
  const entry = entries.at(-1)?.entry;
  return entry === undefined ? undefined : eventIn(entry);
}

function eventIn(base64: string): HeadEvent {
  return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
}

/**
 * The heads from the record `from` on that the evidence proves to a holder of the ledger's keys:
 * each entry is in the tree of the checkpoint, follows the one before, and none is kept back of
 * what the status knows.
 *
 * @throws LedgerError
 */
export async function provedHeads(
  { checkpoint, entries }: ChainEvidence,
  { newest, subject: told }: StatusBody,
  policy: LedgerPolicy,
  { type, subject, from }: AnchoredChain & { readonly from: number },
): Promise<AnchoredHead[]> {
  if (told !== subject) throw new LedgerError('status_malformed', 'it is of another subject');
  const heads: AnchoredHead[] = [];
  const leaves: string[] = [];
  for (const proof of entries) {
    const { entry } = await verifyProofFile({ ...proof, checkpoint }, policy);
    const event = JSON.parse(new TextDecoder().decode(entry)) as HeadEvent;
    // Evidence of later records begins with a later event, which names one that is not here.
    const isFirstOfMany = from > 0 && leaves.length === 0;
    const follows = isFirstOfMany || event.prev === (leaves.at(-1) ?? null);
    if (event.subject !== subject || !follows) {
      throw new LedgerError('chain_broken', 'an event before this one is missing', proof.index);
    }
    leaves.push(bytesToHex(leafHash(entry)));
    if (event.type === type) heads.push(event);
  }
  if (newest && !leaves.includes(newest.leafHash)) {
    throw new LedgerError('chain_broken', 'a newer head of the log is kept back');
  }
  return heads;
}

/** A ledger that proves nothing is an answer, too. */
export function refusedBy(error: unknown) {
  if (!(error instanceof LedgerError)) throw error;
  const { code, message } = error;
  return { ok: false as const, code, message };
}
