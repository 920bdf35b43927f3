import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { instantText } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import type { LedgerEventOf } from '../ledger/events.ts';
import type { Ledger } from '../ledger/ports.ts';
import type { Clock } from '../ports.ts';
import type { ChainHead } from './types.ts';

/** Where the head of an audit chain stands in the ledger. */
export interface AuditAnchor {
  readonly subject: string;
  /** Of the entry in the ledger. */
  readonly index: number;
  readonly leafHash: string;
  readonly position: number;
  readonly headSha256: string;
}

/** A hash chain: which kind of event tells of its heads, and under which subject. */
export interface AnchoredChain {
  readonly type: 'audit_head' | 'chip_log';
  readonly subject: string;
}

interface AnchorDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** The subject of a tenant's audit heads. The public ledger does not list who is a customer. */
export function auditSubject(tenant: string): string {
  return `audit/${bytesToHex(sha256(utf8ToBytes(`cinnabar audit chain\n${tenant}`))).slice(0, 32)}`;
}

/**
 * Writes the head of a tenant's audit chain into the ledger, unless it stands there already.
 *
 * From then on nobody, not even the holder of the chain, can cut or change what came before.
 *
 * @throws CinnabarError `ledger_unavailable`
 */
export function anchorHead(
  deps: AnchorDeps,
  tenant: string,
  head: ChainHead,
): Promise<AuditAnchor> {
  return anchorChain(deps, { type: 'audit_head', subject: auditSubject(tenant) }, head);
}

/** The same for any hash chain that has a kind of event of its own. */
export async function anchorChain(
  deps: AnchorDeps,
  chain: AnchoredChain,
  head: ChainHead,
): Promise<AuditAnchor> {
  const { type, subject } = chain;
  const newest = await deps.ledger.head(subject);
  if (newest?.event.type === type && newest.event.position >= head.index) {
    const { position, headSha256 } = newest.event;
    return { subject, index: newest.index, leafHash: newest.leafHash, position, headSha256 };
  }
  const event: LedgerEventOf<AnchoredChain['type']> = {
    v: 1,
    type,
    subject,
    prev: newest?.leafHash ?? null,
    at: instantText(deps.clock.now()),
    position: head.index,
    headSha256: head.hashHex,
  };
  try {
    const requestId = `head-${head.index}`;
    const { index, leafHash } = await deps.ledger.append(event, { requestId });
    return { subject, index, leafHash, position: head.index, headSha256: head.hashHex };
  } catch (error) {
    // Somebody anchored this head, or a later one, in between.
    if (!(error instanceof CinnabarError) || error.code !== 'ledger_conflict') throw error;
    return anchorChain(deps, chain, head);
  }
}
