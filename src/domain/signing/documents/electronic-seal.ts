import { parseCertificate } from '../../../core/pki/certificate.ts';
import { verifySignature } from '../../../core/pki/public-key.ts';
import { parseGeneralizedTime } from '../../../core/pki/time.ts';
import {
  DerError,
  type DerReader,
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  readDer,
} from '../../../lib/der.ts';
import { derGeneralizedTime } from '../../../lib/der-time.ts';
import { signingKeyOf, sm2WithSm3 } from './identifiers.ts';
import type { DocumentSigner } from './ports.ts';

// GB/T 38540-2020, electronic seals and what is signed with them, in version 4 of its structures.
// Version 1 (GM/T 0031) signs other bytes: the seal's information together with the maker's
// certificate and the algorithm. A reader that took one for the other would accept what nobody
// signed, so only version 4 is read.

const version = 4;
const IA5_STRING = 0x16;
const UTF8_STRING = 0x0c;
const certificatesMax = 64;
/** Longer structures are refused before they are parsed. */
export const electronicSealBytesMax = 4 * 1024 * 1024;

/** The picture of a seal, with the size at which it is shown. */
export interface SealPicture {
  readonly type: 'png' | 'jpg';
  readonly data: Uint8Array;
  /** Whole millimetres. */
  readonly widthMm: number;
  readonly heightMm: number;
}

export interface ElectronicSealInfo {
  /** The identifier of the seal at its maker. ASCII. */
  readonly id: string;
  /** The maker's name for itself. ASCII. */
  readonly vendorId: string;
  /** 1 an institution's, 2 a person's, as the maker counts. */
  readonly type: number;
  readonly name: string;
  /** Certificates of those who may sign with the seal, in DER. */
  readonly signerCertificates: readonly Uint8Array[];
  readonly createdAtMs: number;
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly picture: SealPicture;
}

/** Makes an SESeal: the maker's signature over the seal's information (§6.2). */
export async function makeElectronicSeal(
  maker: DocumentSigner,
  info: ElectronicSealInfo,
): Promise<Uint8Array> {
  requireSm2(maker.certificate);
  const encoded = encodeInfo(info);
  const signature = await maker.sign(encoded);
  return derSequence(
    encoded,
    derOctetString(maker.certificate),
    derObjectIdentifier(sm2WithSm3),
    derBitString(signature),
  );
}

export interface SealingRequest {
  /** The SESeal to sign with. */
  readonly seal: Uint8Array;
  readonly signedAtMs: number;
  /** SM3 of what is signed. */
  readonly documentDigest: Uint8Array;
  /** What of the document the digest covers. ASCII. */
  readonly coverage: string;
}

/**
 * Makes an SES_Signature: the signer's signature over seal, time, digest and coverage (§7.2).
 *
 * @throws DerError when the seal is malformed or does not list the signer's certificate
 */
export async function signWithElectronicSeal(
  signer: DocumentSigner,
  request: SealingRequest,
): Promise<Uint8Array> {
  requireSm2(signer.certificate);
  const { info } = parseElectronicSeal(request.seal);
  if (!lists(info, signer.certificate)) throw new DerError('the seal does not list the signer');
  const toSign = derSequence(
    derInteger(version),
    request.seal,
    derGeneralizedTime(request.signedAtMs),
    derBitString(request.documentDigest),
    derIa5(request.coverage),
  );
  const signature = await signer.sign(toSign);
  return derSequence(
    toSign,
    derOctetString(signer.certificate),
    derObjectIdentifier(sm2WithSm3),
    derBitString(signature),
  );
}

export type ElectronicSealRefusal =
  | 'seal_malformed'
  | 'seal_signature_invalid'
  | 'seal_not_valid_then'
  | 'signer_not_listed'
  | 'document_digest_mismatch'
  | 'signature_invalid';

export type ElectronicSealVerdict =
  | {
      readonly ok: true;
      readonly info: ElectronicSealInfo;
      /** In DER; whether it is trusted is for the caller to find out. */
      readonly makerCertificate: Uint8Array;
    }
  | { readonly ok: false; readonly reason: ElectronicSealRefusal };

