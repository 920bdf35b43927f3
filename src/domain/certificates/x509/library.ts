// tsyringe, on which @peculiar/x509 rests, refuses to load before this.
import 'reflect-metadata';

import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { diAlgorithm, diAsnSignatureFormatter } from '@peculiar/x509';
import { container } from 'tsyringe';
import type { SignatureAlgorithm } from '../../../core/pki/certificate.ts';

export * as x509 from '@peculiar/x509';

/** Signs with a key that stays where it is. */
export interface CertificateSigner {
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo of the signing key, DER. */
  readonly spki: Uint8Array;
  /** The signature of `data` in DER. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** The name under which the library hands us back what it wants signed. */
const schemeName = 'cinnabar-signer';

const identifiers: Readonly<Record<SignatureAlgorithm, string>> = {
  'sm2-sm3': '1.2.156.10197.1.501',
  'ecdsa-p256-sha256': '1.2.840.10045.4.3.2',
};

/** What the library calls an algorithm; WebCrypto's own type is not known in every world. */
interface NamedAlgorithm {
  readonly name: string;
}

interface SignerAlgorithm extends NamedAlgorithm {
  readonly scheme: SignatureAlgorithm;
}

const isOurs = (algorithm: NamedAlgorithm): algorithm is SignerAlgorithm =>
  algorithm.name === schemeName;

/** GM/T 0006 and RFC 5758 §3.2: both identifiers stand without parameters. */
export function signatureIdentifier(algorithm: SignatureAlgorithm): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: identifiers[algorithm] });
}

container.registerInstance(diAlgorithm, {
  toAsnAlgorithm: (algorithm: NamedAlgorithm) =>
    isOurs(algorithm) ? signatureIdentifier(algorithm.scheme) : null,
  toWebAlgorithm: () => null,
});
container.registerInstance(diAsnSignatureFormatter, {
  // Our signers answer in DER already.
  toAsnSignature: (algorithm: NamedAlgorithm, signature: ArrayBuffer) =>
    isOurs(algorithm) ? signature : null,
  toWebSignature: () => null,
});

/**
 * A signer in the two shapes that the library's generators take: a key that only names its
 * algorithm, and a `Crypto` of which nothing but `subtle.sign` exists. It is passed to each call,
 * so the library's global provider is never asked.
 */
export function asWebCrypto(signer: CertificateSigner): {
  readonly signingKey: CryptoKey;
  readonly crypto: Crypto;
} {
  const algorithm: SignerAlgorithm = { name: schemeName, scheme: signer.algorithm };
  const signingKey = { algorithm, type: 'private', extractable: false, usages: ['sign'] };
  const subtle = {
    sign: async (_algorithm: unknown, _key: unknown, data: ArrayBuffer) =>
      bufferOf(await signer.sign(new Uint8Array(data))),
  };
  // The generators call nothing else: the key is ours to read, and `sign` is all they ask for.
  return {
    signingKey: signingKey as unknown as CryptoKey,
    crypto: { subtle } as unknown as Crypto,
  };
}

/** The bytes in memory of their own, as the ASN.1 classes want them. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
