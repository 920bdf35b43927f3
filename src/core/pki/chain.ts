import { bytesToHex } from '@noble/hashes/utils.js';
import {
  type CertificateExtension,
  extensionTypes,
  mayIssue,
  type ParsedCertificate,
} from './certificate.ts';
import { verifySignature } from './public-key.ts';

export type ChainFailure =
  | 'chain_incomplete'
  | 'chain_signature_invalid'
  | 'chain_issuer_not_authority'
  | 'chain_expired'
  | 'chain_critical_extension'
  | 'chain_untrusted';

export type ChainResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ChainFailure };

/** What a verifier has looked at; another critical extension must end the verification. */
const understood: ReadonlySet<string> = new Set(Object.values(extensionTypes));

/**
 * Verifies `chain`, the certificate first and its root last, at one instant (RFC 5280 §6, for the
 * straight chains we issue: names in step, signatures, dates, authority of each issuer). Trust
 * comes from `roots`: the last certificate must be one of them, byte for byte.
 *
 * Name constraints and policy mapping are not evaluated: where one is critical, the chain is refused.
 */
export async function verifyCertificateChain(
  chain: readonly ParsedCertificate[],
  roots: readonly Uint8Array[],
  atMs: number,
): Promise<ChainResult> {
  const last = chain.at(-1);
  if (!last) return refused('chain_incomplete');
  if (!roots.some((root) => isSame(root, last.der))) return refused('chain_untrusted');
  for (const [i, certificate] of chain.entries()) {
    // The root signs itself.
    const issuer = chain[i + 1] ?? certificate;
    const failure = await checkLink(certificate, issuer, atMs);
    if (failure) return refused(failure);
  }
  return { ok: true };
}

async function checkLink(
  certificate: ParsedCertificate,
  issuer: ParsedCertificate,
  atMs: number,
): Promise<ChainFailure | undefined> {
  if (!isSame(certificate.issuer, issuer.subject)) return 'chain_incomplete';
  if (atMs < certificate.notBeforeMs || atMs > certificate.notAfterMs) return 'chain_expired';
  if ([...certificate.extensions].some(isStrange)) return 'chain_critical_extension';
  if (!mayIssue(issuer)) return 'chain_issuer_not_authority';
  const { tbs, algorithm, signature } = certificate;
  const isSigned = await verifySignature(issuer.spki, algorithm, tbs, signature);
  return isSigned ? undefined : 'chain_signature_invalid';
}

const isStrange = ([type, { critical }]: [string, CertificateExtension]) =>
  critical && !understood.has(type);

const refused = (code: ChainFailure) => ({ ok: false, code }) as const;

const isSame = (a: Uint8Array, b: Uint8Array) => bytesToHex(a) === bytesToHex(b);
