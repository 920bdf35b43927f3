import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type CryptoKey, importJWK } from 'jose';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { type Gm, loadGm, type PreparedKey } from '../gm.ts';
import type { TokenAlgorithm } from './profiles.ts';

export type Curve = 'P-256' | 'X25519' | 'SM2';

/** A public key on a curve (RFC 7518 §6.2, RFC 8037). `SM2` is a name of our own. */
export interface PublicJwk {
  readonly kty: 'EC' | 'OKP' | 'RSA';
  readonly crv?: Curve;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** A key of the issuer. `alg` and `use` are always there: nothing is inferred from a token. */
export interface IssuerJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly use: 'sig';
}

/** A key of a business system, to which its part of a token is sealed. */
export interface SealingJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: SealingAlgorithm;
  readonly use: 'enc';
}

export type SealingAlgorithm = 'ECDH-ES' | 'SM2';

export const kidPattern = /^[A-Za-z0-9_-]{43}$/;
const coordinateBytes = 32;
const rsaModulusBytesMin = 256;
const rsaModulusBytesMax = 512;

/** The JWK thumbprint (RFC 7638): SHA-256 over the required members in order. */
export function thumbprintOf(jwk: PublicJwk): string {
  const { kty, crv, x, y, n, e } = jwk;
  const members =
    kty === 'RSA' ? { e, kty, n } : kty === 'OKP' ? { crv, kty, x } : { crv, kty, x, y };
  return base64urlText(sha256(utf8ToBytes(canonicalJson(members))));
}

/** The public key of an uncompressed point, 04 || x || y. */
export function jwkOfPoint(crv: 'P-256' | 'SM2', point: Uint8Array): PublicJwk {
  if (point.length !== 65 || point[0] !== 4) throw new RangeError('not an uncompressed point');
  return {
    kty: 'EC',
    crv,
    x: base64urlText(point.subarray(1, 33)),
    y: base64urlText(point.subarray(33)),
  };
}

/** 04 || x || y. `undefined` when the coordinates are not 32 bytes each in canonical base64url. */
export function pointOfJwk({ x, y }: PublicJwk): Uint8Array | undefined {
  const [first, second] = [coordinate(x), coordinate(y)];
  return first && second && concatBytes(Uint8Array.of(4), first, second);
}

/** As WebCrypto takes a key: the coordinates, in their one form. On the curve or not. */
export function rawKeyOf(jwk: PublicJwk): Uint8Array | undefined {
  return jwk.crv === 'X25519' ? coordinate(jwk.x) : pointOfJwk(jwk);
}

/**
 * Whether it is a public key and nothing more, in its one form and on its curve. Private members,
 * other curves and points beside the curve are a plain "no".
 */
export async function isSoundJwk(jwk: PublicJwk): Promise<boolean> {
  try {
    if (jwk.kty === 'OKP') {
      const point = coordinate(jwk.x);
      return jwk.crv === 'X25519' && jwk.y === undefined && !!point && !isSmallOrder(point);
    }
    if (jwk.kty === 'RSA') return isSoundRsa(jwk);
    const point = pointOfJwk(jwk);
    if (!point) return false;
    if (jwk.crv === 'SM2') (await loadGm()).sm2.decodePoint(point);
    else if (jwk.crv === 'P-256') await importJWK(bare(jwk), 'ECDH-ES');
    else return false;
    return true;
  } catch {
    return false;
  }
}

function isSoundRsa({ n, e }: PublicJwk): boolean {
  const modulus = n === undefined ? undefined : base64urlBytes(n);
  const isLong =
    !!modulus && modulus.length >= rsaModulusBytesMin && modulus.length <= rsaModulusBytesMax;
  return isLong && modulus[0] !== 0 && e === 'AQAB';
}

function coordinate(text: string | undefined): Uint8Array | undefined {
  const bytes = typeof text === 'string' ? base64urlBytes(text) : undefined;
  return bytes?.length === coordinateBytes ? bytes : undefined;
}

/** The points of X25519 whose products are all zero, whoever multiplies them (RFC 7748 §6.1). */
const smallOrder = [
  '00',
  '01',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map((hex) => hex.padEnd(64, '0'));

function isSmallOrder(point: Uint8Array): boolean {
  const masked = Uint8Array.from(point, (byte, index) => (index === 31 ? byte & 0x7f : byte));
  const hex = Array.from(masked, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return smallOrder.includes(hex);
}

/** A key ready for verifying, by what its row of the profile table demands. */
export type VerificationKey =
  | { readonly algorithm: 'ES256' | 'RS256'; readonly key: CryptoKey }
  | { readonly algorithm: 'SM2-SM3'; readonly key: PreparedKey; readonly gm: Gm };

/** @throws TypeError for a key that is not one of its `alg`, or that lacks `alg` or `use` */
export async function verificationKey(jwk: IssuerJwk): Promise<VerificationKey> {
  if (jwk.use !== 'sig' || !kidPattern.test(jwk.kid) || !(await isSoundJwk(jwk))) throw notSound();
  if (jwk.alg === 'SM2-SM3' && jwk.crv === 'SM2') {
    const gm = await loadGm();
    const point = pointOfJwk(jwk);
    if (!point) throw notSound();
    return { algorithm: jwk.alg, key: gm.sm2.prepare(point), gm };
  }
  const isFitting =
    (jwk.alg === 'ES256' && jwk.crv === 'P-256') || (jwk.alg === 'RS256' && jwk.kty === 'RSA');
  if (!isFitting) throw notSound();
  return { algorithm: jwk.alg as 'ES256' | 'RS256', key: await imported(jwk, jwk.alg) };
}

/** A public key as WebCrypto takes it. */
export async function imported(jwk: PublicJwk, algorithm: string): Promise<CryptoKey> {
  const key = await importJWK(bare(jwk), algorithm);
  if (key instanceof Uint8Array) throw notSound();
  return key;
}

/** The members that make the key, without what a foreign set may have added. */
function bare({ kty, crv, x, y, n, e }: PublicJwk): Record<string, string> {
  const members = Object.entries({ kty, crv, x, y, n, e });
  return Object.fromEntries(members.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}

function notSound(): TypeError {
  return new TypeError('the key set holds a key that cannot be used');
}
