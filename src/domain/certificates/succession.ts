import { parseCertificate } from '../../core/pki/certificate.ts';
import type { Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { ensureIssuing, loadAuthority, rootList } from './authority.ts';
import type {
  AuthorityReason,
  AuthorityRevocation,
  AuthorityRow,
  CertificateDeps,
  IssuerName,
} from './ports.ts';
import { keyAlgorithms } from './profiles.ts';
import { settle } from './thaw.ts';
import type { PendingMove } from './types.ts';

/** An issuing authority as the operator sees it. */
export interface IssuingView extends IssuerName {
  /** The newest one issues; a retired one signs lists and answers until its last certificate ends. */
  readonly state: 'issuing' | 'retired' | 'revoked';
  readonly der: Uint8Array;
  readonly serialHex: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly revocation?: AuthorityRevocation;
  /** Certificates under it that have not ended and are not revoked. */
  readonly certificates: number;
  /** Certificates whose revocation with it is not in the ledger yet. */
  readonly revocationsLeft: number;
}

/** A proposal that nobody agreed to lapses. */
const proposalMs = 24 * 60 * 60 * 1000;
/** Certificates whose revocation one call writes into the ledger. */
const batchMax = 50;

/** Every issuing authority there is, oldest first. Makes the hierarchies that are not there yet. */
export async function listIssuing(deps: CertificateDeps): Promise<readonly IssuingView[]> {
  const views = keyAlgorithms.map(async (algorithm) => {
    await loadAuthority(deps, algorithm);
    const rows = await deps.certificates.listIssuing(algorithm);
    return Promise.all(rows.map((row) => viewOf(deps, row, row === rows.at(-1))));
  });
  return (await Promise.all(views)).flat();
}

async function viewOf(
  { certificates, clock }: CertificateDeps,
  row: AuthorityRow,
  isNewest: boolean,
): Promise<IssuingView> {
  const { algorithm, generation, der, revocation } = row;
  const isRevoked = revocation?.atMs !== undefined;
  const [count, { left }] = await Promise.all([
    certificates.countUnder(row, clock.now()),
    certificates.revocationsUnder(row, 0),
  ]);
  const { serialHex, notBeforeMs, notAfterMs } = parseCertificate(der);
  return {
    algorithm,
    generation,
    state: isRevoked ? 'revoked' : isNewest ? 'issuing' : 'retired',
    der,
    serialHex,
    notBeforeMs,
    notAfterMs,
    ...(revocation ? { revocation } : {}),
    certificates: count,
    revocationsLeft: isRevoked ? left : 0,
  };
}

/**
 * Opens the issuing authority `generation`, the one after the newest: its own key in the chips, its
 * own name, list and responder. From then on it issues; the one before signs its lists and answers
 * on. The same call again finds it made.
 *
 * @throws CinnabarError `authority_changed` for any other generation, `chips_unavailable`,
 * `chips_busy`, `storage_unavailable`, `audit_unavailable`
 */
export async function openIssuing(
  deps: CertificateDeps,
  caller: Caller,
  { algorithm, generation }: IssuerName,
): Promise<IssuingView> {
  const newest = await loadAuthority(deps, algorithm);
  if (generation !== newest.generation && generation !== newest.generation + 1) {
    throw new CinnabarError('authority_changed');
  }
  const operation = operationOf('authority.open', { algorithm, generation });
  const row = await audited(deps.audit, caller, operation, () =>
    ensureIssuing(deps, algorithm, generation),
  );
  return viewOf(deps, row, true);
}

/**
 * Revokes an issuing authority that no longer issues. The first call proposes it; the same call by
 * another person within a day does it: the root's list names the authority, and every certificate
 * under it counts as revoked for the same reason, at once. The ledger takes these revocations in
 * batches: repeat the call until `revocationsLeft` is 0; the hourly sweep does so too.
 *
 * @throws CinnabarError `authority_not_found`, `authority_in_use` for the one that issues,
 * `authority_changed` for another reason than the proposal's, `same_person`, `ledger_unavailable`,
 * `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function revokeIssuing(
  deps: CertificateDeps,
  caller: Caller,
  { reason, ...issuer }: IssuerName & { readonly reason: AuthorityReason },
): Promise<IssuingView> {
  const row = await findRow(deps, issuer);
  const known = row.revocation;
  if (known?.atMs === undefined) await consent(deps, caller, issuer, known, reason);
  const after = await findRow(deps, issuer);
  if (after.revocation?.atMs !== undefined) await endUnder(deps, after);
  return viewOf(deps, after, false);
}

async function findRow(
  { certificates }: CertificateDeps,
  { algorithm, generation }: IssuerName,
): Promise<AuthorityRow> {
  const rows = await certificates.listIssuing(algorithm);
  const row = rows.find((one) => one.generation === generation);
  if (!row) throw new CinnabarError('authority_not_found');
  if (row === rows.at(-1)) throw new CinnabarError('authority_in_use');
  return row;
}

/** The first person's word, or the second's. */
async function consent(
  { certificates, clock, audit }: CertificateDeps,
  caller: Caller,
  issuer: IssuerName,
  known: AuthorityRevocation | undefined,
  reason: AuthorityReason,
): Promise<void> {
  const nowMs = clock.now();
  const by = caller.actor.id;
  const isOpen = known !== undefined && nowMs - known.proposedAtMs <= proposalMs;
  if (isOpen && known.reason !== reason) throw new CinnabarError('authority_changed');
  if (isOpen && known.proposedBy === by) throw new CinnabarError('same_person');
  const action = isOpen ? 'authority.revoke' : 'authority.propose_revocation';
  const operation = { ...operationOf(action, issuer), detail: { reason } };
  const next = isOpen
    ? { ...known, by, atMs: nowMs }
    : { reason, proposedBy: by, proposedAtMs: nowMs };
  await audited(audit, caller, operation, () => certificates.setRevocation(issuer, known, next));
}

/** What follows from a revocation. Every part may be done again, by whoever comes. */
async function endUnder(deps: CertificateDeps, row: AuthorityRow): Promise<void> {
  await markAllUnder(deps, row);
  await rootList(deps, row.algorithm);
  const { some } = await deps.certificates.revocationsUnder(row, batchMax);
  // One that fails is left for the next call, and stops none of the others.
  const results = await Promise.allSettled(some.map((certificate) => settle(deps, certificate)));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function markAllUnder(
  { certificates }: CertificateDeps,
  { algorithm, generation, revocation }: AuthorityRow,
): Promise<void> {
  if (revocation?.atMs === undefined) return;
  const { reason, atMs } = revocation;
  const requestId = `authority:${algorithm}/${generation}`;
  const move: PendingMove = { action: 'revoke', requestId, reason, atMs };
  await certificates.revokeAllUnder({ algorithm, generation }, move);
}

/**
 * What a revocation may have left behind: certificates that were on the move when it happened, the
 * root's list, entries for the ledger. Called by the clock.
 */
export async function finishRevocations(deps: CertificateDeps): Promise<void> {
  for (const algorithm of keyAlgorithms) {
    const rows = await deps.certificates.listIssuing(algorithm);
    for (const row of rows) if (row.revocation?.atMs !== undefined) await endUnder(deps, row);
  }
}

function operationOf(action: AuditAction, { algorithm, generation }: IssuerName) {
  return { action, subject: `authority:${algorithm}/${generation}`, detail: {} };
}