/** Verifies an SESeal: its maker's signature, and that it is valid at `atMs`. */
export async function verifyElectronicSeal(
  seal: Uint8Array,
  atMs: number,
): Promise<ElectronicSealVerdict> {
  try {
    return await verifyParsedSeal(parseElectronicSeal(seal), atMs);
  } catch (error) {
    if (error instanceof DerError) return { ok: false, reason: 'seal_malformed' };
    throw error;
  }
}

export type SealedDocumentVerdict =
  | {
      readonly ok: true;
      readonly info: ElectronicSealInfo;
      readonly makerCertificate: Uint8Array;
      readonly signerCertificate: Uint8Array;
      readonly signedAtMs: number;
      readonly coverage: string;
    }
  | { readonly ok: false; readonly reason: ElectronicSealRefusal };

/**
 * Verifies an SES_Signature over a document whose SM3 is `documentDigest` (§7.3): the seal, at the
 * time of signing; that it lists the signer; the digest; the signer's signature.
 */
export async function verifySealedDocument(
  signature: Uint8Array,
  documentDigest: Uint8Array,
): Promise<SealedDocumentVerdict> {
  try {
    const parsed = parseSealedDocument(signature);
    const seal = await verifyParsedSeal(parseElectronicSeal(parsed.seal), parsed.signedAtMs);
    if (!seal.ok) return seal;
    if (!lists(seal.info, parsed.certificate)) return refused('signer_not_listed');
    if (!isSame(parsed.documentDigest, documentDigest)) return refused('document_digest_mismatch');
    if (!(await isSigned(parsed))) return refused('signature_invalid');
    return {
      ok: true,
      info: seal.info,
      makerCertificate: seal.makerCertificate,
      signerCertificate: parsed.certificate,
      signedAtMs: parsed.signedAtMs,
      coverage: parsed.coverage,
    };
  } catch (error) {
    if (error instanceof DerError) return refused('seal_malformed');
    throw error;
  }
}

const refused = (reason: ElectronicSealRefusal) => ({ ok: false, reason }) as const;

async function verifyParsedSeal(seal: ParsedSeal, atMs: number): Promise<ElectronicSealVerdict> {
  if (!(await isSigned(seal))) return refused('seal_signature_invalid');
  const { info, certificate } = seal;
  if (atMs < info.validFromMs || atMs > info.validUntilMs) return refused('seal_not_valid_then');
  return { ok: true, info, makerCertificate: certificate };
}

interface SignedPart {
  readonly signed: Uint8Array;
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
}

interface ParsedSeal extends SignedPart {
  readonly info: ElectronicSealInfo;
}

interface ParsedSealedDocument extends SignedPart {
  readonly seal: Uint8Array;
  readonly signedAtMs: number;
  readonly documentDigest: Uint8Array;
  readonly coverage: string;
}

function isSigned({ certificate, signed, signature }: SignedPart): Promise<boolean> {
  return verifySignature(parseCertificate(certificate).spki, 'sm2-sm3', signed, signature);
}

/** Reads an SESeal; nothing is verified yet. @throws DerError */
export function parseElectronicSeal(bytes: Uint8Array): ParsedSeal {
  const { part, signed } = readSignedPart(bytes);
  return { ...part, info: readDer(signed, readInfo) };
}

function parseSealedDocument(bytes: Uint8Array): ParsedSealedDocument {
  const { part, signed } = readSignedPart(bytes);
  const fields = readDer(signed, (reader) => {
    const toSign = reader.sequence();
    readVersion(toSign);
    const seal = toSign.any().whole;
    const signedAtMs = parseGeneralizedTime(toSign);
    const documentDigest = toSign.bitString();
    const coverage = ascii(toSign.element(IA5_STRING));
    toSign.end();
    return { seal, signedAtMs, documentDigest, coverage };
  });
  return { ...part, ...fields };
}

