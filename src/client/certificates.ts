import { hexToBytes } from '@noble/hashes/utils.js';
import { type LedgerPolicy, policyFrom, type TrustFile } from '../core/ledger.ts';
import { type BundleVerdict, type DeliveryBundle, verifyBundle } from '../core/pki/bundle.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import { checkEvidence, type EvidenceVerdict } from '../core/pki/evidence.ts';
import { type UsageVerdict, verifyUsageExport } from '../core/usage/verify.ts';
import { base64urlBytes } from '../lib/base64url.ts';
import { decodePem } from '../lib/pem.ts';
import type { CertificateVerification } from './types.ts';

export type { TrustFile } from '../core/ledger.ts';
export type { BundleVerdict, DeliveryBundle } from '../core/pki/bundle.ts';
export type { EvidenceResult, EvidenceVerdict } from '../core/pki/evidence.ts';
export { type UseDecision, useWords } from '../core/usage/decision.ts';
export {
  judgeMisbehaviour,
  type MisbehaviourCase,
  type MisbehaviourVerdict,
} from '../core/usage/judge.ts';
export type { UsageFinding, UsageVerdict } from '../core/usage/verify.ts';
export { enrolBiometric } from './biometric.ts';
export { type MadeRequest, makeP256Request, makeSm2Request } from './certificate-request.ts';
export { KeyFileError } from './key-file.ts';
export { confirmPayment, readOrder, type ShownOrder } from './payment.ts';
export {
  CloudMisbehaved,
  type KeptReport,
  type KeySession,
  type KeyTerminal,
  type KeyVault,
  type MakingStep,
  makePersonalKey,
  makingSteps,
  refreshPersonalKey,
  type StoredKey,
  withdrawPersonalKey,
  withPersonalKey,
} from './personal-key.ts';
export { makePkcs12 } from './pkcs12.ts';
export {
  openTerminalSession,
  registerSessionKeys,
  renewDueKeys,
  renewSessionKeys,
  SessionUntrusted,
  type TerminalOptions,
  type TerminalSession,
  type TerminalSigner,
  terminalFetch,
} from './session.ts';
export { type StoredTerminal, sessionKeysEnd, type TerminalVault } from './session-keys.ts';
export { passkeyProtection, pinProtection, type ShareProtection } from './share-protection.ts';
export { type ReceiptVerdict, verifyReceipt, verifyUse } from './signed.ts';
export { ShareUnreadable } from './terminal-share.ts';
export {
  activateOperation,
  approveChange,
  approveUse,
  readOutcome,
  readUse,
  StatementDiffers,
} from './use-key.ts';

const ageSecondsMax = 24 * 60 * 60;

/**
 * Verifies here what the service says it verified, that a certificate was frozen and still is or is
 * in force: every step again, on the evidence it handed
 * out, with the keys of log and witnesses that the caller trusts.
 *
 * The permitted issuers are those of the evidence unless `issuers` (PEM) names others.
 *
 * @throws LedgerError `key_malformed`, `bundle_malformed` for a trust that is none
 */
export async function verifyEvidence(
  evidence: CertificateVerification['evidence'],
  trust: TrustFile,
  nowMs: number,
  issuers: readonly string[] = evidence.issuers,
): Promise<EvidenceVerdict> {
  const { entry, known } = evidence;
  return checkEvidence(
    {
      certificate: derOf(evidence.certificate),
      entry: {
        index: entry.index,
        bytes: base64urlBytes(entry.entry) ?? new Uint8Array(0),
        proof: entry.proof.map((hash) => hexToBytes(hash)),
      },
      checkpoint: evidence.checkpoint,
      ...(known
        ? {
            known: {
              checkpoint: known.checkpoint,
              proof: known.proof.map((hash) => hexToBytes(hash)),
            },
          }
        : {}),
      status: evidence.status,
    },
    {
      ledger: policyFrom(trust, ageSecondsMax),
      issuers: issuers.map((pem) => parseCertificate(derOf(pem)).spki),
    },
    nowMs,
    'in_force',
  );
}

/**
 * Verifies a delivered bundle offline: chain, settings, proofs.
 *
 * @param roots root certificates in PEM, from a place that the caller trusts
 */
export function verifyDelivery(
  bundle: DeliveryBundle,
  trust: { readonly ledger: TrustFile; readonly roots: readonly string[] },
  nowMs: number,
): Promise<BundleVerdict> {
  const ledger: LedgerPolicy = policyFrom(trust.ledger);
  return verifyBundle(bundle, { ledger, roots: trust.roots.map(derOf) }, nowMs);
}

/**
 * Verifies offline an export of what was done with an institution's key.
 *
 * @param trust roots in PEM, and identity keys of chips in hex, from a place that the caller trusts;
 *   without chips, whichever chip signed a receipt is taken
 */
export function verifyRecords(
  text: string,
  trust: {
    readonly ledger: TrustFile;
    readonly roots: readonly string[];
    readonly chips?: readonly string[];
  },
  nowMs: number,
): Promise<UsageVerdict> {
  const { chips } = trust;
  const roots = trust.roots.map(derOf);
  const ledger = policyFrom(trust.ledger);
  return verifyUsageExport(text, { roots, ledger, ...(chips ? { chips } : {}) }, nowMs);
}

const derOf = (pem: string) => decodePem('CERTIFICATE', pem);
