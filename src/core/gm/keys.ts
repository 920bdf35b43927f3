import {
  DerError,
  type DerReader,
  derBitString,
  derExplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  readDer,
} from '../../lib/der.ts';
import { decodePem, encodePem, PemError } from '../../lib/pem.ts';
import { assertBytes, assertBytesOf, assertInteger, assertOptions } from './arguments.ts';
import { GmError } from './error.ts';
import type { Sm2, Sm2KeyPair } from './sm2.ts';
import type { Sm3Functions } from './sm3.ts';
import type { Sm4 } from './sm4.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const SM2_CURVE = '1.2.156.10197.1.301';
const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA256 = '1.2.840.113549.2.9';
// GB/T 33560 gives HMAC-SM3 this number, and GmSSL and BouncyCastle use it; newer OpenSSL has one
// of its own for the same function.
const HMAC_SM3 = '1.2.156.10197.1.401.2';
const HMAC_SM3_OPENSSL = '1.2.156.10197.1.401.3.1';
const SM4 = '1.2.156.10197.1.104';
const SM4_ECB = '1.2.156.10197.1.104.1';
const SM4_CBC = '1.2.156.10197.1.104.2';
const AES128_CBC = '2.16.840.1.101.3.4.1.2';
const AES256_CBC = '2.16.840.1.101.3.4.1.42';

const PRIVATE_BYTES = 32;
const SALT_BYTES = 16;
const SALT_BYTES_MAX = 1024;
const IV_BYTES = 16;
const ITERATIONS = 100_000;
const ITERATIONS_MAX = 1_000_000;
/** No SM2 key in any of these formats comes near; longer input is refused before it is parsed. */
const ENCODED_BYTES_MAX = 4096;

/** The labels of RFC 7468 and RFC 5915, and the one that OpenSSL 3 puts on SEC1 keys of SM2. */
export type PemLabel =
  | 'PRIVATE KEY'
  | 'ENCRYPTED PRIVATE KEY'
  | 'EC PRIVATE KEY'
  | 'SM2 PRIVATE KEY'
  | 'PUBLIC KEY'
  | 'CERTIFICATE'
  | 'CERTIFICATE REQUEST'
  | 'X509 CRL';

const LABELS: readonly PemLabel[] = [
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'EC PRIVATE KEY',
  'SM2 PRIVATE KEY',
  'PUBLIC KEY',
  'CERTIFICATE',
  'CERTIFICATE REQUEST',
  'X509 CRL',
];

export interface KeyEncryption {
  /** What PBKDF2 runs on. `sm3` if not given; `sha256` for peers that know no HMAC-SM3. */
  readonly prf?: 'sm3' | 'sha256';
  /** 1,000 to 1,000,000; 100,000 if not given, the most that workerd allows for SHA-256. */
  readonly iterations?: number;
}

/**
 * SM2 keys in the formats that others use. Every format is named in the call and never guessed;
 * `decode…` and `decrypt…` accept only DER, check that the numbers are a key, and throw GmError
 * `format_invalid` or `key_invalid`.
 */
