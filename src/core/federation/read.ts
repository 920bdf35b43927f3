import { base64urlBytes } from '../../lib/base64url.ts';
import type { Json } from '../../lib/canonical-json.ts';

// Readers for what came from another party. Whatever is not in its form is a TypeError, and none
// of it is repeated in the message.

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object that has exactly `names`; those ending in `?` may be absent. */
export function fieldsOf(value: unknown, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('object');
  const fields = value as Fields;
  const known = new Set(names.map((name) => name.replace('?', '')));
  if (!Object.keys(fields).every((name) => known.has(name))) throw wrong('field');
  if (!names.every((name) => name.endsWith('?') || Object.hasOwn(fields, name)))
    throw wrong('field');
  return fields;
}

export function textOf(fields: Fields, name: string, pattern: RegExp): string {
  const value = fields[name];
  if (typeof value !== 'string' || !pattern.test(value)) throw wrong(name);
  return value;
}

export function wordOf<T extends string>(fields: Fields, name: string, words: readonly T[]): T {
  const found = words.find((word) => word === fields[name]);
  if (found === undefined) throw wrong(name);
  return found;
}

export function countOf(fields: Fields, name: string, max: number): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > max) {
    throw wrong(name);
  }
  return value as number;
}

/** A whole number of at most `max` in size. */
export function integerOf(fields: Fields, name: string, max: number): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || Math.abs(value as number) > max) throw wrong(name);
  return value as number;
}

export function flagOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw wrong(name);
  return value;
}

export function listOf<T>(value: unknown, max: number, parse: (item: unknown) => T): T[] {
  if (!Array.isArray(value) || value.length > max) throw wrong('list');
  return value.map(parse);
}

export function bytesOf(fields: Fields, name: string, lengthMax: number): Uint8Array {
  const value = fields[name];
  const bytes = typeof value === 'string' ? base64urlBytes(value) : undefined;
  if (bytes === undefined || bytes.length > lengthMax) throw wrong(name);
  return bytes;
}

export const patterns = {
  party: /^[a-z][a-z0-9-]{0,31}$/,
  requestId: /^[0-9a-f]{32}$/,
  hash: /^[0-9a-f]{64}$/,
  amount: /^(?:0|[1-9][0-9]{0,17})$/,
  instant: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
} as const;

function wrong(name: string): TypeError {
  return new TypeError(`${name} is not in the expected form`);
}

/** Interfaces of ours hold what JSON can say, but TypeScript does not see that an interface is closed. */
export function asJson(value: object): Json {
  return value as unknown as Json;
}
