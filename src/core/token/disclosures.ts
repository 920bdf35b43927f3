import { sha256 } from '@noble/hashes/sha2.js';
import { randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import { part, textOf } from './compact.ts';
import { assertToken } from './error.ts';
import { parseStrictObject } from './strict-json.ts';

/** RFC 9901 §4.2.1: 128 bits of salt. */
const saltBytes = 16;

/** One fact with its salt (RFC 9901 §4.2.1): whoever has it can prove the fact, and only that one. */
export function makeDisclosure(name: string, value: string): string {
  return base64urlText(
    utf8ToBytes(JSON.stringify([base64urlText(randomBytes(saltBytes)), name, value])),
  );
}

/** What stands in the signed body for a disclosure (RFC 9901 §4.2.3). */
export function disclosureDigest(disclosure: string): string {
  return base64urlText(sha256(utf8ToBytes(disclosure)));
}

/**
 * The name and value of a disclosure whose digest the signed body holds.
 *
 * @throws TokenError `disclosure`
 */
export function readDisclosure(
  disclosure: string,
  digests: readonly string[],
): { readonly name: string; readonly value: string } {
  assertToken(digests.includes(disclosureDigest(disclosure)), 'disclosure');
  const text = textOf(part(disclosure, 'disclosure'), 'disclosure');
  const { items } = parseStrictObject(`{"items":${text}}`);
  const isTriple =
    Array.isArray(items) && items.length === 3 && items.every((item) => typeof item === 'string');
  assertToken(isTriple, 'disclosure');
  const [, name, value] = items as [string, string, string];
  return { name, value };
}

/**
 * The token with these disclosures beside it, as RFC 9901 §4 writes it: what a business system
 * shows to somebody who must see single facts and no others.
 */
export function withDisclosures(token: string, disclosures: readonly string[]): string {
  return `${[token, ...disclosures].join('~')}~`;
}