export interface Sm2Keys {
  /** Armours bytes in PEM (RFC 7468). */
  toPem(label: PemLabel, der: Uint8Array): string;
  /** The bytes of a text that holds one PEM block of that label. */
  fromPem(label: PemLabel, text: string): Uint8Array;
  /** PrivateKeyInfo of RFC 5208, as OpenSSL writes it: with the public key. */
  encodePkcs8(privateKey: Uint8Array): Uint8Array;
  decodePkcs8(der: Uint8Array): Sm2KeyPair;
  /** ECPrivateKey of RFC 5915 with curve and public key. */
  encodeSec1(privateKey: Uint8Array): Uint8Array;
  decodeSec1(der: Uint8Array): Sm2KeyPair;
  /** SubjectPublicKeyInfo of RFC 5480. */
  encodeSpki(publicKey: Uint8Array, options?: { compressed?: boolean }): Uint8Array;
  decodeSpki(der: Uint8Array): Uint8Array;
  /** EncryptedPrivateKeyInfo (RFC 5958) with PBES2: PBKDF2 and SM4-CBC. */
  encryptPkcs8(
    privateKey: Uint8Array,
    password: string | Uint8Array,
    options?: KeyEncryption,
  ): Promise<Uint8Array>;
  /**
   * Reads PBES2 with PBKDF2 over HMAC-SM3 or HMAC-SHA-256 and SM4-CBC, AES-128-CBC or AES-256-CBC.
   *
   * @throws GmError `decryption_failed` for a wrong password; `format_invalid` for other schemes
   * and for more rounds than `iterationsMax` (1,000,000 if not given).
   */
  decryptPkcs8(
    der: Uint8Array,
    password: string | Uint8Array,
    options?: { iterationsMax?: number },
  ): Promise<Sm2KeyPair>;
  /** SM2EnvelopedKey (GB/T 35276 §7.4): a private key for the holder of another key. */
  envelopKey(privateKey: Uint8Array, recipientPublicKey: Uint8Array): Uint8Array;
  /** @throws GmError `decryption_failed` if it was made for another key or changed */
  openEnvelopedKey(der: Uint8Array, recipientPrivateKey: Uint8Array): Sm2KeyPair;
}

export interface KeyTools {
  readonly sm2: Sm2;
  readonly sm4: Sm4;
  readonly pbkdf2Sm3: Sm3Functions['pbkdf2Sm3'];
  /** Fresh random bytes. */
  readonly random: (length: number) => Uint8Array;
}

function wrong(message: string, cause?: unknown): GmError {
  return new GmError('format_invalid', message, { cause });
}

function parse<T>(bytes: Uint8Array, read: (reader: DerReader) => T): T {
  assertBytes(bytes, 'der');
  if (bytes.length > ENCODED_BYTES_MAX) throw wrong('the encoding is too long for a key');
  try {
    return readDer(bytes, read);
  } catch (error) {
    if (error instanceof DerError) throw wrong(`the DER is not of this format: ${error.message}`);
    throw error;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** An AlgorithmIdentifier without parameters; NULL is as good as nothing (RFC 8018 Appendix C). */
function readPlainAlgorithm(reader: DerReader): string {
  const algorithm = reader.sequence();
  const identifier = algorithm.objectIdentifier();
  if (!algorithm.isAtEnd) algorithm.null();
  algorithm.end();
  return identifier;
}

function readCurve(reader: DerReader): void {
  const algorithm = reader.sequence();
  if (algorithm.objectIdentifier() !== EC_PUBLIC_KEY) throw wrong('the key is of another kind');
  if (algorithm.objectIdentifier() !== SM2_CURVE) throw wrong('the key is on another curve');
  algorithm.end();
}

const curveAlgorithm = () =>
  derSequence(derObjectIdentifier(EC_PUBLIC_KEY), derObjectIdentifier(SM2_CURVE));

interface EncryptionPlan {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly prf: string;
  readonly cipher: string;
  readonly iv: Uint8Array;
  readonly body: Uint8Array;
}

const CIPHERS = new Map([
  [SM4_CBC, 16],
  [AES128_CBC, 16],
  [AES256_CBC, 32],
]);

/** RFC 8018 Appendix A.2 and A.4. */
function readEncryption(reader: DerReader): EncryptionPlan {
  const info = reader.sequence();
  const algorithm = info.sequence();
  const body = info.octetString();
  info.end();
  if (algorithm.objectIdentifier() !== PBES2) throw wrong('the encryption scheme is not PBES2');
  const parameters = algorithm.sequence();
  algorithm.end();

  const derivation = parameters.sequence();
  if (derivation.objectIdentifier() !== PBKDF2) throw wrong('the key derivation is not PBKDF2');
  const pbkdf2 = derivation.sequence();
  derivation.end();
  const salt = pbkdf2.octetString();
  const iterations = pbkdf2.smallInteger(2 ** 32);
  const keyLength = pbkdf2.isIntegerNext() ? pbkdf2.smallInteger(64) : undefined;
  // Left out, the function would be HMAC-SHA-1, which is not offered here.
  if (pbkdf2.isAtEnd) throw wrong('the key derivation rests on SHA-1');
  const prf = readPlainAlgorithm(pbkdf2);
  pbkdf2.end();

  const encryption = parameters.sequence();
  parameters.end();
  const cipher = encryption.objectIdentifier();
  const iv = encryption.octetString();
  encryption.end();
  const expected = CIPHERS.get(cipher);
  if (expected === undefined) throw wrong('the cipher is not offered');
  if (keyLength !== undefined && keyLength !== expected) throw wrong('the key length is wrong');
  if (iv.length !== IV_BYTES) throw wrong('the iv has a wrong length');
  if (salt.length > SALT_BYTES_MAX) throw wrong('the salt is too long');
  return { salt, iterations, prf, cipher, iv, body };
}

/**
 * Copies into memory of its own: WebCrypto takes no view of shared memory, and `slice` of a Buffer
 * gives a view, with which the caller's bytes would be erased.
 */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);

function passwordBytes(password: string | Uint8Array): Uint8Array {
  if (typeof password === 'string') return new TextEncoder().encode(password);
  assertBytes(password, 'password');
  return own(password);
}

async function pbkdf2Sha256(
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  length: number,
): Promise<Uint8Array> {
  const { subtle } = crypto;
  const key = await subtle.importKey('raw', own(password), 'PBKDF2', false, ['deriveBits']);
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt: own(salt), iterations };
  try {
    return new Uint8Array(await subtle.deriveBits(parameters, key, 8 * length));
  } catch (cause) {
    // Deployed Workers stop at 100,000; the local runtime does not.
    throw new GmError('argument_invalid', 'the host does not run so many rounds', { cause });
  }
}

