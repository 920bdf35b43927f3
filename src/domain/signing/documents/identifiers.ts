import { sha256 } from '@noble/hashes/sha2.js';
import { loadGm } from '../../../core/gm.ts';
import { parsePublicKey } from '../../../core/pki/public-key.ts';
import { DerError, type DerReader, derObjectIdentifier, derSequence } from '../../../lib/der.ts';

/** Object identifiers of RFC 5652 and of GB/T 35275 §6, which gives the same structures its own. */
export const contentTypes = {
  rfc5652: {
    data: '1.2.840.113549.1.7.1',
    signedData: '1.2.840.113549.1.7.2',
    envelopedData: '1.2.840.113549.1.7.3',
    /** RFC 5083 §2. */
    authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  },
  gbt35275: {
    data: '1.2.156.10197.6.1.4.2.1',
    signedData: '1.2.156.10197.6.1.4.2.2',
    envelopedData: '1.2.156.10197.6.1.4.2.3',
  },
} as const;

/** Which family of identifiers a message is written in. */
export type MessageForm = keyof typeof contentTypes;

/** The kind of key that a document is signed with. */
export type SigningKey = 'sm2' | 'p256';

interface Suite {
  readonly digest: string;
  /** The first one is written, each of them is read. */
  readonly signatures: readonly string[];
}

/** GM/T 0006 names the SM2 algorithms; RFC 5754 §2 and §3.3 SHA-256 and ECDSA. */
export const suites: Readonly<Record<SigningKey, Suite>> = {
  // GB/T 35275 §8.1 names the signature algorithm alone; others name it together with its digest.
  sm2: {
    digest: '1.2.156.10197.1.401',
    signatures: ['1.2.156.10197.1.301.1', '1.2.156.10197.1.501'],
  },
  p256: { digest: '2.16.840.1.101.3.4.2.1', signatures: ['1.2.840.10045.4.3.2'] },
};

/** SM2-with-SM3 in one identifier, as certificates and RFC 5652 messages carry it. */
export const sm2WithSm3 = '1.2.156.10197.1.501';

/** The digest that goes with a key: SM3 or SHA-256, 32 bytes. */
export async function digestOf(key: SigningKey, bytes: Uint8Array): Promise<Uint8Array> {
  return key === 'sm2' ? (await loadGm()).sm3(bytes) : sha256(bytes);
}

/** @throws DerError when the key is neither SM2 nor P-256 */
export function signingKeyOf(spki: Uint8Array): SigningKey {
  const { algorithm } = parsePublicKey(spki);
  if (algorithm === 'sm2' || algorithm === 'p256') return algorithm;
  throw new DerError('the key does not sign documents');
}

/** AlgorithmIdentifier without parameters. */
export function algorithmIdentifier(type: string): Uint8Array {
  return derSequence(derObjectIdentifier(type));
}

/** The type of an AlgorithmIdentifier whose parameters are absent or NULL. */
export function readAlgorithm(reader: DerReader): string {
  const identifier = reader.sequence();
  const type = identifier.objectIdentifier();
  if (!identifier.isAtEnd) identifier.null();
  identifier.end();
  return type;
}
