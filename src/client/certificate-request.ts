import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../core/gm.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
} from '../lib/der.ts';

/** GM/T 0006: SM2-with-SM3. */
const sm2WithSm3 = '1.2.156.10197.1.501';

/**
 * Makes an SM2 key pair here, and a PKCS#10 request (RFC 2986 §4) that proves it. The request names
 * nobody: the certificate says what the registration authority verified.
 *
 * The private key leaves this function only encrypted (PBES2 with SM4, RFC 8018), in PEM; who loses
 * the password has lost the key.
 */
export async function makeSm2Request(password: string): Promise<{
  readonly request: string;
  readonly encryptedKey: string;
  /** SHA-256 in hex of the public key (SPKI). */
  readonly publicKeySha256: string;
}> {
  const { sm2, keys } = await loadGm();
  const { privateKey, publicKey } = sm2.generateKeyPair();
  try {
    const noName = derSequence();
    const noAttributes = derElement(0xa0);
    const spki = keys.encodeSpki(publicKey);
    const info = derSequence(derInteger(0), noName, spki, noAttributes);
    const algorithm = derSequence(derObjectIdentifier(sm2WithSm3));
    const signature = derBitString(sm2.sign(privateKey, info));
    const encrypted = await keys.encryptPkcs8(privateKey, password);
    return {
      request: keys.toPem('CERTIFICATE REQUEST', derSequence(info, algorithm, signature)),
      encryptedKey: keys.toPem('ENCRYPTED PRIVATE KEY', encrypted),
      publicKeySha256: bytesToHex(sha256(spki)),
    };
  } finally {
    privateKey.fill(0);
  }
}
