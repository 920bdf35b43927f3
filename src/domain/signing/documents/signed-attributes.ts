import { bytesToHex } from '@noble/hashes/utils.js';
import { parseTime } from '../../../core/pki/time.ts';
import {
  DerError,
  DerReader,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
} from '../../../lib/der.ts';
import { derTime } from '../../../lib/der-time.ts';
import {
  algorithmIdentifier,
  digestOf,
  readAlgorithm,
  type SigningKey,
  suites,
} from './identifiers.ts';

/** RFC 5652 §11 and RFC 5035 §3. */
const types = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;

export interface SignedAttributeValues {
  readonly contentType: string;
  readonly digest: Uint8Array;
  readonly certificate: Uint8Array;
  readonly signingTimeMs?: number;
}

/** The attributes that a signature covers, each in DER. */
export async function signedAttributes(
  key: SigningKey,
  values: SignedAttributeValues,
): Promise<Uint8Array[]> {
  const certificate = await signingCertificate(key, values.certificate);
  const attributes = [
    attribute(types.contentType, derObjectIdentifier(values.contentType)),
    attribute(types.messageDigest, derOctetString(values.digest)),
    attribute(types.signingCertificateV2, certificate),
  ];
  const { signingTimeMs } = values;
  if (signingTimeMs !== undefined) {
    attributes.push(attribute(types.signingTime, derTime(signingTimeMs)));
  }
  return attributes;
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return derSequence(derObjectIdentifier(type), derSet(value));
}

/** SigningCertificateV2 with one ESSCertIDv2; SHA-256 is its default and may not be written. */
async function signingCertificate(key: SigningKey, certificate: Uint8Array): Promise<Uint8Array> {
  const hash = derOctetString(await digestOf(key, certificate));
  const id = key === 'p256' ? [hash] : [algorithmIdentifier(suites[key].digest), hash];
  return derSequence(derSequence(derSequence(...id)));
}

export interface ReadAttributes {
  readonly contentType: string;
  readonly digest: Uint8Array;
  /** Absent in messages of signers that do not bind their certificate. */
  readonly certificateDigest?: { readonly key: SigningKey; readonly digest: Uint8Array };
  readonly signingTimeMs?: number;
}

/**
 * Reads the contents of the SET of signed attributes. Attributes of other types are passed over,
 * as RFC 5652 §5.6 allows; one type may stand only once and have only one value.
 *
 * @throws DerError when one is malformed, or content type or digest is missing
 */
export function readSignedAttributes(contents: Uint8Array): ReadAttributes {
  const values = new Map<string, Uint8Array>();
  const reader = new DerReader(contents);
  while (!reader.isAtEnd) {
    const item = reader.sequence();
    const type = item.objectIdentifier();
    const set = item.set();
    const value = set.any().whole;
    set.end();
    item.end();
    if (values.has(type)) throw new DerError('an attribute stands twice');
    values.set(type, value);
  }
  const contentType = new DerReader(required(values, types.contentType)).objectIdentifier();
  const digest = new DerReader(required(values, types.messageDigest)).octetString();
  const time = values.get(types.signingTime);
  const certificate = values.get(types.signingCertificateV2);
  return {
    contentType,
    digest,
    ...(time && { signingTimeMs: parseTime(new DerReader(time)) }),
    ...(certificate && { certificateDigest: readSigningCertificate(certificate) }),
  };
}

function required(values: ReadonlyMap<string, Uint8Array>, type: string): Uint8Array {
  const value = values.get(type);
  if (!value) throw new DerError('a required attribute is missing');
  return value;
}

function readSigningCertificate(value: Uint8Array): { key: SigningKey; digest: Uint8Array } {
  const id = new DerReader(value).sequence().sequence().sequence();
  const type = id.isSequenceNext() ? readAlgorithm(id) : suites.p256.digest;
  const digest = id.octetString();
  if (type === suites.p256.digest) return { key: 'p256', digest };
  if (type === suites.sm2.digest) return { key: 'sm2', digest };
  throw new DerError('the certificate is named by a digest that is not offered');
}

/** Whether a certificate is the one that the attributes name; `true` when they name none. */
export async function isNamedCertificate(
  attributes: ReadAttributes,
  certificate: Uint8Array,
): Promise<boolean> {
  const named = attributes.certificateDigest;
  if (!named) return true;
  return bytesToHex(await digestOf(named.key, certificate)) === bytesToHex(named.digest);
}
