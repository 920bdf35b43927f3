import { parseCertificate } from '../../../core/pki/certificate.ts';
import {
  DerError,
  DerReader,
  derElement,
  derExplicit,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
} from '../../../lib/der.ts';
import {
  algorithmIdentifier,
  contentTypes,
  digestOf,
  type MessageForm,
  type SigningKey,
  signingKeyOf,
  sm2WithSm3,
  suites,
} from './identifiers.ts';
import { issuerAndSerial } from './issuer-and-serial.ts';
import type { DocumentSigner } from './ports.ts';
import { signedAttributes } from './signed-attributes.ts';

/** What is signed: the content, or of a message without it, its digest (SM3, or SHA-256). */
export type SignedContent =
  | { readonly content: Uint8Array; readonly digest?: undefined }
  | { readonly digest: Uint8Array; readonly content?: undefined };

export type SignedDataRequest = SignedContent & {
  /** Leaves the content out; whoever verifies must have it. */
  readonly detached?: boolean;
  /** The signer's claim of when it signed; left out when absent. */
  readonly signingTimeMs?: number;
  /** `gbt35275` for SM2 and `rfc5652` for P-256 when absent; SM2 may also go by `rfc5652`. */
  readonly form?: MessageForm;
};

/**
 * Signs content as SignedData of RFC 5652 §5 or GB/T 35275 §8, in DER.
 *
 * The signature covers attributes that name the content's digest, its type and the signer's
 * certificate (RFC 5035 §3), so that none of the three can be exchanged.
 *
 * @throws DerError when the certificate is malformed or its key does not sign documents
 */
export async function makeSignedData(
  signer: DocumentSigner,
  request: SignedDataRequest,
): Promise<Uint8Array> {
  const certificate = parseCertificate(signer.certificate);
  const key = signingKeyOf(certificate.spki);
  const form = formOf(key, request.form);
  const types = contentTypes[form];
  const { digest } = suites[key];
  const attributes = await signedAttributes(key, {
    contentType: types.data,
    digest: request.digest ?? (await digestOf(key, request.content)),
    certificate: signer.certificate,
    ...(request.signingTimeMs === undefined ? {} : { signingTimeMs: request.signingTimeMs }),
  });
  const signature = await signer.sign(derSet(...attributes));
  const isDetached = request.detached || request.content === undefined;
  const content = isDetached ? [] : [derExplicit(0, derOctetString(request.content))];
  return derSequence(
    derObjectIdentifier(types.signedData),
    derExplicit(
      0,
      derSequence(
        derInteger(1),
        derSet(algorithmIdentifier(digest)),
        derSequence(derObjectIdentifier(types.data), ...content),
        implicitSet(0, [signer.certificate, ...signer.chain]),
        derSet(
          derSequence(
            derInteger(1),
            issuerAndSerial(certificate),
            algorithmIdentifier(digest),
            implicitSet(0, attributes),
            algorithmIdentifier(signatureType(key, form)),
            derOctetString(signature),
          ),
        ),
      ),
    ),
  );
}

function formOf(key: SigningKey, form: MessageForm | undefined): MessageForm {
  if (form === 'gbt35275' && key !== 'sm2') throw new DerError('the form asks for an SM2 key');
  return form ?? (key === 'sm2' ? 'gbt35275' : 'rfc5652');
}

function signatureType(key: SigningKey, form: MessageForm): string {
  if (key === 'sm2' && form === 'rfc5652') return sm2WithSm3;
  return suites[key].signatures[0] ?? '';
}

/** A SET OF under an implicit context tag: the contents of the SET, another tag in front. */
function implicitSet(number: number, parts: readonly Uint8Array[]): Uint8Array {
  return derElement(0xa0 | number, new DerReader(derSet(...parts)).any().contents);
}
