import { hexToBytes } from '@noble/hashes/utils.js';
import { type LedgerPolicy, parseCheckpoint } from '../../core/ledger/checkpoint.ts';
import { parseNote } from '../../core/ledger/note.ts';
import {
  type CertificateEvidence,
  checkEvidence,
  type EvidenceTrust,
  type EvidenceVerdict,
} from '../../core/pki/evidence.ts';
import type { Caller } from '../actor.ts';
import { type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { policyOf } from '../ledger/lookup.ts';
import { allAuthorities } from './authority.ts';
import { getCertificate } from './find.ts';
import type { CertificateDeps } from './ports.ts';
import { keyAlgorithms } from './profiles.ts';
import type { Certificate } from './types.ts';

export { evidenceSteps } from '../../core/pki/evidence.ts';

/** How long ago the witnesses may have cosigned what a verification builds on. */
const checkpointAgeSecondsMax = 24 * 60 * 60;

/** A verification: what was looked at, and what came of it. */
export interface Verification {
  readonly certificate: Certificate;
  readonly evidence: CertificateEvidence;
  /** Certificates of the authorities that may issue, DER. */
  readonly issuers: readonly Uint8Array[];
  readonly verdict: EvidenceVerdict;
  readonly atMs: number;
}

/**
 * Verifies a certificate against the ledger (A8): that it is the one that was frozen there, and
 * still is or is in force. A "no" is an answer. Whoever thaws verifies again: an earlier
 * verification opens nothing.
 *
 * @throws CinnabarError `certificate_not_found`, `certificate_state` before it is in the ledger,
 * `ledger_unavailable`, `ledger_untrusted`, `storage_unavailable`, `audit_unavailable`
 */
export async function verifyCertificate(
  deps: CertificateDeps,
  caller: Caller,
  serialHex: string,
): Promise<Verification> {
  const certificate = await getCertificate(deps, caller.actor, serialHex);
  const verification = await examine(deps, certificate, 'in_force');
  await record(deps.audit, caller, operationOf(verification), 'done');
  return verification;
}

function operationOf({ certificate, verdict }: Verification): Operation {
  return {
    action: 'certificate.verify',
    subject: `certificate:${certificate.serialHex}`,
    detail: { passed: verdict.ok, ...(verdict.code === undefined ? {} : { code: verdict.code }) },
  };
}

/**
 * Fetches everything from the ledger and checks it; remembers the checkpoint of a good one.
 *
 * @param newest `entry` before a thaw, which nothing may have come before
 */
export async function examine(
  deps: CertificateDeps,
  certificate: Certificate,
  newest: 'entry' | 'in_force',
): Promise<Verification> {
  const evidence = await gatherEvidence(deps, certificate);
  const atMs = deps.clock.now();
  const { trust, issuers } = await trustOf(deps);
  const verdict = await checkEvidence(evidence, trust, atMs, newest);
  if (verdict.steps.every(({ step, ok }) => ok || step === 'newest')) {
    const note = evidence.checkpoint;
    await deps.certificates.rememberCheckpoint({ size: sizeOf(note), note });
  }
  return { certificate, evidence, issuers, verdict, atMs };
}

/**
 * Whom verifications here trust: the pinned log and witnesses, and every issuing authority of both
 * hierarchies that was not revoked.
 */
export async function trustOf(
  deps: CertificateDeps,
): Promise<{ readonly trust: EvidenceTrust; readonly issuers: readonly Uint8Array[] }> {
  const [trust, ...authorities] = await Promise.all([
    deps.ledgerTrust(),
    ...keyAlgorithms.map((algorithm) => allAuthorities(deps, algorithm)),
  ]);
  const permitted = authorities.flat().filter(({ isRevoked }) => !isRevoked);
  const ledger: LedgerPolicy = policyOf(trust, checkpointAgeSecondsMax);
  return {
    trust: { ledger, issuers: permitted.map(({ spki }) => spki) },
    issuers: permitted.map(({ issuing }) => issuing),
  };
}

async function gatherEvidence(
  deps: CertificateDeps,
  { der, frozenIndex, ledgerSubject }: Certificate,
): Promise<CertificateEvidence> {
  if (!der || frozenIndex === undefined) throw new CinnabarError('certificate_state');
  const { ledger, certificates } = deps;
  const status = await ledger.status(ledgerSubject);
  const checkpoint = await ledger.checkpoint();
  const size = sizeOf(checkpoint);
  const [entry, inclusion, remembered] = await Promise.all([
    ledger.entry(frozenIndex),
    // A checkpoint of a log that is too short for the entry proves nothing, and is judged so.
    frozenIndex < size ? ledger.proveInclusion(frozenIndex, size) : { proof: [] },
    certificates.rememberedCheckpoint(),
  ]);
  const known = remembered && {
    checkpoint: remembered.note,
    proof: await consistencyProof(deps, remembered.size, size),
  };
  return {
    certificate: der,
    entry: { index: frozenIndex, bytes: entry.bytes, proof: inclusion.proof.map(hexToBytes) },
    checkpoint,
    ...(known ? { known } : {}),
    status: status.note,
  };
}

/** A log that lost entries has no proof to give; the check then says what is wrong. */
async function consistencyProof(
  { ledger }: CertificateDeps,
  first: number,
  second: number,
): Promise<readonly Uint8Array[]> {
  if (first >= second) return [];
  return (await ledger.proveConsistency(first, second)).proof.map(hexToBytes);
}

/** Of a note that is not yet verified; a lie about it fails every proof. */
function sizeOf(note: string): number {
  return parseCheckpoint(parseNote(note).text).size;
}
