import { GmError } from './error.ts';

/** Bytes that were given away, to a worker for instance, look empty: `at` alone tells. */
function isDetached(bytes: Uint8Array): boolean {
  try {
    bytes.at(0);
    return false;
  } catch {
    return true;
  }
}

/** What callers may pass where bytes are expected; a Buffer is one. */
export function assertBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new GmError('argument_invalid', `${name} must be a Uint8Array`);
  }
  if (value.length === 0 && isDetached(value)) {
    throw new GmError('argument_invalid', `${name} has been transferred away`);
  }
}

/** Bytes of exactly `length`. */
export function assertBytesOf(
  value: unknown,
  length: number,
  name: string,
): asserts value is Uint8Array {
  assertBytes(value, name);
  if (value.length !== length) {
    throw new GmError('argument_invalid', `${name} must have ${length} bytes`);
  }
}

/** A whole number from `least` to `most`. */
export function assertInteger(value: unknown, least: number, most: number, name: string): void {
  if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
    throw new GmError('argument_invalid', `${name} must be a whole number, ${least} to ${most}`);
  }
}

/** Refuses options that the callee does not know: a misspelt one must not be ignored. */
export function assertOptions(value: unknown, known: readonly string[], name: string): void {
  if (typeof value !== 'object' || value === null) {
    throw new GmError('argument_invalid', `${name} must be an object`);
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new GmError('argument_invalid', `${name} has no option of that name`);
    }
  }
}

/** A status that our own arguments can never cause is a bug of ours. */
export function assertOk(status: number): void {
  if (status < 0) throw new GmError('core_failed', `the module answered ${status}`);
}
