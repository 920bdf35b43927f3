import { derElement, derInteger } from '../../../lib/der.ts';
import { wholeSecondOf } from '../../../lib/time.ts';
import { keyIdentifierHex } from './build.ts';
import { asWebCrypto, bufferOf, type CertificateSigner, x509 } from './library.ts';

/** RFC 5280 §5.2.3 and §5.2.4. */
const crlNumber = '2.5.29.20';
const deltaCrlIndicator = '2.5.29.27';

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

/** Makes and signs a certificate revocation list of version 2. Gives its DER. */
export async function buildCrl(
  template: CrlTemplate,
  issuer: { readonly name: Uint8Array; readonly signer: CertificateSigner },
): Promise<Uint8Array> {
  const { signingKey, crypto } = asWebCrypto(issuer.signer);
  const extensions = [
    new x509.AuthorityKeyIdentifierExtension(keyIdentifierHex(issuer.signer.spki)),
    new x509.Extension(crlNumber, false, bufferOf(derInteger(template.number))),
  ];
  if (template.baseNumber !== undefined) {
    const base = bufferOf(derInteger(template.baseNumber));
    extensions.push(new x509.Extension(deltaCrlIndicator, true, base));
  }
  const crl = await x509.X509CrlGenerator.create(
    {
      issuer: new x509.Name(bufferOf(issuer.name)),
      thisUpdate: wholeSecondOf(template.thisUpdateMs),
      nextUpdate: wholeSecondOf(template.nextUpdateMs),
      entries: template.entries.map(({ serialHex, atMs, reason }) => ({
        serialNumber: serialHex,
        revocationDate: wholeSecondOf(atMs),
        extensions: [reasonExtension(reason)],
      })),
      extensions,
      signingKey,
      signingAlgorithm: signingKey.algorithm,
    },
    crypto,
  );
  return new Uint8Array(crl.rawData);
}

/** Until when a list that was made here counts, and whom it names. */
export function crlFacts(der: Uint8Array): {
  readonly endsAtMs: number;
  readonly serials: ReadonlySet<string>;
} {
  const crl = new x509.X509Crl(bufferOf(der));
  const serials = crl.entries.map(({ serialNumber }) => serialNumber.toLowerCase());
  return { endsAtMs: crl.nextUpdate?.getTime() ?? 0, serials: new Set(serials) };
}

function reasonExtension(reason: CrlReason): InstanceType<typeof x509.Extension> {
  const enumerated = derElement(0x0a, Uint8Array.of(crlReasons[reason]));
  return new x509.Extension('2.5.29.21', false, bufferOf(enumerated));
}
