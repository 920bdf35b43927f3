import { hexToBytes } from '@noble/hashes/utils.js';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  derBitString,
  derElement,
  derExplicit,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSequenceOf,
  derUnsigned,
} from '../../../lib/der.ts';
import { derTime } from '../../../lib/der-time.ts';
import { keyIdentifierHex } from './build.ts';
import { bufferOf, type CertificateSigner, signatureIdentifier, x509 } from './library.ts';

/** RFC 5280 §5.2.1, §5.2.3, §5.2.4 and §5.3.1. */
const authorityKeyIdentifier = '2.5.29.35';
const crlNumber = '2.5.29.20';
const deltaCrlIndicator = '2.5.29.27';
const reasonCode = '2.5.29.21';

/** Reasons of RFC 5280 §5.3.1 that we give. `removeFromCRL` stands in delta lists only. */
export const crlReasons = {
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
} as const;
export type CrlReason = keyof typeof crlReasons;

export interface CrlEntry {
  readonly serialHex: string;
  readonly atMs: number;
  readonly reason: CrlReason;
}

export interface CrlTemplate {
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly entries: readonly CrlEntry[];
  /** Present in a delta list: the number of the full list that it goes on from. */
  readonly baseNumber?: number;
}

/**
 * Makes and signs a certificate revocation list of version 2 (RFC 5280 §5.1). Gives its DER.
 *
 * Written element by element: the library looks through all entries before it adds one, and keeps
 * 20 KB for each, which a Worker has not for ten thousand.
 */
export async function buildCrl(
  { number, thisUpdateMs, nextUpdateMs, entries, baseNumber }: CrlTemplate,
  { name, signer }: { readonly name: Uint8Array; readonly signer: CertificateSigner },
): Promise<Uint8Array> {
  const algorithm = new Uint8Array(AsnConvert.serialize(signatureIdentifier(signer.algorithm)));
  const keyIdentifier = derElement(0x80, hexToBytes(keyIdentifierHex(signer.spki)));
  const base =
    baseNumber === undefined ? [] : [extension(deltaCrlIndicator, derInteger(baseNumber), true)];
  const extensions = derSequence(
    extension(authorityKeyIdentifier, derSequence(keyIdentifier)),
    extension(crlNumber, derInteger(number)),
    ...base,
  );
  const list = derSequence(
    derInteger(1),
    algorithm,
    name,
    derTime(thisUpdateMs),
    derTime(nextUpdateMs),
    // An empty list is left out (RFC 5280 §5.1.2.6).
    ...(entries.length === 0 ? [] : [derSequenceOf(entries.map(entryDer))]),
    derExplicit(0, extensions),
  );
  return derSequence(list, algorithm, derBitString(await signer.sign(list)));
}

function entryDer({ serialHex, atMs, reason }: CrlEntry): Uint8Array {
  const serial = derUnsigned(hexToBytes(serialHex));
  return derSequence(serial, derTime(atMs), reasonExtensions[reason]);
}

function extension(identifier: string, value: Uint8Array, isCritical = false): Uint8Array {
  const critical = isCritical ? [derElement(0x01, Uint8Array.of(0xff))] : [];
  return derSequence(derObjectIdentifier(identifier), ...critical, derOctetString(value));
}

/** Of an entry: why (RFC 5280 §5.3.1), an ENUMERATED. */
const reasonExtensions = Object.fromEntries(
  Object.entries(crlReasons).map(([reason, code]) => [
    reason,
    derSequence(extension(reasonCode, derElement(0x0a, Uint8Array.of(code)))),
  ]),
  // The same names.
) as Readonly<Record<CrlReason, Uint8Array>>;

/** Until when a list that was made here counts, and whom it names. */
export function crlFacts(der: Uint8Array): {
  readonly endsAtMs: number;
  readonly serials: ReadonlySet<string>;
} {
  const crl = new x509.X509Crl(bufferOf(der));
  const serials = crl.entries.map(({ serialNumber }) => serialNumber.toLowerCase());
  return { endsAtMs: crl.nextUpdate?.getTime() ?? 0, serials: new Set(serials) };
}
