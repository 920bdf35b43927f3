import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { AuditEntry, AuditRecord, ChainHead } from './types.ts';

/** What the first record of a chain names as its predecessor. */
export const genesisHashHex = '0'.repeat(64);

const format = 'cinnabar audit record 1';

/**
 * Builds the record that follows `head`; `undefined` starts the chain of `tenant`.
 *
 * @throws TypeError when an entry holds something that has no canonical encoding
 */
export function nextRecord(
  head: ChainHead | undefined,
  tenant: string,
  entry: AuditEntry,
  atMs: number,
): AuditRecord {
  const body = {
    tenant,
    index: head === undefined ? 0 : head.index + 1,
    atMs,
    action: entry.action,
    actor: entry.actor,
    subject: entry.subject,
    outcome: entry.outcome,
    requestId: entry.requestId,
    detail: { ...entry.detail },
    previousHashHex: head === undefined ? genesisHashHex : head.hashHex,
  };
  return { ...body, hashHex: recordHash(body) };
}

/**
 * SHA-256 of the canonical encoding of a record.
 *
 * The encoding is a list of texts, each as its length in UTF-8 (4 bytes, big-endian) and its UTF-8:
 * the name of the format, tenant, index, time, action, actor, subject, outcome, request id, the
 * previous hash in hex, the number of details, then for each detail in ascending order of its name
 * (by UTF-16 unit): name, type, value. Numbers are in the shortest decimal that reads back as the
 * same number (ECMA-262 §6.1.6.1.20). Length prefixes make it injective: two different records
 * never encode alike.
 */
export function recordHash(record: Omit<AuditRecord, 'hashHex'>): string {
  const names = Object.keys(record.detail).sort();
  const texts = [
    format,
    record.tenant,
    numberText(record.index),
    numberText(record.atMs),
    record.action,
    record.actor,
    record.subject,
    record.outcome,
    record.requestId,
    record.previousHashHex,
    numberText(names.length),
    ...names.flatMap((name) => [name, ...valueTexts(record.detail[name])]),
  ];
  return bytesToHex(sha256(concatBytes(...texts.flatMap(lengthPrefixed))));
}

export type ChainVerdict =
  | { readonly ok: true; readonly head: ChainHead | undefined }
  | {
      readonly ok: false;
      /** The index at which the chain stops being what it says. */
      readonly index: number;
      readonly reason: 'hash' | 'link' | 'index' | 'tenant' | 'head';
    };

/**
 * Checks a run of records in ascending order, from the one after `after` (`undefined`: from the
 * first ever) on.
 *
 * A run that was cut short at its end is still a valid chain. Only `expectedHead`, kept somewhere
 * that the holder of the records cannot reach, reveals it.
 */
export function verifyChain(
  records: readonly AuditRecord[],
  known: { readonly after?: ChainHead; readonly expectedHead?: ChainHead } = {},
): ChainVerdict {
  let head = known.after;
  const tenant = records[0]?.tenant;
  for (const record of records) {
    const index = head === undefined ? 0 : head.index + 1;
    const previousHashHex = head === undefined ? genesisHashHex : head.hashHex;
    if (record.index !== index) return { ok: false, index, reason: 'index' };
    if (record.tenant !== tenant) return { ok: false, index, reason: 'tenant' };
    if (record.previousHashHex !== previousHashHex) return { ok: false, index, reason: 'link' };
    if (record.hashHex !== recordHash(record)) return { ok: false, index, reason: 'hash' };
    head = { index: record.index, hashHex: record.hashHex };
  }
  const expected = known.expectedHead;
  if (expected && (head?.index !== expected.index || head.hashHex !== expected.hashHex)) {
    return { ok: false, index: head === undefined ? 0 : head.index + 1, reason: 'head' };
  }
  return { ok: true, head };
}

function valueTexts(value: string | number | boolean | undefined): [string, string] {
  switch (typeof value) {
    case 'string':
      return ['string', value];
    case 'number':
      return ['number', numberText(value)];
    case 'boolean':
      return ['boolean', value ? 'true' : 'false'];
    default:
      throw new TypeError('audit: a detail is neither text, number nor boolean');
  }
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('audit: a number is not finite');
  // -0 would read back as 0 from JSON, and then hash differently.
  return String(value === 0 ? 0 : value);
}

function lengthPrefixed(text: string): [Uint8Array, Uint8Array] {
  // A lone surrogate would become U+FFFD, and with it two texts one encoding.
  if (/\p{Cs}/u.test(text)) throw new TypeError('audit: a text is not well-formed Unicode');
  const bytes = utf8ToBytes(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
}
