import { assertBytes } from '../arguments.ts';
import { GmError } from '../error.ts';
import type { CiphertextFormat, SignatureFormat } from './encoding.ts';
import { PUBLIC_BYTES } from './layout.ts';

/** Z counts the bits of an identity in two bytes (GB/T 32918.2 §5.5). */
const ID_BYTES_MAX = 8191;
export const DEFAULT_ID = new TextEncoder().encode('1234567812345678');

export const FORMAT_OPTION = ['format'];

export function invalidKey(kind: 'private' | 'public'): GmError {
  return new GmError('key_invalid', `the ${kind} key is not valid`);
}

export function assertPrivate(status: number): void {
  if (status < 0) throw invalidKey('private');
}

export function undecryptable(): GmError {
  return new GmError('decryption_failed', 'the ciphertext does not decrypt');
}

export function uncompressed(point: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + PUBLIC_BYTES);
  bytes[0] = 4;
  bytes.set(point, 1);
  return bytes;
}

export function parseId(id: Uint8Array | string | undefined): Uint8Array {
  if (id === undefined) return DEFAULT_ID;
  const bytes = typeof id === 'string' ? new TextEncoder().encode(id) : id;
  assertBytes(bytes, 'id');
  if (bytes.length > ID_BYTES_MAX) {
    throw new GmError('argument_invalid', `id must have at most ${ID_BYTES_MAX} bytes`);
  }
  return bytes;
}

export function parseSignatureFormat(format: SignatureFormat | undefined): SignatureFormat {
  if (format === undefined || format === 'der' || format === 'raw') return format ?? 'der';
  throw new GmError('argument_invalid', 'format must be der or raw');
}

export function parseCiphertextFormat(format: CiphertextFormat | undefined): CiphertextFormat {
  if (format === undefined) return 'der';
  if (format === 'der' || format === 'raw' || format === 'raw-c1c2c3') return format;
  throw new GmError('argument_invalid', 'format must be der, raw or raw-c1c2c3');
}