async function decryptAesCbc(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const { subtle } = crypto;
  const imported = await subtle.importKey('raw', own(key), 'AES-CBC', false, ['decrypt']);
  try {
    const parameters = { name: 'AES-CBC', iv: own(iv) };
    return new Uint8Array(await subtle.decrypt(parameters, imported, own(ciphertext)));
  } catch {
    throw new GmError('decryption_failed', 'the ciphertext does not decrypt');
  }
}

/** Binds the formats to the curve and ciphers of one instance of the module. */
export function createKeys(tools: KeyTools): Sm2Keys {
  const { sm2, sm4, pbkdf2Sm3, random } = tools;

  function pairOf(privateKey: Uint8Array, claimed: Uint8Array | undefined): Sm2KeyPair {
    const publicKey = sm2.publicKey(privateKey);
    if (claimed !== undefined && !isSame(sm2.decodePoint(claimed), publicKey)) {
      throw new GmError('key_invalid', 'the public key does not belong to the private key');
    }
    return { privateKey, publicKey };
  }

  /** RFC 5915 §3. Inside PKCS#8 the curve is named outside, and may be repeated. */
  function readEcPrivateKey(reader: DerReader, isCurveRequired: boolean): Sm2KeyPair {
    const sequence = reader.sequence();
    if (sequence.smallInteger(255) !== 1) throw wrong('the version is not 1');
    const privateKey = own(sequence.octetString());
    if (privateKey.length !== PRIVATE_BYTES) throw wrong('the private key has not 32 bytes');
    const parameters = sequence.optionalExplicit(0);
    if (parameters && parameters.objectIdentifier() !== SM2_CURVE) {
      throw wrong('the key is on another curve');
    }
    parameters?.end();
    if (!parameters && isCurveRequired) throw wrong('the curve is not named');
    const point = sequence.optionalExplicit(1);
    const claimed = point?.bitString();
    point?.end();
    sequence.end();
    return pairOf(privateKey, claimed);
  }

  function encodeEcPrivateKey(privateKey: Uint8Array, isCurveNamed: boolean): Uint8Array {
    assertBytesOf(privateKey, PRIVATE_BYTES, 'privateKey');
    const parameters = isCurveNamed ? [derExplicit(0, derObjectIdentifier(SM2_CURVE))] : [];
    return derSequence(
      derInteger(1),
      derOctetString(privateKey),
      ...parameters,
      derExplicit(1, derBitString(sm2.publicKey(privateKey))),
    );
  }

  function encodePkcs8(privateKey: Uint8Array): Uint8Array {
    const key = derOctetString(encodeEcPrivateKey(privateKey, false));
    return derSequence(derInteger(0), curveAlgorithm(), key);
  }

  function decodePkcs8(der: Uint8Array): Sm2KeyPair {
    const key = parse(der, (reader) => {
      const info = reader.sequence();
      if (info.smallInteger(255) !== 0) throw wrong('the version is not 0');
      readCurve(info);
      const octets = info.octetString();
      info.end();
      return octets;
    });
    return parse(key, (reader) => readEcPrivateKey(reader, false));
  }

  /** `iterations` were checked by the caller. */
  async function deriveKey(
    prf: string,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
  ): Promise<Uint8Array> {
    switch (prf) {
      case HMAC_SM3:
      case HMAC_SM3_OPENSSL:
        return pbkdf2Sm3(password, { salt, iterations, length });
      case HMAC_SHA256:
        return pbkdf2Sha256(password, salt, iterations, length);
      default:
        throw wrong('the function under PBKDF2 is not offered');
    }
  }

  async function encryptPkcs8(
    privateKey: Uint8Array,
    password: string | Uint8Array,
    options: KeyEncryption = {},
  ): Promise<Uint8Array> {
    assertOptions(options, ['prf', 'iterations'], 'options');
    const { prf = 'sm3', iterations = ITERATIONS } = options;
    if (prf !== 'sm3' && prf !== 'sha256') {
      throw new GmError('argument_invalid', 'prf must be sm3 or sha256');
    }
    assertInteger(iterations, 1000, ITERATIONS_MAX, 'iterations');
    const plaintext = encodePkcs8(privateKey);
    const secret = passwordBytes(password);
    const salt = random(SALT_BYTES);
    const iv = random(IV_BYTES);
    const identifier = prf === 'sm3' ? HMAC_SM3 : HMAC_SHA256;
    const key = await deriveKey(identifier, secret, salt, iterations, 16);
    const body = sm4.encrypt({ mode: 'cbc', key, iv, padding: 'pkcs7' }, plaintext);
    for (const trace of [plaintext, secret, key]) trace.fill(0);

    // GmSSL refuses parameters behind HMAC-SM3; RFC 8018 §B.1.2 wants NULL behind HMAC-SHA-256.
    const parameters = prf === 'sm3' ? [] : [derNull()];
    const derivation = derSequence(
      derObjectIdentifier(PBKDF2),
      derSequence(
        derOctetString(salt),
        derInteger(iterations),
        derSequence(derObjectIdentifier(identifier), ...parameters),
      ),
    );
    const cipher = derSequence(derObjectIdentifier(SM4_CBC), derOctetString(iv));
    const scheme = derSequence(derObjectIdentifier(PBES2), derSequence(derivation, cipher));
    return derSequence(scheme, derOctetString(body));
  }

  async function decryptBody(
    { cipher, iv, body }: EncryptionPlan,
    key: Uint8Array,
  ): Promise<Uint8Array> {
    return cipher === SM4_CBC
      ? sm4.decrypt({ mode: 'cbc', key, iv, padding: 'pkcs7' }, body)
      : decryptAesCbc(key, iv, body);
  }

  async function decryptPkcs8(
    der: Uint8Array,
    password: string | Uint8Array,
    options: { iterationsMax?: number } = {},
  ): Promise<Sm2KeyPair> {
    assertOptions(options, ['iterationsMax'], 'options');
    const { iterationsMax = ITERATIONS_MAX } = options;
    assertInteger(iterationsMax, 1, ITERATIONS_MAX, 'iterationsMax');
    const plan = parse(der, readEncryption);
    if (plan.iterations < 1 || plan.iterations > iterationsMax) {
      throw wrong('the number of rounds is outside the limits');
    }
    const length = CIPHERS.get(plan.cipher) ?? 0;
    const secret = passwordBytes(password);
    const { prf, salt, iterations } = plan;
    const derived = deriveKey(prf, secret, salt, iterations, length);
    const key = await derived.finally(() => secret.fill(0));
    const plaintext = await decryptBody(plan, key).finally(() => key.fill(0));
    try {
      return decodePkcs8(plaintext);
    } catch (error) {
      // A wrong password leaves valid padding once in 256 times; the answer is the same.
      if (!(error instanceof GmError) || error.code !== 'format_invalid') throw error;
      throw new GmError('decryption_failed', 'the ciphertext does not decrypt');
    } finally {
      plaintext.fill(0);
    }
  }

  function envelopKey(privateKey: Uint8Array, recipientPublicKey: Uint8Array): Uint8Array {
    assertBytesOf(privateKey, PRIVATE_BYTES, 'privateKey');
    const publicKey = sm2.publicKey(privateKey);
    const key = random(16);
    const wrapped = sm2.encrypt(recipientPublicKey, key, { format: 'der' });
    const encrypted = sm4.encrypt({ mode: 'ecb', key, padding: 'none' }, privateKey);
    key.fill(0);
    return derSequence(
      derSequence(derObjectIdentifier(SM4_ECB), derNull()),
      wrapped,
      derBitString(publicKey),
      derBitString(encrypted),
    );
  }

  function openEnvelopedKey(der: Uint8Array, recipientPrivateKey: Uint8Array): Sm2KeyPair {
    const envelope = parse(der, (reader) => {
      const sequence = reader.sequence();
      const cipher = readPlainAlgorithm(sequence);
      if (cipher !== SM4_ECB && cipher !== SM4) throw wrong('the cipher is not SM4 in ECB');
      const wrapped = derSequence(sequence.element(0x30));
      const publicKey = sequence.bitString();
      const encrypted = sequence.bitString();
      sequence.end();
      return { wrapped, publicKey, encrypted };
    });
    if (envelope.encrypted.length !== PRIVATE_BYTES) {
      throw wrong('the encrypted private key has not 32 bytes');
    }
    const failed = () => new GmError('decryption_failed', 'the ciphertext does not decrypt');
    const key = sm2.decrypt(recipientPrivateKey, envelope.wrapped, { format: 'der' });
    try {
      if (key.length !== 16) throw failed();
      const privateKey = sm4.decrypt({ mode: 'ecb', key, padding: 'none' }, envelope.encrypted);
      // ECB has no tag: that the public key fits is what shows an unchanged private key.
      return pairOf(privateKey, envelope.publicKey);
    } catch (error) {
      if (error instanceof GmError && error.code === 'key_invalid') throw failed();
      throw error;
    } finally {
      key.fill(0);
    }
  }

  function assertLabel(label: PemLabel): void {
    if (!LABELS.includes(label)) throw new GmError('argument_invalid', 'the label is not known');
  }

  return {
    encodePkcs8,
    decodePkcs8,
    encryptPkcs8,
    decryptPkcs8,
    envelopKey,
    openEnvelopedKey,
    encodeSec1: (privateKey) => encodeEcPrivateKey(privateKey, true),
    decodeSec1: (der) => parse(der, (reader) => readEcPrivateKey(reader, true)),
    encodeSpki(publicKey, options = {}) {
      assertOptions(options, ['compressed'], 'options');
      assertBytes(publicKey, 'publicKey');
      const point = options.compressed ? sm2.compressPoint(publicKey) : sm2.decodePoint(publicKey);
      return derSequence(curveAlgorithm(), derBitString(point));
    },
    decodeSpki(der) {
      return parse(der, (reader) => {
        const info = reader.sequence();
        readCurve(info);
        const point = info.bitString();
        info.end();
        return sm2.decodePoint(point);
      });
    },
    toPem(label, der) {
      assertLabel(label);
      assertBytes(der, 'der');
      return encodePem(label, der);
    },
    fromPem(label, text) {
      assertLabel(label);
      if (typeof text !== 'string') throw new GmError('argument_invalid', 'text must be a string');
      try {
        return decodePem(label, text);
      } catch (error) {
        if (error instanceof PemError) throw wrong(error.message);
        throw error;
      }
    },
  };
}
