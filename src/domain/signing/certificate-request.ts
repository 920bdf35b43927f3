import { bytesToHex } from '@noble/hashes/utils.js';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import { DerError, readDer } from '../../lib/der.ts';
import { CinnabarError } from '../errors.ts';
import type { PersonalKey } from './types.ts';

/** No request for a personal certificate comes near; a longer one is refused unread. */
const requestBytesMax = 4096;

/**
 * Checks a CertificationRequestInfo (RFC 2986 §4.1) before the cloud's half signs it: it must ask
 * for a certificate over this very key. Who the subject is, the registration authority finds out.
 *
 * Without this check, "sign a request" would be a way to have any bytes signed.
 *
 * @throws CinnabarError `invalid_request`
 */
export function assertCertificateRequest(key: PersonalKey, info: Uint8Array): void {
  let publicKeyHex: string;
  try {
    if (info.length > requestBytesMax) throw new DerError('the request is too long');
    publicKeyHex = readDer(info, (reader) => {
      const fields = reader.sequence();
      if (fields.smallInteger(0) !== 0) throw new DerError('the version is wrong');
      fields.sequence();
      const { algorithm, key: point } = parsePublicKey(fields.any().whole);
      fields.optionalExplicit(0);
      fields.end();
      if (algorithm !== 'sm2') throw new DerError('the key is of another kind');
      return bytesToHex(point);
    });
  } catch (cause) {
    const fields = [{ pointer: '/body/request', code: 'malformed' }];
    throw new CinnabarError('invalid_request', { fields, cause });
  }
  if (publicKeyHex !== key.publicKeyHex) {
    const fields = [{ pointer: '/body/request', code: 'another_key' }];
    throw new CinnabarError('invalid_request', { fields });
  }
}
