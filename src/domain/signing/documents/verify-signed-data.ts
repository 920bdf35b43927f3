import { type ParsedCertificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { verifySignature } from '../../../core/pki/public-key.ts';
import { DerError, type DerReader, derElement, readDer } from '../../../lib/der.ts';
import {
  contentTypes,
  digestOf,
  type MessageForm,
  readAlgorithm,
  type SigningKey,
  signingKeyOf,
  suites,
} from './identifiers.ts';
import { readReference, referenceTo } from './issuer-and-serial.ts';
import { isNamedCertificate, readSignedAttributes } from './signed-attributes.ts';

/** Longer messages are refused before they are parsed. */
export const signedDataBytesMax = 32 * 1024 * 1024;
const signersMax = 16;
const certificatesMax = 32;

export type SignedDataRefusal =
  | 'message_malformed'
  | 'content_missing'
  | 'signer_certificate_missing'
  | 'algorithm_mismatch'
  | 'content_type_mismatch'
  | 'content_digest_mismatch'
  | 'signer_certificate_mismatch'
  | 'signature_invalid';

export interface VerifiedSigner {
  /** In DER. Whether it is trusted is for the caller to find out, with `certificates`. */
  readonly certificate: Uint8Array;
  readonly key: SigningKey;
  /** The signer's own claim. */
  readonly signingTimeMs?: number;
  /** Whether the signature covers the certificate itself. */
  readonly bindsCertificate: boolean;
}

export type SignedDataVerdict =
  | {
      readonly ok: true;
      readonly form: MessageForm;
      readonly content: Uint8Array;
      readonly signers: readonly VerifiedSigner[];
      /** Every certificate that came with the message, in DER. */
      readonly certificates: readonly Uint8Array[];
    }
  | { readonly ok: false; readonly reason: SignedDataRefusal };

/**
 * Verifies a SignedData of RFC 5652 or GB/T 35275 in DER: every signer's signature must hold.
 *
 * It says that the holders of the certificates' keys signed this content. It does not say that the
 * certificates are good: their chain, dates and status are the caller's to check.
 *
 * @param detached the content of a message that does not carry it
 */
export async function verifySignedData(
  message: Uint8Array,
  detached?: Uint8Array,
): Promise<SignedDataVerdict> {
  try {
    const parsed = parseSignedData(message);
    const content = parsed.content ?? detached;
    if (!content) return refused('content_missing');
    // Two contents would let each reader believe in another one.
    if (parsed.content && detached && !isSame(parsed.content, detached)) {
      return refused('content_digest_mismatch');
    }
    const signers: VerifiedSigner[] = [];
    for (const info of parsed.signers) {
      const outcome = await verifySigner(info, content, parsed);
      if (typeof outcome === 'string') return refused(outcome);
      signers.push(outcome);
    }
    const certificates = parsed.certificates.map(({ der }) => der);
    return { ok: true, form: parsed.form, content, signers, certificates };
  } catch (error) {
    if (error instanceof DerError) return refused('message_malformed');
    throw error;
  }
}

const refused = (reason: SignedDataRefusal) => ({ ok: false, reason }) as const;

const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

interface ParsedSignedData {
  readonly form: MessageForm;
  readonly contentType: string;
  readonly content: Uint8Array | undefined;
  readonly certificates: readonly ParsedCertificate[];
  readonly signers: readonly SignerInfo[];
}

interface SignerInfo {
  readonly reference: string;
  readonly digest: string;
  /** The contents of the implicit SET; absent when the signature covers the content itself. */
  readonly attributes: Uint8Array | undefined;
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

async function verifySigner(
  info: SignerInfo,
  content: Uint8Array,
  { contentType, certificates }: ParsedSignedData,
): Promise<VerifiedSigner | SignedDataRefusal> {
  const certificate = certificates.find((one) => referenceTo(one) === info.reference);
  if (!certificate) return 'signer_certificate_missing';
  const key = signingKeyOf(certificate.spki);
  const suite = suites[key];
  if (info.digest !== suite.digest || !suite.signatures.includes(info.algorithm)) {
    return 'algorithm_mismatch';
  }
  const scheme = key === 'sm2' ? 'sm2-sm3' : 'ecdsa-p256-sha256';
  const covers = info.attributes && readSignedAttributes(info.attributes);
  if (covers) {
    if (covers.contentType !== contentType) return 'content_type_mismatch';
    if (!isSame(covers.digest, await digestOf(key, content))) return 'content_digest_mismatch';
    if (!(await isNamedCertificate(covers, certificate.der))) return 'signer_certificate_mismatch';
  } else if (content[0] === SET || !isData(contentType)) {
    // Attributes of another message could be passed off as content, and content as attributes
    // (RFC 5652 §5.3 and §14): only plain data that cannot be such a SET is taken.
    return 'content_type_mismatch';
  }
  const signed = info.attributes ? derElement(SET, info.attributes) : content;
  if (!(await verifySignature(certificate.spki, scheme, signed, info.signature))) {
    return 'signature_invalid';
  }
  return {
    certificate: certificate.der,
    key,
    bindsCertificate: covers?.certificateDigest !== undefined,
    ...(covers?.signingTimeMs === undefined ? {} : { signingTimeMs: covers.signingTimeMs }),
  };
}

const SET = 0x31;

const isData = (type: string) =>
  type === contentTypes.rfc5652.data || type === contentTypes.gbt35275.data;

function parseSignedData(message: Uint8Array): ParsedSignedData {
  if (message.length > signedDataBytesMax) throw new DerError('the message is too long');
  return readDer(message, (reader) => {
    const outer = reader.sequence();
    const type = outer.objectIdentifier();
    const form = formOf(type);
    const explicit = outer.optionalExplicit(0);
    outer.end();
    if (!form || !explicit) throw new DerError('the message is no SignedData');
    const fields = explicit.sequence();
    explicit.end();
    const version = fields.smallInteger(3);
    const digests = list(fields.set(), signersMax, readAlgorithm);
    const encapsulated = fields.sequence();
    const contentType = encapsulated.objectIdentifier();
    const content = encapsulated.optionalExplicit(0)?.octetString();
    encapsulated.end();
    const certificates = optionalSet(fields, 0, certificatesMax, readCertificate);
    optionalSet(fields, 1, certificatesMax, (list) => list.any());
    const signers = list(fields.set(), signersMax, readSigner);
    fields.end();
    // RFC 5652 §5.1: 3 for other content than data.
    if (version !== (isData(contentType) ? 1 : 3)) throw new DerError('the version is wrong');
    if (signers.length === 0) throw new DerError('nobody signed the message');
    if (!signers.every(({ digest }) => digests.includes(digest))) {
      throw new DerError('a digest is not announced');
    }
    return { form, contentType, content, certificates, signers };
  });
}

function formOf(signedData: string): MessageForm | undefined {
  if (signedData === contentTypes.rfc5652.signedData) return 'rfc5652';
  return signedData === contentTypes.gbt35275.signedData ? 'gbt35275' : undefined;
}

function optionalSet<T>(
  fields: DerReader,
  number: number,
  most: number,
  read: (reader: DerReader) => T,
): T[] {
  const inner = fields.optionalExplicit(number);
  return inner ? list(inner, most, read) : [];
}

function list<T>(reader: DerReader, most: number, read: (reader: DerReader) => T): T[] {
  const items: T[] = [];
  while (!reader.isAtEnd) {
    if (items.length === most) throw new DerError('there are too many elements');
    items.push(read(reader));
  }
  return items;
}

function readCertificate(reader: DerReader): ParsedCertificate {
  return parseCertificate(reader.any().whole);
}

function readSigner(reader: DerReader): SignerInfo {
  const fields = reader.sequence();
  // RFC 5652 §5.3: 1 for signers that are named by issuer and serial number.
  if (fields.smallInteger(3) !== 1) throw new DerError('the version is wrong');
  const reference = readReference(fields);
  const digest = readAlgorithm(fields);
  const attributes = fields.isNext(0xa0) ? fields.element(0xa0) : undefined;
  const algorithm = readAlgorithm(fields);
  const signature = fields.octetString();
  // Unsigned attributes, such as time stamps, do not change what was signed.
  if (fields.isNext(0xa1)) fields.element(0xa1);
  fields.end();
  return { reference, digest, attributes, algorithm, signature };
}