/** The frame that seal and signature share: what is signed, certificate, algorithm, signature. */
function readSignedPart(bytes: Uint8Array): { part: SignedPart; signed: Uint8Array } {
  if (bytes.length > electronicSealBytesMax) throw new DerError('the structure is too long');
  const part = readDer(bytes, (reader) => {
    const outer = reader.sequence();
    const signed = outer.any().whole;
    const certificate = outer.octetString();
    const algorithm = outer.objectIdentifier();
    const signature = outer.bitString();
    outer.end();
    if (algorithm !== sm2WithSm3) throw new DerError('the algorithm is not SM2 with SM3');
    return { signed, certificate, signature };
  });
  requireSm2(part.certificate);
  return { part, signed: part.signed };
}

function encodeInfo(info: ElectronicSealInfo): Uint8Array {
  const { picture } = info;
  return derSequence(
    derSequence(derIa5('ES'), derInteger(version), derIa5(info.vendorId)),
    derIa5(info.id),
    derSequence(
      derInteger(info.type),
      derElement(UTF8_STRING, new TextEncoder().encode(info.name)),
      derInteger(wholeCertificates),
      derSequence(...info.signerCertificates.map(derOctetString)),
      derGeneralizedTime(info.createdAtMs),
      derGeneralizedTime(info.validFromMs),
      derGeneralizedTime(info.validUntilMs),
    ),
    derSequence(
      derIa5(picture.type),
      derOctetString(picture.data),
      derInteger(picture.widthMm),
      derInteger(picture.heightMm),
    ),
  );
}

/** Of certListType: the list holds certificates, not their digests. */
const wholeCertificates = 1;

function readInfo(reader: DerReader): ElectronicSealInfo {
  const info = reader.sequence();
  const header = info.sequence();
  if (ascii(header.element(IA5_STRING)) !== 'ES') throw new DerError('the seal has no seal header');
  readVersion(header);
  const vendorId = ascii(header.element(IA5_STRING));
  header.end();
  const id = ascii(info.element(IA5_STRING));
  const property = info.sequence();
  const type = property.smallInteger(0xffff);
  const name = utf8(property.element(UTF8_STRING));
  if (property.smallInteger(2) !== wholeCertificates) {
    throw new DerError('the seal lists digests, not certificates');
  }
  const signerCertificates = readCertificates(property.sequence());
  const createdAtMs = parseGeneralizedTime(property);
  const validFromMs = parseGeneralizedTime(property);
  const validUntilMs = parseGeneralizedTime(property);
  property.end();
  const picture = readPicture(info.sequence());
  // Further data of the maker may follow; it is signed, and says nothing to us.
  info.optionalExplicit(0);
  info.end();
  const dates = { createdAtMs, validFromMs, validUntilMs };
  return { id, vendorId, type, name, signerCertificates, ...dates, picture };
}

function readPicture(reader: DerReader): SealPicture {
  const type = ascii(reader.element(IA5_STRING)).toLowerCase();
  const data = reader.octetString();
  const widthMm = reader.smallInteger(1000);
  const heightMm = reader.smallInteger(1000);
  reader.end();
  if (type !== 'png' && type !== 'jpg') throw new DerError('the picture is of another type');
  return { type, data, widthMm, heightMm };
}

function readCertificates(list: DerReader): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  while (!list.isAtEnd) {
    if (certificates.length === certificatesMax) throw new DerError('there are too many signers');
    certificates.push(list.octetString());
  }
  return certificates;
}

function readVersion(reader: DerReader): void {
  if (reader.smallInteger(0xff) !== version) throw new DerError('the seal is of another version');
}

function requireSm2(certificate: Uint8Array): void {
  if (signingKeyOf(parseCertificate(certificate).spki) !== 'sm2') {
    throw new DerError('electronic seals are signed with SM2 only');
  }
}

function lists({ signerCertificates }: ElectronicSealInfo, certificate: Uint8Array): boolean {
  return signerCertificates.some((listed) => isSame(listed, certificate));
}

const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

function derIa5(text: string): Uint8Array {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new DerError('the text is not ASCII');
  return derElement(IA5_STRING, new TextEncoder().encode(text));
}

function ascii(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 1024));
  if (bytes.length > 1024 || !/^[\x20-\x7e]*$/.test(text)) {
    throw new DerError('the text is not short ASCII');
  }
  return text;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DerError('the text is not UTF-8');
  }
}
