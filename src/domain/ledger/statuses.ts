import { formatNote, signatureLine } from '../../core/ledger/note.ts';
import { formatStatus } from '../../core/ledger/status.ts';
import { instantText } from '../../lib/time.ts';
import type { Clock } from '../ports.ts';
import { signedAnswers } from '../signed-answers.ts';
import type { LedgerEntry, LogStore, NoteSigner, SignedStatus } from './ports.ts';

/** How long a signed status is valid. */
export const statusTtlMs = 60_000;
/** So long one is given out again: whoever gets it has half a minute to show it. */
export const statusReuseMs = statusTtlMs / 2;
/** Subjects. */
const keptMax = 1_000;

interface StatusDeps {
  readonly clock: Clock;
  readonly store: Pick<LogStore, 'published'>;
  readonly signer: NoteSigner;
}

/**
 * Says and signs which event of a subject is the newest. Of what has no events nothing is kept: names
 * that somebody makes up push nothing out.
 */
export function createStatuses(deps: StatusDeps) {
  const { clock } = deps;
  const answers = signedAnswers<SignedStatus>({ clock, reuseMs: statusReuseMs, keptMax });

  /** @param newest what the store holds as the newest event at this moment */
  return (subject: string, newest: LedgerEntry | undefined): Promise<SignedStatus> => {
    if (!newest) return signed(deps, subject, newest, clock.now());
    return answers(subject, newest.leafHash, (nowMs) => signed(deps, subject, newest, nowMs));
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
