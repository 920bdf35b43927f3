import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { parseCertificate } from '../core/pki/certificate.ts';
import {
  derExplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSet,
} from '../lib/der.ts';
import { decodePem } from '../lib/pem.ts';
import {
  derBmpString,
  KeyFileError,
  keyFileDer,
  keyFileRounds,
  openKeyFile,
  utf16,
} from './key-file.ts';

const DATA = '1.2.840.113549.1.7.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
const SHA_256 = '2.16.840.1.101.3.4.2.1';

/**
 * Key and certificate in one file for other programs, PKCS#12 (RFC 7292): the key stays under the
 * password it is under, the certificates are open, and an HMAC under the same password covers all.
 *
 * The key must be one that `makeP256Request` made: the service never has it. It is opened for a
 * moment, to be sure that password and certificate belong to it.
 *
 * @throws KeyFileError
 */
export async function makePkcs12(input: {
  /** PEM, as `makeP256Request` gave it. */
  readonly encryptedKey: string;
  readonly password: string;
  /** PEM: the certificate, and its chain from the issuer up. */
  readonly certificate: string;
  readonly chain: readonly string[];
  readonly name: string;
}): Promise<Uint8Array> {
  const { encryptedKey, password, certificate, chain, name } = input;
  const keyFile = keyFileDer(encryptedKey);
  const der = decodePem('CERTIFICATE', certificate);
  await assertPair(await openKeyFile(keyFile, password), der);
  const own = [
    attribute(LOCAL_KEY_ID, derOctetString(sha256(der))),
    attribute(FRIENDLY_NAME, derBmpString(name)),
  ];
  const certificates = [
    bag(CERT_BAG, certBag(der), own),
    ...chain.map((pem) => bag(CERT_BAG, certBag(decodePem('CERTIFICATE', pem)), [])),
  ];
  const safe = derSequence(
    dataContent(derSequence(...certificates)),
    dataContent(derSequence(bag(SHROUDED_KEY_BAG, keyFile, own))),
  );
  return derSequence(derInteger(3), dataContent(safe), macOf(safe, password));
}

/** A signature of the key must verify under the certificate. */
async function assertPair(privateKey: CryptoKey, certificate: Uint8Array): Promise<void> {
  const { subtle } = crypto;
  const scheme = { name: 'ECDSA', hash: 'SHA-256' };
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const text = crypto.getRandomValues(new Uint8Array(32));
  const signature = await subtle.sign(scheme, privateKey, text);
  const spki = Uint8Array.from(parseCertificate(certificate).spki);
  const isPair = await subtle
    .importKey('spki', spki, curve, false, ['verify'])
    .then((publicKey) => subtle.verify(scheme, publicKey, signature, text))
    .catch(() => false);
  if (!isPair) throw new KeyFileError('key_file_differs');
}

function dataContent(contents: Uint8Array): Uint8Array {
  return derSequence(derObjectIdentifier(DATA), derExplicit(0, derOctetString(contents)));
}

function bag(kind: string, value: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  const about = attributes.length === 0 ? [] : [derSet(...attributes)];
  return derSequence(derObjectIdentifier(kind), derExplicit(0, value), ...about);
}

function certBag(der: Uint8Array): Uint8Array {
  return derSequence(derObjectIdentifier(X509_CERTIFICATE), derExplicit(0, derOctetString(der)));
}

function attribute(kind: string, value: Uint8Array): Uint8Array {
  return derSequence(derObjectIdentifier(kind), derSet(value));
}

function macOf(contents: Uint8Array, password: string): Uint8Array {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const mac = hmac(sha256, macKey(password, salt), contents);
  const algorithm = derSequence(derObjectIdentifier(SHA_256), derNull());
  const digest = derSequence(algorithm, derOctetString(mac));
  return derSequence(digest, derOctetString(salt), derInteger(keyFileRounds));
}

/** RFC 7292 B.2 with SHA-256 and ID 3. One block of output is a whole key, so step 6 falls away. */
function macKey(password: string, salt: Uint8Array): Uint8Array {
  const block = 64;
  const repeated = (bytes: Uint8Array) =>
    Uint8Array.from({ length: block * Math.ceil(bytes.length / block) }, (_, at) =>
      Number(bytes[at % bytes.length]),
    );
  const diversifier = new Uint8Array(block).fill(3);
  const secret = repeated(utf16(`${password}\0`));
  let key = sha256(concatBytes(diversifier, repeated(salt), secret));
  for (let round = 1; round < keyFileRounds; round++) key = sha256(key);
  return key;
}
