import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { ParsedCertificate } from '../../../core/pki/certificate.ts';
import { DerError, type DerReader, derSequence, derUnsigned } from '../../../lib/der.ts';

/** IssuerAndSerialNumber of RFC 5652 §10.2.4, which names a certificate. */
export function issuerAndSerial({ issuer, serialHex }: ParsedCertificate): Uint8Array {
  const digits = serialHex.length % 2 === 0 ? serialHex : `0${serialHex}`;
  return derSequence(issuer, derUnsigned(hexToBytes(digits)));
}

/** The next element as a text that two references share exactly when they name one certificate. */
export function readReference(reader: DerReader): string {
  if (!reader.isSequenceNext()) throw new DerError('a certificate is not named by its issuer');
  return bytesToHex(reader.any().whole);
}

/** The reference to a certificate, as `readReference` gives it. */
export function referenceTo(certificate: ParsedCertificate): string {
  return bytesToHex(issuerAndSerial(certificate));
}
