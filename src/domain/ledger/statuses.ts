import { formatNote, signatureLine } from '../../core/ledger/note.ts';
import { formatStatus } from '../../core/ledger/status.ts';
import { instantText } from '../../lib/time.ts';
import type { Clock } from '../ports.ts';
import type { LedgerEntry, LogStore, NoteSigner, SignedStatus } from './ports.ts';

/** How long a signed status is valid. */
export const statusTtlMs = 60_000;
/** So long one is given out again: whoever gets it has half a minute to show it. */
export const statusReuseMs = statusTtlMs / 2;
/** Of so many subjects at once; then all are forgotten, and cost a signature each. */
const keptMax = 1_000;

interface StatusDeps {
  readonly clock: Clock;
  readonly store: Pick<LogStore, 'published'>;
  readonly signer: NoteSigner;
}

interface Kept {
  readonly leafHash: string;
  readonly issuedAtMs: number;
  readonly status: Promise<SignedStatus>;
}

/**
 * Says and signs which event of a subject is the newest. A status that says so already and is young
 * is given out again, since a signature is a way to the chips; one about another event never is.
 * Of what has no events nothing is kept: names that somebody makes up push nothing out.
 */
export function createStatuses(deps: StatusDeps) {
  const kept = new Map<string, Kept>();

  /** @param newest what the store holds as the newest event at this moment */
  return (subject: string, newest: LedgerEntry | undefined): Promise<SignedStatus> => {
    const issuedAtMs = deps.clock.now();
    if (!newest) return signed(deps, subject, newest, issuedAtMs);
    const { leafHash } = newest;
    const known = kept.get(subject);
    // A clock that is set back makes nothing fresh again.
    const isFresh = known && Math.abs(issuedAtMs - known.issuedAtMs) < statusReuseMs;
    if (isFresh && known.leafHash === leafHash) return known.status;
    if (kept.size >= keptMax) kept.clear();
    const status = signed(deps, subject, newest, issuedAtMs);
    const fresh = { leafHash, issuedAtMs, status };
    kept.set(subject, fresh);
    status.catch(() => {
      if (kept.get(subject) === fresh) kept.delete(subject);
    });
    return status;
  };
}

async function signed(
  { store, signer }: StatusDeps,
  subject: string,
  newest: LedgerEntry | undefined,
  issuedAtMs: number,
): Promise<SignedStatus> {
  const body = {
    subject,
    ...(newest && {
      newest: { index: newest.index, leafHash: newest.leafHash, type: newest.event.type },
    }),
    size: store.published()?.size ?? 0,
    issuedAt: instantText(issuedAtMs),
    expiresAt: instantText(issuedAtMs + statusTtlMs),
  };
  const key = await signer.key();
  const text = formatStatus(key.name, body);
  const signature = await signer.sign(new TextEncoder().encode(text));
  return { ...body, note: formatNote(text, [signatureLine(key, signature)]) };
}
