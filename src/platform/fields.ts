// Readers for what a store gives back. A field that is not what was written is a defect of ours or
// of the store, so it ends the request instead of travelling on.

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('stored value is not an object');
  }
  return value as Fields;
}

export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw unexpected(name);
  return value;
}

export function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unexpected(name);
  return value;
}

export function integerOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value)) throw unexpected(name);
  return value as number;
}

/** JSON has booleans, SQLite has 0 and 1. */
export function flagOf(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw unexpected(name);
}

export function oneOf<T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = allowed.find((candidate) => candidate === fields[name]);
  if (value === undefined) throw unexpected(name);
  return value;
}

/** D1 answers a BLOB as an array of numbers, a Durable Object's SQLite as an ArrayBuffer. */
export function bytesOf(fields: Fields, name: string): Uint8Array {
  const value = fields[name];
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (Array.isArray(value)) return Uint8Array.from(value);
  throw unexpected(name);
}

export function listOf<T>(value: unknown, parse: (item: Fields) => T): T[] {
  if (!Array.isArray(value)) throw new TypeError('stored value is not a list');
  return value.map((item) => parse(fieldsOf(item)));
}

export function textsOf(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new TypeError('stored value is not a list of texts');
  }
  return value;
}

/** A column that holds JSON. */
export function jsonOf(fields: Fields, name: string): unknown {
  return JSON.parse(textOf(fields, name));
}

function unexpected(name: string): TypeError {
  return new TypeError(`stored field ${name} is not in the expected form`);
}
