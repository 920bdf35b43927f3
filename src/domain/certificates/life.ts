import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import { eventBytesToSign, type LedgerEvent } from '../ledger/events.ts';
import type { Appended } from '../ledger/ports.ts';
import { type Authority, authorityOf } from './authority.ts';
import type { CertificateDeps } from './ports.ts';
import {
  afterEvent,
  eventOfMove,
  type LedgerView,
  type MoveAction,
  nextCertificateState,
} from './states.ts';
import type { Certificate, PendingMove } from './types.ts';
import type { CrlReason } from './x509/crl.ts';

// The ledger is the truth about a certificate, its row a picture of it. A move is written down as
// pending, then appended to the ledger, then drawn into the row. The ledger takes an event only
// after the newest one of its subject, so of any number of moves that race exactly one happens;
// and it takes a request id once, so whoever finds a pending move may finish it.

/** What an event of one certificate says, apart from what every event says. */
type EventBody = {
  [Type in LedgerEvent['type']]: Omit<
    Extract<LedgerEvent, { type: Type }>,
    'v' | 'subject' | 'prev' | 'at' | 'signature'
  >;
}[LedgerEvent['type']];

/**
 * Writes one event, signed by the issuing authority, after the newest one that the row knows.
 *
 * @throws CinnabarError `ledger_conflict`, `ledger_unavailable`, `chips_unavailable`
 */
export async function appendEvent(
  deps: CertificateDeps,
  authority: Authority,
  certificate: Certificate,
  body: EventBody,
  requestId: string,
): Promise<Appended> {
  const plain = {
    ...body,
    v: 1,
    subject: certificate.ledgerSubject,
    prev: certificate.headHash ?? null,
    at: instantText(deps.clock.now()),
  } as LedgerEvent;
  const { signer } = authority.issuer;
  const signature = {
    scheme: signer.algorithm,
    spkiSha256: bytesToHex(sha256(signer.spki)),
    value: base64urlText(await signer.sign(eventBytesToSign(plain))),
  };
  return deps.ledger.append({ ...plain, signature }, { requestId });
}

export interface Move {
  readonly action: MoveAction;
  /** The same for every attempt of one intention. */
  readonly requestId: string;
  readonly reason?: CrlReason;
}

/**
 * Moves a certificate. Durable when it resolves.
 *
 * @throws CinnabarError `certificate_state` when the table has no such move, `certificate_changed`
 * when another one came first, `authority_revoked` when it would give trust under such a one,
 * `ledger_unavailable`, `chips_unavailable`, `storage_unavailable`
 */
export async function moveCertificate(
  deps: CertificateDeps,
  certificate: Certificate,
  move: Move,
): Promise<Certificate> {
  if (!nextCertificateState(certificate.state, move.action)) {
    throw new CinnabarError('certificate_state');
  }
  await refuseTrust(deps, certificate, move.action);
  const pending: PendingMove = { ...move, atMs: deps.clock.now() };
  const intended = { ...certificate, pending, revision: certificate.revision + 1 };
  await deps.certificates.replaceCertificate(intended);
  return finishMove(deps, intended, pending);
}

/** Under an authority that was revoked nothing comes into force any more. */
async function refuseTrust(
  deps: CertificateDeps,
  certificate: Certificate,
  action: MoveAction,
): Promise<Authority> {
  const authority = await authorityOf(deps, certificate);
  const givesTrust = action === 'thaw' || action === 'resume';
  if (authority.isRevoked && givesTrust) throw new CinnabarError('authority_revoked');
  return authority;
}

