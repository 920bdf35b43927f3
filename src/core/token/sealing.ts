import { concatBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CryptoKey } from 'jose';
import { base64urlText } from '../../lib/base64url.ts';
import { type Gm, GmError, loadGm } from '../gm.ts';
import { hasExactly, part, partsOf, textOf } from './compact.ts';
import { assertToken, TokenError } from './error.ts';
import { type ContentKeys, decryptJwe, encryptJwe, ivBytes, tagBytes } from './jwe.ts';
import {
  type Curve,
  imported,
  isSoundJwk,
  type PublicJwk,
  pointOfJwk,
  rawKeyOf,
  type SealingJwk,
} from './jwk.ts';
import { isObject, type JsonObject, parseStrictObject } from './strict-json.ts';

/** What ties an encrypted part to one token: all of it stands in its authenticated header. */
export interface SealBinding {
  readonly iss: string;
  readonly sub: string;
  readonly jti: string;
  /** The business system that can open it. */
  readonly aud: string;
}

/** Plaintexts are filled up to multiples of this, so that a length tells little about a name. */
export const paddingBytes = 64;
/** Of a text to seal, in UTF-8. */
export const sealedBytesMax = 4096;
const contentType = 'cin-sealed+json';
const bound = ['alg', 'aud', 'cty', 'enc', 'iss', 'jti', 'kid', 'sub'];
const smKeyBytes = 16;
const spaceByte = 0x20;

/**
 * Encrypts a JSON text to one business system: compact JWE (RFC 7516) with ECDH-ES over P-256 or
 * X25519 and A256GCM, or, to an SM2 key, the same five parts with SM2 (GB/T 32918.4) and SM4-GCM.
 *
 * The padding is blanks behind the JSON text, which every reader skips.
 *
 * @throws RangeError when the text is over 4 KiB, TypeError for a key that cannot be used
 */
export async function sealText(
  json: string,
  to: SealingJwk,
  binding: SealBinding,
): Promise<string> {
  const key = to.alg === 'SM2' ? undefined : await sealingKey(to);
  const plaintext = padded(utf8ToBytes(json));
  const { iss, sub, jti, aud } = binding;
  const common = { kid: to.kid, cty: contentType, iss, sub, jti, aud };
  if (key === undefined) return sealToSm2(plaintext, to, { alg: 'SM2', enc: 'SM4-GCM', ...common });
  return encryptJwe(plaintext, key, { alg: 'ECDH-ES', enc: 'A256GCM', ...common });
}

const sealingKeys = new Map<string, Promise<CryptoKey>>();
const sealingKeysMax = 128;

/** Keys that were found sound and made ready: a business system's stays the same for long. */
function sealingKey(to: SealingJwk): Promise<CryptoKey> {
  const name = [to.kty, to.crv, to.x, to.y].join(' ');
  const known = sealingKeys.get(name);
  if (known) return known;
  if (sealingKeys.size >= sealingKeysMax) sealingKeys.clear();
  const made = importSound(to);
  sealingKeys.set(name, made);
  made.catch(() => sealingKeys.delete(name));
  return made;
}

async function importSound(to: SealingJwk): Promise<CryptoKey> {
  if (!(await isSoundJwk(to))) throw unusable();
  return imported(to, 'ECDH-ES');
}

function unusable(): TypeError {
  return new TypeError('a sealing key cannot be used');
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length > sealedBytesMax) throw new RangeError('a sealed part has at most 4 KiB');
  const length = Math.max(1, Math.ceil(bytes.length / paddingBytes)) * paddingBytes;
  const filled = new Uint8Array(length).fill(spaceByte);
  filled.set(bytes);
  return filled;
}

async function sealToSm2(plaintext: Uint8Array, to: SealingJwk, header: object): Promise<string> {
  const gm = await loadGm();
  const point = pointOfJwk(to);
  if (!point || !(await isSoundJwk(to))) throw unusable();
  const protectedPart = base64urlText(utf8ToBytes(JSON.stringify(header)));
  const [key, iv] = [randomBytes(smKeyBytes), randomBytes(ivBytes)];
  const encryptedKey = gm.sm2.encrypt(point, key, { format: 'raw' });
  const aad = utf8ToBytes(protectedPart);
  const sealed = gm.sm4.encrypt({ mode: 'gcm', key, iv, aad }, plaintext);
  key.fill(0);
  const [content, tag] = [sealed.subarray(0, -tagBytes), sealed.subarray(-tagBytes)];
  return [protectedPart, ...[encryptedKey, iv, content, tag].map(base64urlText)].join('.');
}

/** A private key of a business system, for opening. */
export type OpeningKey =
  | {
      readonly kid: string;
      readonly alg: 'ECDH-ES';
      readonly crv: Exclude<Curve, 'SM2'>;
      readonly key: CryptoKey;
      /** What this key has agreed on, where parts come more than once. */
      readonly known?: ContentKeys;
    }
  | { readonly kid: string; readonly alg: 'SM2'; readonly key: Uint8Array };

