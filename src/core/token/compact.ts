import { base64urlBytes } from '../../lib/base64url.ts';
import { assertToken, type RefusalReason, TokenError } from './error.ts';
import { type JsonObject, parseStrictObject } from './strict-json.ts';

/** Characters of a token at most; longer ones are not looked at. */
export const tokenCharactersMax = 8192;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface CompactJws {
  readonly header: JsonObject;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** `header.payload` as it was sent: what is signed. */
  readonly signed: string;
}

/**
 * Takes a compact JWS (RFC 7515 §7.1) apart. Nothing of it is verified, and the payload is not
 * parsed: that is for after the signature.
 *
 * @throws TokenError `too_large`, `malformed`
 */
export function readCompactJws(token: string): CompactJws {
  const [header, payload, signature] = partsOf(token, 3);
  return {
    header: parseStrictObject(textOf(part(header))),
    payload: part(payload),
    signature: part(signature),
    signed: token.slice(0, token.lastIndexOf('.')),
  };
}

/**
 * What type a token's header names, of everything else nothing: nobody has verified it.
 *
 * @throws TokenError `too_large`, `malformed`
 */
export function typeOf(token: string): unknown {
  const [header] = partsOf(token, 3);
  return parseStrictObject(textOf(part(header))).typ;
}

/** The parts of a compact serialization, none of them empty but where JWE allows it. */
export function partsOf(token: string, count: 3 | 5): string[] {
  assertToken(typeof token === 'string' && token.length <= tokenCharactersMax, 'too_large');
  const parts = token.split('.');
  assertToken(parts.length === count, 'malformed');
  return parts;
}

/** @throws TokenError unless it is canonical base64url of at least one byte */
export function part(text: string | undefined, reason: RefusalReason = 'malformed'): Uint8Array {
  const bytes = text ? base64urlBytes(text) : undefined;
  if (!bytes) throw new TokenError(reason);
  return bytes;
}

/** @throws TokenError unless it is UTF-8 */
export function textOf(bytes: Uint8Array, reason: RefusalReason = 'malformed'): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new TokenError(reason);
  }
}

/** Whether an object has exactly these members. */
export function hasExactly(object: JsonObject, names: readonly string[]): boolean {
  const own = Object.keys(object);
  return own.length === names.length && names.every((name) => name in object);
}