/** Appends a pending move and draws it into the row. Errors as `moveCertificate`. */
export async function finishMove(
  deps: CertificateDeps,
  certificate: Certificate,
  pending: PendingMove,
): Promise<Certificate> {
  const authority = await refuseTrust(deps, certificate, pending.action);
  const body = bodyOf(certificate, authority, pending);
  let appended: Appended;
  try {
    appended = await appendEvent(deps, authority, certificate, body, pending.requestId);
  } catch (error) {
    if (!isCode(error, 'ledger_conflict')) throw error;
    await followLedger(deps, certificate);
    throw new CinnabarError('certificate_changed', { cause: error });
  }
  const { state, delivery } = certificate;
  const view = afterEvent({ state, delivery }, body.type);
  const { pending: _, reason: __, ...rest } = certificate;
  const drawn: Certificate = {
    ...rest,
    ...view,
    ...(pending.reason === undefined ? {} : { reason: pending.reason }),
    movedBy: pending.requestId,
    headHash: appended.leafHash,
    frozenIndex: certificate.frozenIndex ?? appended.index,
    changedAtMs: deps.clock.now(),
    revision: certificate.revision + 1,
  };
  return draw(deps, drawn);
}

/** Stores a row that shows what the ledger has; if somebody drew it meanwhile, theirs is as good. */
export async function draw(deps: CertificateDeps, drawn: Certificate): Promise<Certificate> {
  try {
    await deps.certificates.replaceCertificate(drawn);
    return drawn;
  } catch (error) {
    if (!isCode(error, 'certificate_changed')) throw error;
    const stored = await deps.certificates.findCertificate(drawn.serialHex);
    if (stored && stored.headHash === drawn.headHash) return stored;
    // Something newer happened: then the event that was appended here has happened too.
    const history = await deps.ledger.history(drawn.ledgerSubject);
    if (stored && history.some(({ leafHash }) => leafHash === drawn.headHash)) return stored;
    throw error;
  }
}

function bodyOf(
  certificate: Certificate,
  authority: Authority,
  { action, reason = 'certificateHold' }: PendingMove,
): EventBody {
  const { der } = certificate;
  if (!der) throw new Error('a certificate moves only after it was signed');
  const certSha256 = bytesToHex(sha256(der));
  switch (action) {
    case 'freeze':
      return frozenBody(certificate, authority, certSha256);
    case 'thaw':
      return { type: 'thawed', certSha256 };
    case 'suspend':
      return { type: 'suspended', certSha256, reason };
    case 'resume':
      return { type: 'resumed', certSha256 };
    case 'revoke':
      return { type: 'revoked', certSha256, reason };
  }
}

function frozenBody(certificate: Certificate, authority: Authority, certSha256: string): EventBody {
  const { renewsSubject, spki } = certificate;
  return {
    type: 'frozen',
    certSha256,
    certSm3: certificate.sm3Hex ?? '',
    issuerSpki: base64urlText(authority.spki),
    issuerSpkiSha256: bytesToHex(sha256(authority.spki)),
    subjectSpkiSha256: bytesToHex(sha256(spki)),
    ...(renewsSubject === undefined ? {} : { renews: renewsSubject }),
  };
}

/** Reads the whole history of the certificate and makes the row show it. */
export async function followLedger(
  deps: CertificateDeps,
  certificate: Certificate,
): Promise<Certificate> {
  const history = await deps.ledger.history(certificate.ledgerSubject);
  const newest = history.at(-1);
  if (!newest || newest.leafHash === certificate.headHash) return certificate;
  const start: LedgerView = { state: 'prepared', delivery: 'none' };
  const view = history.reduce((seen, { event }) => afterEvent(seen, event.type), start);
  const { pending, reason: __, ...rest } = certificate;
  const reason = reasonOf(newest.event);
  // A pending move that the ledger has: only one could be pending, so it was this one.
  const isOurs = pending !== undefined && newest.event.type === eventOfMove[pending.action];
  return draw(deps, {
    ...rest,
    ...view,
    ...(isOurs ? { movedBy: pending.requestId } : {}),
    ...(reason === undefined ? {} : { reason }),
    headHash: newest.leafHash,
    frozenIndex: history[0]?.index ?? 0,
    changedAtMs: deps.clock.now(),
    revision: certificate.revision + 1,
  });
}

function reasonOf(event: LedgerEvent): CrlReason | undefined {
  const isNamed = event.type === 'suspended' || event.type === 'revoked';
  // Written by `bodyOf`, from the same union.
  return isNamed ? (event.reason as CrlReason) : undefined;
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof CinnabarError && error.code === code;
}
