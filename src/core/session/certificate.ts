import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { DerError, derBitString, derObjectIdentifier, derSequence } from '../../lib/der.ts';
import { extensionTypes, type ParsedCertificate, parseCertificate } from '../pki/certificate.ts';
import { type ChainFailure, verifyCertificateChain } from '../pki/chain.ts';
import { parsePublicKey } from '../pki/public-key.ts';
import type { SessionSuiteName } from './suite.ts';

/** Certificate policies of the two sides of a session, under the arc for examples of RFC 5612. */
export const sessionPolicies = {
  terminal: '1.3.6.1.4.1.32473.2.1.6',
  service: '1.3.6.1.4.1.32473.2.1.7',
} as const;
export type SessionRole = keyof typeof sessionPolicies;

/** RFC 8410 §3. */
const idX25519 = '1.3.101.110';
/** GM/T 0006 and RFC 5480 §2.1.1. */
const idEcPublicKey = '1.2.840.10045.2.1';
const sm2Curve = '1.2.156.10197.1.301';

/** SubjectPublicKeyInfo of a session key. */
export function sessionSpki(suite: SessionSuiteName, publicKey: Uint8Array): Uint8Array {
  const identifier =
    suite === 'x25519'
      ? derSequence(derObjectIdentifier(idX25519))
      : derSequence(derObjectIdentifier(idEcPublicKey), derObjectIdentifier(sm2Curve));
  return derSequence(identifier, derBitString(publicKey));
}

export const certificateHash = (der: Uint8Array) => bytesToHex(sha256(der));

export type SessionCertificateFailure = ChainFailure | 'malformed' | 'wrong_purpose' | 'wrong_key';

/**
 * Verifies the certificate of one side of a session, against roots that the caller trusts, and gives
 * its key. The policy in it says which side it is for: a terminal's never passes as the service's.
 */
export async function verifySessionCertificate(
  chain: readonly Uint8Array[],
  expected: {
    readonly role: SessionRole;
    readonly suite: SessionSuiteName;
    readonly roots: readonly Uint8Array[];
    readonly atMs: number;
  },
): Promise<
  | { readonly ok: true; readonly publicKey: Uint8Array; readonly notAfterMs: number }
  | { readonly ok: false; readonly code: SessionCertificateFailure }
> {
  const parsed = parseAll(chain);
  const [own] = parsed ?? [];
  if (!parsed || !own) return { ok: false, code: 'malformed' };
  const verdict = await verifyCertificateChain(parsed, expected.roots, expected.atMs);
  if (!verdict.ok) return verdict;
  if (!hasPolicy(own, sessionPolicies[expected.role])) return { ok: false, code: 'wrong_purpose' };
  const publicKey = parsePublicKey(own.spki).key;
  if (bytesToHex(own.spki) !== bytesToHex(sessionSpki(expected.suite, publicKey))) {
    return { ok: false, code: 'wrong_key' };
  }
  return { ok: true, publicKey, notAfterMs: own.notAfterMs };
}

function parseAll(chain: readonly Uint8Array[]): readonly ParsedCertificate[] | undefined {
  try {
    return chain.map(parseCertificate);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Exactly this one policy, without qualifiers: as our authority writes it. */
function hasPolicy({ extensions }: ParsedCertificate, policy: string): boolean {
  const value = extensions.get(extensionTypes.certificatePolicies)?.value;
  const only = derSequence(derSequence(derObjectIdentifier(policy)));
  return value !== undefined && bytesToHex(value) === bytesToHex(only);
}
