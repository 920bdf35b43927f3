import { bytesToHex } from '@noble/hashes/utils.js';
import { DerError, type DerReader, readDer } from '../../lib/der.ts';
import { parseTime } from './time.ts';

/** No certificate of ours comes near; a longer one is refused before it is parsed. */
const certificateBytesMax = 16 * 1024;

const INTEGER = 0x02;
const BOOLEAN = 0x01;

export type SignatureAlgorithm = 'sm2-sm3' | 'ecdsa-p256-sha256';

const signatureAlgorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  // GM/T 0006: SM2-with-SM3; RFC 5758 §3.2: ecdsa-with-SHA256. Neither has parameters.
  '1.2.156.10197.1.501': 'sm2-sm3',
  '1.2.840.10045.4.3.2': 'ecdsa-p256-sha256',
};

export interface CertificateExtension {
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** A certificate of RFC 5280 as its bytes say it; nothing is verified yet. */
export interface ParsedCertificate {
  readonly der: Uint8Array;
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  /** As it stands in the BIT STRING. */
  readonly signature: Uint8Array;
  /** Lower-case hex without leading zero bytes. */
  readonly serialHex: string;
  /** DER of the distinguished names; two names are one when their bytes are. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/**
 * Reads a certificate of version 3, DER only, in the one order RFC 5280 §4.1 allows.
 *
 * Written apart from the library that makes our certificates, so that what checks them shares no
 * code with what issued them.
 *
 * @throws DerError for anything else, a second extension of one kind and other algorithms included
 */
export function parseCertificate(der: Uint8Array): ParsedCertificate {
  if (der.length > certificateBytesMax) throw new DerError('the certificate is too long');
  return readDer(der, (reader) => {
    const outer = reader.sequence();
    const tbs = outer.any();
    const algorithm = parseSignatureAlgorithm(outer);
    if (algorithm === undefined) throw new DerError('the signature algorithm is not offered');
    const signature = outer.bitString();
    outer.end();
    const body = readDer(tbs.whole, (tbsReader) => parseTbs(tbsReader.sequence(), algorithm));
    return { ...body, der, tbs: tbs.whole, algorithm, signature };
  });
}

function parseTbs(tbs: DerReader, algorithm: SignatureAlgorithm) {
  const version = tbs.optionalExplicit(0);
  if (version?.smallInteger(2) !== 2) throw new DerError('the certificate is not of version 3');
  version.end();
  const serial = tbs.element(INTEGER);
  // RFC 5280 §4.1.2.2: positive, at most 20 octets.
  if (serial.length === 0 || serial.length > 20 || (serial[0] ?? 0) > 0x7f) {
    throw new DerError('the serial number is not allowed');
  }
  if (parseSignatureAlgorithm(tbs) !== algorithm) throw new DerError('two algorithms are named');
  const issuer = sequenceWhole(tbs);
  const validity = tbs.sequence();
  const notBeforeMs = parseTime(validity);
  const notAfterMs = parseTime(validity);
  validity.end();
  const subject = sequenceWhole(tbs);
  const spki = sequenceWhole(tbs);
  const extensions = parseExtensions(tbs.optionalExplicit(3));
  tbs.end();
  return {
    serialHex: bytesToHex(serial).replace(/^(?:00)+(?=..)/, ''),
    issuer,
    subject,
    spki,
    notBeforeMs,
    notAfterMs,
    extensions,
  };
}

/** Reads an AlgorithmIdentifier; `undefined` when it is well formed and none of ours. */
export function parseSignatureAlgorithm(reader: DerReader): SignatureAlgorithm | undefined {
  const identifier = reader.sequence();
  const algorithm = signatureAlgorithms[identifier.objectIdentifier()];
  if (algorithm !== undefined) identifier.end();
  return algorithm;
}

function sequenceWhole(reader: DerReader): Uint8Array {
  if (!reader.isSequenceNext()) throw new DerError('a sequence was expected');
  return reader.any().whole;
}

function parseExtensions(explicit: DerReader | undefined): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  if (!explicit) return extensions;
  const list = explicit.sequence();
  explicit.end();
  while (!list.isAtEnd) {
    const item = list.sequence();
    const type = item.objectIdentifier();
    const critical = item.isNext(BOOLEAN) && readTrue(item);
    const value = item.octetString();
    item.end();
    if (extensions.has(type)) throw new DerError('an extension stands twice');
    extensions.set(type, { critical, value });
  }
  return extensions;
}

/** DER leaves out a default, so a BOOLEAN here can only be TRUE (X.690 §11.1, §11.5). */
function readTrue(reader: DerReader): true {
  const contents = reader.element(BOOLEAN);
  if (contents.length !== 1 || contents[0] !== 0xff) throw new DerError('a boolean is not TRUE');
  return true;
}

/** Extensions of RFC 5280 that our certificates carry and our verifier understands. */
export const extensionTypes = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const;

/** Whether the certificate may sign certificates: basicConstraints says CA, keyUsage agrees. */
export function mayIssue(certificate: ParsedCertificate): boolean {
  const constraints = certificate.extensions.get(extensionTypes.basicConstraints);
  const usage = certificate.extensions.get(extensionTypes.keyUsage);
  if (!constraints || !usage) return false;
  const isAuthority = readDer(constraints.value, (reader) => {
    const fields = reader.sequence();
    if (!fields.isNext(BOOLEAN)) return false;
    readTrue(fields);
    if (fields.isIntegerNext()) fields.smallInteger(16);
    fields.end();
    return true;
  });
  return isAuthority && hasKeyUsage(usage.value, keyCertSignBit);
}

/** RFC 5280 §4.2.1.3: the number of the bit, counted from the left. */
const keyCertSignBit = 5;

function hasKeyUsage(value: Uint8Array, bit: number): boolean {
  const contents = readDer(value, (reader) => reader.element(0x03));
  const byte = contents[1 + Math.floor(bit / 8)] ?? 0;
  return ((byte >> (7 - (bit % 8))) & 1) === 1;
}
