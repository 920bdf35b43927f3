import { GmError } from './error.ts';

// A call to the host's generator costs a tenth of a signature however few bytes it brings, so some
// are drawn ahead. Each is given out once, and erased here when it is.
const POOL_BYTES = 1024;
const pool = new Uint8Array(POOL_BYTES);
let left = 0;

function drawFromHost(bytes: Uint8Array<ArrayBuffer>): void {
  try {
    crypto.getRandomValues(bytes);
  } catch (cause) {
    throw new GmError('random_failed', 'the host gave no randomness', { cause });
  }
}

/** Fills `bytes`, at most 64, from the host's cryptographic generator. */
export function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  if (left < bytes.length) {
    drawFromHost(pool);
    left = POOL_BYTES;
  }
  const from = left - bytes.length;
  bytes.set(pool.subarray(from, left));
  pool.fill(0, from, left);
  left = from;
}

/** Fresh random bytes. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  drawFromHost(bytes);
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
