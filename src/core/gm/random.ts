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

const AGAIN = 1;
/** A draw fails about once in 2^256; of one-byte plaintexts, one in 256 needs another. */
const DRAWS_MAX = 64;

/** Repeats `attempt` with fresh randomness in `view` until it does not ask for more. */
export function drawUntilTaken(view: Uint8Array<ArrayBuffer>, attempt: () => number): number {
  for (let draws = 0; draws < DRAWS_MAX; draws++) {
    fillRandom(view);
    const status = attempt();
    if (status === AGAIN) continue;
    view.fill(0);
    return status;
  }
  throw new GmError('random_failed', 'the host gives no usable randomness');
}