/**
 * Opens the part that is meant for `binding.aud`, and only if its header says that it belongs to
 * exactly this token.
 *
 * @throws TokenError `sealed_absent`, `sealed_header`, `sealed_unreadable`
 */
export async function openPart(
  sealed: readonly string[],
  keys: readonly OpeningKey[],
  binding: SealBinding,
): Promise<JsonObject> {
  const mine = sealed.map(readPart).filter(({ header }) => header.aud === binding.aud);
  const [found] = mine;
  assertToken(found !== undefined && mine.length === 1, 'sealed_absent');
  const { header, parts } = found;
  const key = keys.find(({ kid }) => kid === header.kid);
  assertToken(key !== undefined, 'sealed_header');
  assertHeader(header, key, binding);
  const plaintext =
    key.alg === 'SM2'
      ? await openSm2(parts, key.key)
      : await openJwe(parts, header.epk as PublicJwk, key);
  assertToken(plaintext.length % paddingBytes === 0, 'sealed_unreadable');
  return parseStrictObject(textOf(plaintext, 'sealed_unreadable'));
}

interface SealedPart {
  readonly parts: readonly string[];
  readonly header: JsonObject;
}

/** The one time that a header is read; whoever decrypts gets what was found here. */
function readPart(sealed: string): SealedPart {
  const parts = partsOf(sealed, 5);
  return { parts, header: parseStrictObject(textOf(part(parts[0], 'sealed_header'))) };
}

function assertHeader(header: JsonObject, key: OpeningKey, binding: SealBinding): void {
  const isSm = key.alg === 'SM2';
  assertToken(hasExactly(header, isSm ? bound : [...bound, 'epk']), 'sealed_header');
  const isBound =
    header.alg === key.alg &&
    header.enc === (isSm ? 'SM4-GCM' : 'A256GCM') &&
    header.cty === contentType &&
    header.iss === binding.iss &&
    header.sub === binding.sub &&
    header.jti === binding.jti;
  assertToken(isBound, 'sealed_header');
  if (!isSm) assertToken(isEphemeralOf(key.crv, header.epk), 'sealed_header');
}

/** Of the curve of the key, in its one form; that it lies on the curve is checked by the import. */
function isEphemeralOf(crv: 'P-256' | 'X25519', epk: unknown): boolean {
  if (!isObject(epk) || epk.crv !== crv) return false;
  const members = crv === 'P-256' ? ['crv', 'kty', 'x', 'y'] : ['crv', 'kty', 'x'];
  return hasExactly(epk, members) && epk.kty === (crv === 'P-256' ? 'EC' : 'OKP');
}

/** Initialisation vector, ciphertext and tag of the five parts. */
function contentOf([, , ...rest]: readonly string[]) {
  const [iv, content, tag] = rest.map((text) => part(text, 'sealed_header')) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  assertToken(iv.length === ivBytes && tag.length === tagBytes, 'sealed_header');
  return { iv, sealed: concatBytes(content, tag) };
}

async function openJwe(
  parts: readonly string[],
  epk: PublicJwk,
  { key, known }: Extract<OpeningKey, { alg: 'ECDH-ES' }>,
): Promise<Uint8Array> {
  const [header = '', encryptedKey] = parts;
  const point = rawKeyOf(epk);
  assertToken(encryptedKey === '' && point !== undefined, 'sealed_header');
  const content = contentOf(parts);
  try {
    return await decryptJwe({ header, ...content }, point, key, known);
  } catch (cause) {
    throw new TokenError('sealed_unreadable', { cause });
  }
}

async function openSm2(parts: readonly string[], privateKey: Uint8Array): Promise<Uint8Array> {
  const gm = await loadGm();
  const [header = '', encryptedKey] = parts;
  const aad = utf8ToBytes(header);
  return openSm4(gm, privateKey, part(encryptedKey, 'sealed_header'), { aad, ...contentOf(parts) });
}

function openSm4(
  gm: Gm,
  privateKey: Uint8Array,
  encryptedKey: Uint8Array,
  { iv, aad, sealed }: Readonly<Record<'iv' | 'aad' | 'sealed', Uint8Array>>,
): Uint8Array {
  try {
    const key = gm.sm2.decrypt(privateKey, encryptedKey, { format: 'raw' });
    assertToken(key.length === smKeyBytes, 'sealed_unreadable');
    return gm.sm4.decrypt({ mode: 'gcm', key, iv, aad }, sealed);
  } catch (cause) {
    if (cause instanceof GmError || cause instanceof TokenError) {
      throw new TokenError('sealed_unreadable', { cause });
    }
    throw cause;
  }
}
