import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { base64urlBytes } from '../../lib/base64url.ts';
import { loadGm } from '../gm.ts';
import {
  assertSuccessor,
  type LedgerPolicy,
  parseCheckpoint,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '../ledger/checkpoint.ts';
import { LedgerError, type LedgerErrorCode } from '../ledger/error.ts';
import { leafHash, verifyInclusion } from '../ledger/merkle.ts';
import { parseNote } from '../ledger/note.ts';
import { verifyStatus } from '../ledger/status.ts';
import { type ParsedCertificate, parseCertificate } from './certificate.ts';
import { verifySignature } from './public-key.ts';

/** An entry of the ledger with what proves that it is there. */
export interface EvidenceEntry {
  readonly index: number;
  /** The exact bytes that were logged. */
  readonly bytes: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** All that a verifier of a frozen certificate is given; nothing of it is believed unchecked. */
export interface CertificateEvidence {
  /** The exact DER. */
  readonly certificate: Uint8Array;
  readonly entry: EvidenceEntry;
  /** Signed note; its tree is the one that the proofs lead into. */
  readonly checkpoint: string;
  /** The checkpoint that this verifier accepted last, and the proof from it to this one. */
  readonly known?: { readonly checkpoint: string; readonly proof: readonly Uint8Array[] };
  /** The log's signed word on which event of the certificate is the newest. */
  readonly status: string;
}

/** What a verifier trusts: a log with its witnesses, and the keys that may issue. */
export interface EvidenceTrust {
  readonly ledger: LedgerPolicy;
  /** SubjectPublicKeyInfo of permitted issuers, DER. */
  readonly issuers: readonly Uint8Array[];
}

/** In the order in which they are checked, and in which the first failure gives the reason. */
export const evidenceSteps = [
  'checkpoint',
  'inclusion',
  'consistency',
  'signature',
  'hash',
  'newest',
] as const;
export type EvidenceStep = (typeof evidenceSteps)[number];

export type EvidenceCode =
  | LedgerErrorCode
  | 'checkpoint_refused'
  | 'entry_not_frozen'
  | 'certificate_malformed'
  | 'issuer_not_permitted'
  | 'signature_invalid'
  | 'hash_differs'
  | 'subject_key_differs'
  | 'newer_event';

export interface EvidenceResult {
  readonly step: EvidenceStep;
  readonly ok: boolean;
  readonly code?: EvidenceCode;
  /** What was compared, for people to see: hashes, sizes, names. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface EvidenceVerdict {
  readonly ok: boolean;
  /** Why not: the code of the first step that failed. */
  readonly code?: EvidenceCode;
  readonly steps: readonly EvidenceResult[];
}

type Outcome = Omit<EvidenceResult, 'step'>;

const passed = (facts: Outcome['facts']): Outcome => ({ ok: true, facts });
const failed = (code: EvidenceCode, facts: Outcome['facts'] = {}): Outcome => ({
  ok: false,
  code,
  facts,
});

/**
 * Checks a frozen certificate against the ledger (A8), each step for itself so that a person sees
 * all that is wrong: the checkpoint's signatures and witnesses; that the entry is in its tree; that
 * the tree goes on from the one known before; the signature of the certificate with the issuer key
 * **of the entry**, which must be a permitted one; SM3 and SHA-256 of the exact bytes; and what the
 * newest event of the certificate is. The certificate's own words are used for nothing but its
 * signature.
 *
 * @param newest `entry`: no later event may exist, as before a thaw; `in_force`: a later one may,
 * if it leaves the certificate in force
 */
export async function checkEvidence(
  evidence: CertificateEvidence,
  trust: EvidenceTrust,
  nowMs: number,
  newest: 'entry' | 'in_force' = 'entry',
): Promise<EvidenceVerdict> {
  const event = readEvent(evidence.entry.bytes);
  const checkpoint = await checkCheckpoint(evidence.checkpoint, trust.ledger, nowMs);
  const outcomes: Readonly<Record<EvidenceStep, Outcome>> = {
    checkpoint: checkpoint.outcome,
    inclusion: checkEntry(evidence.entry, checkpoint.verified, event),
    consistency: checkConsistency(evidence, checkpoint.verified),
    signature: await checkSignature(evidence.certificate, event, trust.issuers),
    hash: await checkHashes(evidence.certificate, event),
    newest: await checkNewest(evidence, event, trust.ledger, { nowMs, allowed: newest }),
  };
  const steps = evidenceSteps.map((step) => ({ step, ...outcomes[step] }));
  const first = steps.find(({ ok }) => !ok);
  return { ok: !first, steps, ...(first?.code === undefined ? {} : { code: first.code }) };
}

type EventFields = Readonly<Record<string, unknown>>;

/** The fields of an entry; the leaf hash, not this, says that they are what was logged. */
export function readEvent(bytes: Uint8Array): EventFields | undefined {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    return typeof value === 'object' && value !== null ? (value as EventFields) : undefined;
  } catch {
    return undefined;
  }
}

/** Both come out of one look at the note: the verdict, and what the other steps build on. */
export async function checkCheckpoint(
  note: string,
  policy: LedgerPolicy,
  nowMs: number,
): Promise<{ readonly outcome: Outcome; readonly verified: VerifiedCheckpoint | undefined }> {
  try {
    const verified = await verifyCheckpoint(note, policy, Math.floor(nowMs / 1000));
    const { origin, size, root, cosignedBy } = verified;
    const facts = { origin, size: String(size), root: bytesToHex(root) };
    return { outcome: passed({ ...facts, witnesses: cosignedBy.join(', ') }), verified };
  } catch (error) {
    return { outcome: failed(codeOf(error)), verified: undefined };
  }
}

/** Whether the entry's bytes are in the tree of the checkpoint, whatever they say. */
export function isIncluded(entry: EvidenceEntry, checkpoint: VerifiedCheckpoint): boolean {
  const { size, root } = checkpoint;
  const { index, proof } = entry;
  return verifyInclusion({ index, size, root, proof, leafHash: leafHash(entry.bytes) });
}

function checkEntry(
  entry: EvidenceEntry,
  checkpoint: VerifiedCheckpoint | undefined,
  event: EventFields | undefined,
): Outcome {
  const facts = { index: String(entry.index), leafHash: bytesToHex(leafHash(entry.bytes)) };
  if (!checkpoint) return failed('checkpoint_refused', facts);
  if (!isIncluded(entry, checkpoint)) return failed('inclusion_failed', facts);
  if (!event) return failed('entry_malformed', facts);
  if (event.type !== 'frozen' || event.prev !== null) return failed('entry_not_frozen', facts);
  return passed(facts);
}

function checkConsistency(
  { known }: CertificateEvidence,
  checkpoint: VerifiedCheckpoint | undefined,
): Outcome {
  if (!checkpoint) return failed('checkpoint_refused');
  if (!known) return passed({ known: '0' });
  try {
    const before = parseCheckpoint(parseNote(known.checkpoint).text);
    const facts = { known: String(before.size), size: String(checkpoint.size) };
    assertSuccessor(before, checkpoint, known.proof);
    return passed(facts);
  } catch (error) {
    return failed(codeOf(error));
  }
}

async function checkSignature(
  der: Uint8Array,
  event: EventFields | undefined,
  issuers: readonly Uint8Array[],
): Promise<Outcome> {
  const certificate = parsedOrNothing(der);
  if (!certificate) return failed('certificate_malformed');
  const issuerSpki = typeof event?.issuerSpki === 'string' && base64urlBytes(event.issuerSpki);
  if (!issuerSpki) return failed('entry_malformed');
  const facts = { issuerKey: bytesToHex(sha256(issuerSpki)), algorithm: certificate.algorithm };
  if (!issuers.some((issuer) => isSame(issuer, issuerSpki))) {
    return failed('issuer_not_permitted', facts);
  }
  const { algorithm, tbs, signature } = certificate;
  const isSigned = await verifySignature(issuerSpki, algorithm, tbs, signature);
  return isSigned ? passed(facts) : failed('signature_invalid', facts);
}

/** Digests of the exact bytes, the same two that the entry carries. */
export async function certificateDigests(
  der: Uint8Array,
): Promise<{ readonly certSha256: string; readonly certSm3: string }> {
  const gm = await loadGm();
  return { certSha256: bytesToHex(sha256(der)), certSm3: bytesToHex(gm.sm3(der)) };
}

async function checkHashes(der: Uint8Array, event: EventFields | undefined): Promise<Outcome> {
  const { certSha256, certSm3 } = await certificateDigests(der);
  const facts = {
    certificateSm3: certSm3,
    entrySm3: textOf(event?.certSm3),
    certificateSha256: certSha256,
    entrySha256: textOf(event?.certSha256),
  };
  const areSame = isSameText(certSm3, facts.entrySm3) && isSameText(certSha256, facts.entrySha256);
  if (!areSame) return failed('hash_differs', facts);
  const spki = parsedOrNothing(der)?.spki ?? new Uint8Array(0);
  const isSameKey = isSameText(bytesToHex(sha256(spki)), textOf(event?.subjectSpkiSha256));
  return isSameKey ? passed(facts) : failed('subject_key_differs', facts);
}

/** After these a certificate is in force. Which may follow on which, the log decides. */
const inForce: ReadonlySet<unknown> = new Set(['thawed', 'settings', 'issued', 'resumed']);

async function checkNewest(
  { entry, status }: CertificateEvidence,
  event: EventFields | undefined,
  policy: LedgerPolicy,
  { nowMs, allowed }: { readonly nowMs: number; readonly allowed: 'entry' | 'in_force' },
): Promise<Outcome> {
  try {
    const { subject, newest, expiresAt } = await verifyStatus(status, policy.log, nowMs);
    const facts = { subject, newest: textOf(newest?.type), expiresAt };
    const isEntry = newest?.leafHash === bytesToHex(leafHash(entry.bytes));
    const isGood = isEntry || (allowed === 'in_force' && inForce.has(newest?.type));
    const isOurs = subject === event?.subject;
    return isOurs && isGood ? passed(facts) : failed('newer_event', facts);
  } catch (error) {
    return failed(codeOf(error));
  }
}

function parsedOrNothing(der: Uint8Array): ParsedCertificate | undefined {
  try {
    return parseCertificate(der);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): LedgerErrorCode {
  if (error instanceof LedgerError) return error.code;
  throw error;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** In a time that does not depend on where the first difference is. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return a.reduce((difference, byte, i) => difference | (byte ^ (b[i] ?? 0)), 0) === 0;
}

const utf8 = new TextEncoder();
const isSameText = (a: string, b: string) => isSame(utf8.encode(a), utf8.encode(b));
