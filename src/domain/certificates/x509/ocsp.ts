import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  BasicOCSPResponse,
  type CertID,
  CertStatus,
  id_pkix_ocsp_basic,
  id_pkix_ocsp_nonce,
  KeyHash,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  ResponderID,
  ResponseBytes,
  ResponseData,
  RevokedInfo,
  SingleResponse,
} from '@peculiar/asn1-ocsp';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { Certificate, CRLReason, type Extension } from '@peculiar/asn1-x509';
import { parsePublicKey } from '../../../core/pki/public-key.ts';
import { wholeSecondOf } from '../../../lib/time.ts';
import { type CrlReason, crlReasons } from './crl.ts';
import { bufferOf, type CertificateSigner, signatureIdentifier } from './library.ts';

/** Longest request that is parsed, and most certificates that one may ask about. */
const requestBytesMax = 4 * 1024;
const questionsMax = 16;
/** RFC 9654 §2.1: a responder takes nonces of 1 to 128 octets. */
const nonceBytesMax = 128;

/** One certificate asked about, by the hashes of its issuer's name and key. */
export interface OcspQuestion {
  readonly certId: CertID;
  /** Its DER: the same for the same question. */
  readonly certIdHex: string;
  readonly serialHex: string;
  /** Compares both hashes with an issuer's. */
  isBy(issuer: { readonly name: Uint8Array; readonly spki: Uint8Array }): boolean;
}

export interface OcspQuery {
  readonly questions: readonly OcspQuestion[];
  /** The extension as it came, to be sent back (RFC 9654 §2.1). */
  readonly nonce: Extension | undefined;
}

export type OcspStatus =
  | { readonly state: 'good' }
  | { readonly state: 'unknown' }
  | { readonly state: 'revoked'; readonly atMs: number; readonly reason: CrlReason };

/** Who answers: the delegated responder's key, and its certificate for the answer to carry. */
export interface OcspResponder {
  readonly signer: CertificateSigner;
  readonly certificate: Uint8Array;
}

const hashes: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  '1.3.14.3.2.26': sha1,
  '2.16.840.1.101.3.4.2.1': sha256,
};

/** Reads an OCSP request (RFC 6960 §4.1). `undefined` when it is malformed or too long. */
export function parseOcspRequest(der: Uint8Array): OcspQuery | undefined {
  if (der.length > requestBytesMax) return undefined;
  try {
    const { tbsRequest } = AsnConvert.parse(bufferOf(der), OCSPRequest);
    const { requestList } = tbsRequest;
    if (requestList.length === 0 || requestList.length > questionsMax) return undefined;
    const nonce = tbsRequest.requestExtensions?.find((item) => item.extnID === id_pkix_ocsp_nonce);
    if (nonce && nonce.extnValue.byteLength > nonceBytesMax + 2) return undefined;
    return { questions: requestList.map(({ reqCert }) => questionOf(reqCert)), nonce };
  } catch {
    // The ASN.1 library throws errors of several kinds; each means that this is no request.
    return undefined;
  }
}

function questionOf(certId: CertID): OcspQuestion {
  const hash = hashes[certId.hashAlgorithm.algorithm];
  return {
    certId,
    certIdHex: bytesToHex(new Uint8Array(AsnConvert.serialize(certId))),
    serialHex: bytesToHex(new Uint8Array(certId.serialNumber)).replace(/^(?:00)+(?=..)/, ''),
    isBy: ({ name, spki }) =>
      hash !== undefined &&
      isSame(certId.issuerNameHash, hash(name)) &&
      isSame(certId.issuerKeyHash, hash(parsePublicKey(spki).key)),
  };
}

const isSame = (octets: OctetString, hash: Uint8Array) =>
  bytesToHex(new Uint8Array(octets.buffer)) === bytesToHex(hash);

export interface OcspAnswer {
  readonly questions: readonly (readonly [OcspQuestion, OcspStatus])[];
  readonly nonce: Extension | undefined;
  readonly producedAtMs: number;
  readonly nextUpdateMs: number;
}

/** Makes and signs the answer (RFC 6960 §4.2). Gives its DER. */
export async function buildOcspResponse(
  answer: OcspAnswer,
  responder: OcspResponder,
): Promise<Uint8Array> {
  const { signer } = responder;
  // GeneralizedTime has no fractions here (RFC 6960 §4.2.2.1, RFC 5280 §4.1.2.5.2).
  const producedAt = wholeSecondOf(answer.producedAtMs);
  const tbsResponseData = new ResponseData({
    responderID: new ResponderID({ byKey: new KeyHash(sha1(parsePublicKey(signer.spki).key)) }),
    producedAt,
    responses: answer.questions.map(
      ([{ certId }, status]) =>
        new SingleResponse({
          certID: certId,
          certStatus: certStatusOf(status),
          thisUpdate: producedAt,
          nextUpdate: wholeSecondOf(answer.nextUpdateMs),
        }),
    ),
    ...(answer.nonce ? { responseExtensions: [answer.nonce] } : {}),
  });
  const tbs = AsnConvert.serialize(tbsResponseData);
  const basic = new BasicOCSPResponse({
    tbsResponseData,
    tbsResponseDataRaw: tbs,
    signatureAlgorithm: signatureIdentifier(signer.algorithm),
    signature: bufferOf(await signer.sign(new Uint8Array(tbs))),
    certs: [AsnConvert.parse(bufferOf(responder.certificate), Certificate)],
  });
  const responseBytes = new ResponseBytes({
    responseType: id_pkix_ocsp_basic,
    response: new OctetString(AsnConvert.serialize(basic)),
  });
  return encodeResponse(OCSPResponseStatus.successful, responseBytes);
}

/** An answer without statuses, which nobody signs (RFC 6960 §2.3). */
export function ocspRefusal(why: 'malformedRequest' | 'tryLater' | 'unauthorized'): Uint8Array {
  return encodeResponse(OCSPResponseStatus[why]);
}

function encodeResponse(responseStatus: OCSPResponseStatus, bytes?: ResponseBytes): Uint8Array {
  const response = new OCSPResponse({ responseStatus });
  if (bytes) response.responseBytes = bytes;
  return new Uint8Array(AsnConvert.serialize(response));
}

function certStatusOf(status: OcspStatus): CertStatus {
  if (status.state === 'good') return new CertStatus({ good: null });
  if (status.state === 'unknown') return new CertStatus({ unknown: null });
  const revocationReason = new CRLReason(crlReasons[status.reason]);
  const revocationTime = wholeSecondOf(status.atMs);
  return new CertStatus({ revoked: new RevokedInfo({ revocationTime, revocationReason }) });
}
