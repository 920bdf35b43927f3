import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { parsePublicKey } from '../../../core/pki/public-key.ts';
import { wholeSecondOf } from '../../../lib/time.ts';
import { asWebCrypto, bufferOf, type CertificateSigner, x509 } from './library.ts';

/** RFC 5280 §4.2.1.12, RFC 6960 §4.2.2.2 and RFC 9336 §3. */
const extendedKeyUsages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  documentSigning: '1.3.6.1.5.5.7.3.36',
} as const;
export type ExtendedKeyUsage = keyof typeof extendedKeyUsages;

/** RFC 6960 §4.2.2.2.1: the responder's own certificate is not to be looked up. */
const ocspNoCheck = '1.3.6.1.5.5.7.48.1.5';
const derNull = Uint8Array.of(5, 0);
/** RFC 9608 §2: no revocation information is published for the certificate. */
const noRevocationAvailable = '2.5.29.56';

export interface SubjectName {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  /** ISO 3166-1, two capitals. */
  readonly country?: string;
}

export interface CertificateTemplate {
  /** Positive, in hex. */
  readonly serialHex: string;
  readonly subject: SubjectName;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly policies: readonly string[];
  readonly dnsNames: readonly string[];
  /** Present for an authority: how many authorities may follow below it. */
  readonly pathLength?: number;
  /** Of a short-lived certificate: it says itself that nobody need look for its revocation. */
  readonly noRevocation?: true;
}

/** Who issues: its name in DER, its key, and where its certificate, list and responder are. */
export interface CertificateIssuer {
  /** Distinguished name, DER. */
  readonly name: Uint8Array;
  readonly signer: CertificateSigner;
  /** Absent for a root: nobody is above it. */
  readonly urls?: { readonly certificate: string; readonly crl: string; readonly ocsp?: string };
}

/** A distinguished name in DER, most general part first. */
export function encodeName(subject: SubjectName): Uint8Array {
  const { country, organization, organizationalUnit, commonName } = subject;
  const parts: [string, string | undefined][] = [
    ['C', country],
    ['O', organization],
    ['OU', organizationalUnit],
    ['CN', commonName],
  ];
  // One type for every text but the country, so that a name does not change its form with its words.
  const name = parts.flatMap(([type, value]) => {
    if (value === undefined) return [];
    return [{ [type]: [type === 'C' ? { printableString: value } : { utf8String: value }] }];
  });
  return new Uint8Array(new x509.Name(name).toArrayBuffer());
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 as a name for a key, not as protection of one. */
export function keyIdentifierHex(spki: Uint8Array): string {
  return bytesToHex(sha1(parsePublicKey(spki).key));
}

/** Makes and signs one certificate. Gives its DER. */
export async function buildCertificate(
  template: CertificateTemplate,
  issuer: CertificateIssuer,
): Promise<Uint8Array> {
  const { signingKey, crypto } = asWebCrypto(issuer.signer);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: template.serialHex,
      subject: new x509.Name(bufferOf(encodeName(template.subject))),
      issuer: new x509.Name(bufferOf(issuer.name)),
      notBefore: wholeSecondOf(template.notBeforeMs),
      notAfter: wholeSecondOf(template.notAfterMs),
      publicKey: bufferOf(template.spki),
      signingKey,
      extensions: extensionsOf(template, issuer),
    },
    crypto,
  );
  return new Uint8Array(certificate.rawData);
}

function extensionsOf(
  template: CertificateTemplate,
  { signer, urls }: CertificateIssuer,
): InstanceType<typeof x509.Extension>[] {
  const { pathLength, extendedKeyUsage, policies, dnsNames } = template;
  const usage = template.keyUsage.reduce((flags, name) => flags | x509.KeyUsageFlags[name], 0);
  const extensions: InstanceType<typeof x509.Extension>[] = [
    new x509.BasicConstraintsExtension(pathLength !== undefined, pathLength, true),
    new x509.KeyUsagesExtension(usage, true),
    new x509.SubjectKeyIdentifierExtension(keyIdentifierHex(template.spki)),
    new x509.AuthorityKeyIdentifierExtension(keyIdentifierHex(signer.spki)),
  ];
  if (extendedKeyUsage.length > 0) {
    const identifiers = extendedKeyUsage.map((name) => extendedKeyUsages[name]);
    extensions.push(new x509.ExtendedKeyUsageExtension(identifiers));
  }
  if (extendedKeyUsage.includes('ocspSigning')) {
    extensions.push(new x509.Extension(ocspNoCheck, false, bufferOf(derNull)));
  }
  if (template.noRevocation) {
    extensions.push(new x509.Extension(noRevocationAvailable, false, bufferOf(derNull)));
  }
  if (policies.length > 0) extensions.push(new x509.CertificatePolicyExtension([...policies]));
  if (dnsNames.length > 0) {
    const names = dnsNames.map((value) => ({ type: 'dns' as const, value }));
    extensions.push(new x509.SubjectAlternativeNameExtension(names));
  }
  if (urls) {
    extensions.push(
      new x509.CRLDistributionPointsExtension([urls.crl]),
      new x509.AuthorityInfoAccessExtension({
        ...(urls.ocsp === undefined ? {} : { ocsp: [new x509.GeneralName('url', urls.ocsp)] }),
        caIssuers: [new x509.GeneralName('url', urls.certificate)],
      }),
    );
  }
  return extensions;
}

export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign';
