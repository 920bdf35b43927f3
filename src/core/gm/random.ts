import { GmError } from './error.ts';

/** Fills `bytes` from the host's cryptographic generator. */
export function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  try {
    crypto.getRandomValues(bytes);
  } catch (cause) {
    throw new GmError('random_failed', 'the host gave no randomness', { cause });
  }
}

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  fillRandom(bytes);
  return bytes;
}
