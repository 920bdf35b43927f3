import { parseSignatureAlgorithm, type SignatureAlgorithm } from '../../../core/pki/certificate.ts';
import { isSoundKey, parsePublicKey, verifySignature } from '../../../core/pki/public-key.ts';
import { DerError, readDer } from '../../../lib/der.ts';
import type { KeyAlgorithm } from '../profiles.ts';

/** Ours have some hundred bytes; RSA keys, which are refused anyway, make the longest. */
const requestBytesMax = 8 * 1024;

/** Why a request is refused; each is the code of one field error. */
export type RequestFinding =
  | 'malformed'
  | 'key_algorithm_refused'
  | 'key_invalid'
  | 'possession_unproven';

export type RequestResult =
  | { readonly ok: true; readonly spki: Uint8Array; readonly algorithm: KeyAlgorithm }
  | { readonly ok: false; readonly finding: RequestFinding };

const signatureOf: Readonly<Record<KeyAlgorithm, SignatureAlgorithm>> = {
  sm2: 'sm2-sm3',
  p256: 'ecdsa-p256-sha256',
};

/**
 * Reads a PKCS#10 request (RFC 2986 §4) for the one thing that is taken from it: a public key
 * whose private part the sender has shown to hold.
 *
 * The request's own name and attributes are not used: a certificate says what was verified, not
 * what was asked for. SM2 signatures are checked under the default identity (GM/T 0009 §10).
 */
export async function readCertificateRequest(der: Uint8Array): Promise<RequestResult> {
  const parsed = der.length > requestBytesMax ? undefined : parse(der);
  if (!parsed) return { ok: false, finding: 'malformed' };
  const { info, spki, algorithm, signature } = parsed;
  const { algorithm: keyAlgorithm } = parsePublicKey(spki);
  if (keyAlgorithm !== 'sm2' && keyAlgorithm !== 'p256') {
    return { ok: false, finding: 'key_algorithm_refused' };
  }
  if (!(await isSoundKey(spki))) return { ok: false, finding: 'key_invalid' };
  const isProven =
    algorithm === signatureOf[keyAlgorithm] &&
    (await verifySignature(spki, algorithm, info, signature));
  if (!isProven) return { ok: false, finding: 'possession_unproven' };
  return { ok: true, spki, algorithm: keyAlgorithm };
}

function parse(der: Uint8Array) {
  try {
    return readDer(der, (reader) => {
      const request = reader.sequence();
      const info = request.any().whole;
      const algorithm = parseSignatureAlgorithm(request);
      const signature = request.bitString();
      request.end();
      return { info, spki: keyOf(info), algorithm, signature };
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function keyOf(info: Uint8Array): Uint8Array {
  return readDer(info, (reader) => {
    const fields = reader.sequence();
    if (fields.smallInteger(0) !== 0) throw new DerError('the version is not 0');
    fields.sequence();
    const spki = fields.any().whole;
    parsePublicKey(spki);
    // Attributes: read to know that they are there and whole.
    fields.element(0xa0);
    fields.end();
    return spki;
  });
}
