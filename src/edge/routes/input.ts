import type { JSONValue } from 'hono/utils/types';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import type { Picture } from '../../domain/seals/picture.ts';
import { decodePem, PemError } from '../../lib/pem.ts';

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Leaves out what is `undefined`: an absent field and one without a value are not the same. */
export function present<T extends object>(fields: T): Present<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  // The same fields without those that are undefined, which is what the type says.
  return Object.fromEntries(entries) as Present<T>;
}

export function pageRequest(query: { cursor?: string | undefined; limit: number }): PageRequest {
  const { cursor, limit } = query;
  return cursor === undefined ? { limit } : { limit, before: cursor };
}

export async function pictureOf(file: File, dpi: number | undefined): Promise<Picture> {
  return present({ bytes: new Uint8Array(await file.arrayBuffer()), dpi });
}

/** An object as JSON has it: what is `undefined` is absent. */
export function plainJson(value: object): Record<string, JSONValue> {
  // Written by `stringify` a moment ago.
  return JSON.parse(JSON.stringify(value)) as Record<string, JSONValue>;
}

/**
 * The DER of a PKCS#10 request in PEM, under either of its labels (RFC 7468 §7).
 *
 * @throws CinnabarError `invalid_request`
 */
export function requestDer(text: string): Uint8Array {
  try {
    const label = text.startsWith('-----BEGIN NEW')
      ? 'NEW CERTIFICATE REQUEST'
      : 'CERTIFICATE REQUEST';
    return decodePem(label, text);
  } catch (error) {
    if (!(error instanceof PemError)) throw error;
    const fields = [{ pointer: '/body/request', code: 'malformed' }];
    throw new CinnabarError('invalid_request', { fields });
  }
}
