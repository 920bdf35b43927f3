import { canonicalJson } from '../../lib/canonical-json.ts';
import { LedgerError } from './error.ts';
import { type NoteKey, parseNote, verifyNote } from './note.ts';

/** What a status note says; times in RFC 3339. */
export interface StatusBody {
  readonly subject: string;
  readonly newest?: { readonly index: number; readonly leafHash: string; readonly type: string };
  readonly size: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

const aheadMsMax = 300_000;

/**
 * The text that the log signs: a first line that no checkpoint can begin with, since the name of a
 * log has no blank, then canonical JSON.
 */
export function formatStatus(origin: string, body: StatusBody): string {
  return `${origin} status/v1\n${canonicalJson({ ...body })}\n`;
}

/** @throws LedgerError `note_malformed`, `status_malformed`, `checkpoint_unsigned`, `status_stale` */
export async function verifyStatus(
  signed: string,
  log: NoteKey,
  nowMs: number,
): Promise<StatusBody> {
  const body = await verifyKeptStatus(signed, log, nowMs);
  if (Date.parse(body.expiresAt) <= nowMs) {
    throw new LedgerError('status_stale', 'the status has expired');
  }
  return body;
}

/**
 * A status that was kept beside what it is about: what the log said at `issuedAt`, however long ago.
 *
 * @throws LedgerError as `verifyStatus`; `status_stale` only for one from the future
 */
export async function verifyKeptStatus(
  signed: string,
  log: NoteKey,
  nowMs: number,
): Promise<StatusBody> {
  const note = parseNote(signed);
  const head = `${log.name} status/v1\n`;
  const body = note.text.startsWith(head) ? parseBody(note.text.slice(head.length)) : undefined;
  if (!body) throw new LedgerError('status_malformed', 'this is not a status of this log');
  if (!(await verifyNote(note, log)).valid) {
    throw new LedgerError('checkpoint_unsigned', 'the status is not signed by its log');
  }
  if (Date.parse(body.issuedAt) > nowMs + aheadMsMax) {
    throw new LedgerError('status_stale', 'the status is from the future');
  }
  return body;
}

function parseBody(text: string): StatusBody | undefined {
  try {
    const body = JSON.parse(text) as StatusBody;
    const { newest } = body;
    const isFormed =
      `${canonicalJson({ ...body })}\n` === text &&
      typeof body.subject === 'string' &&
      Number.isSafeInteger(body.size) &&
      [body.issuedAt, body.expiresAt].every((time) => Number.isFinite(Date.parse(time))) &&
      (newest === undefined ||
        (Number.isSafeInteger(newest.index) &&
          [newest.leafHash, newest.type].every((item) => typeof item === 'string')));
    return isFormed ? body : undefined;
  } catch {
    return undefined;
  }
}
