import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../../core/gm.ts';
import { agreeOnceP256, encryptAesGcm, wrapAesKey } from '../../../core/p256.ts';
import { type ParsedCertificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { parsePublicKey } from '../../../core/pki/public-key.ts';
import {
  DerError,
  derBitString,
  derElement,
  derExplicit,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
} from '../../../lib/der.ts';
import type { Random } from '../../ports.ts';
import { algorithmIdentifier, contentTypes, signingKeyOf } from './identifiers.ts';
import { issuerAndSerial } from './issuer-and-serial.ts';

/** Algorithms of envelopes: GM/T 0006 for SM2 and SM4, RFC 5753 §7.1.4, RFC 3565, RFC 5084 §3.2. */
export const envelopeAlgorithms = {
  sm2Encryption: '1.2.156.10197.1.301.3',
  sm4Cbc: '1.2.156.10197.1.104.2',
  ecPublicKey: '1.2.840.10045.2.1',
  ecdhSha256Kdf: '1.3.132.1.11.1',
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
} as const;

const sm4KeyBytes = 16;
const sm4IvBytes = 16;
const aesKeyBytes = 32;
const gcmNonceBytes = 12;
export const gcmTagBytes = 16;

/**
 * Encrypts content for the holders of certificates, whose keys must all be of one kind.
 *
 * For SM2 it is EnvelopedData of GB/T 35275 §9 with SM4-CBC. That structure has no integrity: who
 * needs it signs first and encrypts the signed message. For P-256 it is AuthEnvelopedData of
 * RFC 5083 with AES-256-GCM and one-pass ECDH (RFC 5753 §3.1.1).
 *
 * @throws DerError for no recipient, keys of two kinds or of another kind
 */
export async function makeEnvelope(
  random: Random,
  recipients: readonly Uint8Array[],
  content: Uint8Array,
): Promise<Uint8Array> {
  const certificates = recipients.map((recipient) => parseCertificate(recipient));
  const [key, ...others] = new Set(certificates.map(({ spki }) => signingKeyOf(spki)));
  if (!key || others.length > 0) throw new DerError('the recipients have no one kind of key');
  return key === 'sm2'
    ? makeSm2Envelope(random, certificates, content)
    : makeP256Envelope(random, certificates, content);
}

async function makeSm2Envelope(
  random: Random,
  recipients: readonly ParsedCertificate[],
  content: Uint8Array,
): Promise<Uint8Array> {
  const gm = await loadGm();
  const key = random.bytes(sm4KeyBytes);
  const iv = random.bytes(sm4IvBytes);
  const ciphertext = gm.sm4.encrypt({ mode: 'cbc', key, iv }, content);
  const infos = recipients.map((recipient) =>
    derSequence(
      derInteger(0),
      issuerAndSerial(recipient),
      algorithmIdentifier(envelopeAlgorithms.sm2Encryption),
      derOctetString(gm.sm2.encrypt(parsePublicKey(recipient.spki).key, key)),
    ),
  );
  key.fill(0);
  const types = contentTypes.gbt35275;
  const algorithm = derSequence(derObjectIdentifier(envelopeAlgorithms.sm4Cbc), derOctetString(iv));
  return message(
    types.envelopedData,
    derInteger(0),
    derSet(...infos),
    encryptedContent(types.data, algorithm, ciphertext),
  );
}

async function makeP256Envelope(
  random: Random,
  recipients: readonly ParsedCertificate[],
  content: Uint8Array,
): Promise<Uint8Array> {
  const key = random.bytes(aesKeyBytes);
  const nonce = random.bytes(gcmNonceBytes);
  const sealed = await encryptAesGcm(key, nonce, content);
  const infos = await Promise.all(recipients.map((recipient) => agreedKey(recipient, key)));
  key.fill(0);
  const types = contentTypes.rfc5652;
  const parameters = derSequence(derOctetString(nonce), derInteger(gcmTagBytes));
  const algorithm = derSequence(derObjectIdentifier(envelopeAlgorithms.aes256Gcm), parameters);
  return message(
    types.authEnvelopedData,
    derInteger(0),
    derSet(...infos),
    encryptedContent(types.data, algorithm, sealed.subarray(0, -gcmTagBytes)),
    derOctetString(sealed.subarray(-gcmTagBytes)),
  );
}

/** KeyAgreeRecipientInfo of RFC 5652 §6.2.2 for one recipient. */
async function agreedKey(recipient: ParsedCertificate, key: Uint8Array): Promise<Uint8Array> {
  const { point, shared } = await agreeOnceP256(parsePublicKey(recipient.spki).key);
  const wrapped = await wrapAesKey(keyFromAgreement(shared), key);
  const originator = derElement(
    0xa1,
    derSequence(derObjectIdentifier(envelopeAlgorithms.ecPublicKey)),
    derBitString(point),
  );
  const scheme = derSequence(
    derObjectIdentifier(envelopeAlgorithms.ecdhSha256Kdf),
    algorithmIdentifier(envelopeAlgorithms.aes256Wrap),
  );
  return derElement(
    0xa1,
    derInteger(3),
    derExplicit(0, originator),
    scheme,
    derSequence(derSequence(issuerAndSerial(recipient), derOctetString(wrapped))),
  );
}

/**
 * The AES-256 key that wraps the content key: ANSI X9.63 KDF with SHA-256 over the shared secret
 * and ECC-CMS-SharedInfo (RFC 5753 §7.2). One round of the hash is exactly the key.
 */
export function keyFromAgreement(shared: Uint8Array): Uint8Array {
  const bits = derOctetString(Uint8Array.of(0, 0, aesKeyBytes >> 5, (aesKeyBytes * 8) & 0xff));
  const info = derSequence(
    algorithmIdentifier(envelopeAlgorithms.aes256Wrap),
    derExplicit(2, bits),
  );
  return sha256(concatBytes(shared, Uint8Array.of(0, 0, 0, 1), info));
}

function encryptedContent(type: string, algorithm: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  // [0] IMPLICIT OCTET STRING.
  return derSequence(derObjectIdentifier(type), algorithm, derElement(0x80, ciphertext));
}

function message(type: string, ...fields: Uint8Array[]): Uint8Array {
  return derSequence(derObjectIdentifier(type), derExplicit(0, derSequence(...fields)));
}
