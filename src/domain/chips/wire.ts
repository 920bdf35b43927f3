import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64Bytes, base64Text } from '../../lib/base64.ts';

// The values of a chip's calls as JSON (RFC 8259): bytes are `{"$bytes":"base64"}`. No value of
// ours has a field of that name, and one that has is refused, so nothing can pose as bytes.

const mark = '$bytes';

/** @throws TypeError for a value that has no such form */
export function encodeWire(value: unknown): Uint8Array {
  return utf8ToBytes(JSON.stringify(packed(value)) ?? 'null');
}

/** @throws TypeError, SyntaxError */
export function decodeWire(bytes: Uint8Array): unknown {
  return unpacked(
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)),
  );
}

function packed(value: unknown): unknown {
  if (value instanceof Uint8Array) return { [mark]: base64Text(value) };
  if (Array.isArray(value)) return value.map((item) => packed(item) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, mark)) throw new TypeError('a value has a reserved field');
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, packed(field)]));
}

function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, mark)) return bytesOf(value as Record<string, unknown>);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unpacked(field)]));
}

function bytesOf(value: Record<string, unknown>): Uint8Array {
  const text = value[mark];
  const bytes = typeof text === 'string' ? base64Bytes(text) : undefined;
  if (!bytes || Object.keys(value).length !== 1) throw new TypeError('bytes are not in their form');
  return bytes;
}
