import { assertBytes } from '../arguments.ts';
import { GmError } from '../error.ts';
import type { Kernel } from '../kernel.ts';
import { drawUntilTaken } from '../random.ts';
import type { CiphertextParts } from '../sm2/encoding.ts';
import {
  CONTEXT_BYTES_MAX,
  END,
  JOINT,
  RANDOM,
  RANDOM_BYTES,
  type Role,
  SHARE,
  SHARE_BYTES,
} from './layout.ts';
import type { TwoPartyState } from './types.ts';

/** What each step leaves for the next of its side. */
export interface StepData {
  'keygen.clientFinish': {
    ctx: Uint8Array;
    secret: Uint8Array;
    proof: Uint8Array;
    commitment: Uint8Array;
  };
  'keygen.serverFinish': {
    ctx: Uint8Array;
    secret: Uint8Array;
    proof: Uint8Array;
    commitment: Uint8Array;
  };
  'sign.clientFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    message: Uint8Array;
    nonces: Uint8Array;
  };
  'decrypt.clientFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    message: Uint8Array;
    parts: CiphertextParts;
  };
  'refresh.clientFinish': { ctx: Uint8Array; share: Uint8Array; coin: Uint8Array };
  'refresh.serverFinish': {
    ctx: Uint8Array;
    share: Uint8Array;
    coin: Uint8Array;
    commitment: Uint8Array;
  };
}
type Step = keyof StepData;

export function failed(): GmError {
  return new GmError('protocol_failed', 'the message of the other side is not acceptable');
}

export function undecryptable(): GmError {
  return new GmError('decryption_failed', 'the ciphertext does not decrypt');
}

export function assertAccepted(status: number): void {
  if (status !== 0) throw failed();
}

export function assertMessage(value: Uint8Array, length: number, name: string): void {
  assertBytes(value, name);
  if (value.length !== length) throw failed();
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let bits = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) bits |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return bits === 0;
}

/** What all protocols of the module share: its exchange region, and the states between two steps. */
export type Session = ReturnType<typeof createSession>;

/** Binds it to one instance of the module. */
export function createSession(kernel: Kernel) {
  const { wasm, base, bytes } = kernel;
  const random = bytes.subarray(RANDOM, RANDOM + RANDOM_BYTES);
  const pending = new WeakMap<TwoPartyState, { step: Step; data: StepData[Step] }>();

  function erase(data: StepData[Step]): void {
    if ('secret' in data) data.secret.fill(0);
    if ('share' in data) data.share.fill(0);
    if ('nonces' in data) data.nonces.fill(0);
    if ('coin' in data) data.coin.fill(0);
  }

  function keep<S extends Step>(step: S, data: StepData[S]): TwoPartyState {
    const state: TwoPartyState = Object.freeze({
      discard() {
        pending.delete(state);
        erase(data);
      },
    });
    pending.set(state, { step, data });
    return state;
  }

  /** Runs the step that a state was kept for, and erases the state on every way out. */
  function spend<S extends Step, T>(
    step: S,
    state: TwoPartyState,
    use: (data: StepData[S]) => T,
  ): T {
    const isObject = typeof state === 'object' && state !== null;
    const kept = isObject ? pending.get(state) : undefined;
    if (kept?.step !== step) {
      throw new GmError('state_used', 'the state was used before, or is of another step');
    }
    pending.delete(state);
    // `keep` stores only data of the named step.
    const data = kept.data as StepData[S];
    try {
      return use(data);
    } finally {
      erase(data);
    }
  }

  /** Runs `use` and leaves nothing in the exchange region. */
  function cleanly<T>(use: () => T): T {
    try {
      return use();
    } finally {
      bytes.fill(0, 0, CONTEXT_BYTES_MAX);
      bytes.fill(0, RANDOM, END);
    }
  }

  function draw(attempt: () => number): number {
    return drawUntilTaken(random, attempt);
  }

  function taken(at: number, length: number): Uint8Array {
    return bytes.slice(at, at + length);
  }

  function parseContext(ctx: Uint8Array): Uint8Array {
    assertBytes(ctx, 'ctx');
    if (ctx.length > CONTEXT_BYTES_MAX) {
      throw new GmError('argument_invalid', `ctx must have at most ${CONTEXT_BYTES_MAX} bytes`);
    }
    return new Uint8Array(ctx);
  }

  function placeShare(share: Uint8Array, role: Role): void {
    assertBytes(share, 'share');
    const wrong = () => new GmError('key_invalid', 'the share is not valid');
    if (share.length !== SHARE_BYTES) throw wrong();
    bytes.set(share, SHARE);
    if (wasm.shareCheck(base + SHARE, role) < 0) throw wrong();
  }

  function pointAt(at: number): Uint8Array {
    const point = new Uint8Array(65);
    point[0] = 4;
    point.set(bytes.subarray(at, at + 64), 1);
    return point;
  }

  const publicKeyAt = (share: number) => pointAt(share + JOINT);

  return {
    wasm,
    base,
    bytes,
    keep,
    spend,
    cleanly,
    draw,
    taken,
    parseContext,
    placeShare,
    pointAt,
    publicKeyAt,
  };
}
