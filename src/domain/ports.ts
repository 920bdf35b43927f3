/** The time. Inside the service it is always epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** Cryptographically strong random bytes. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** A request for one page of a list, newest first. `before` is the id of the last item seen. */
export interface PageRequest {
  readonly limit: number;
  readonly before?: string;
}

/** One page of a list. `nextCursor` is `null` on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** How long an answer is replayed for its idempotency key. After that the key is as new. */
export const idempotencyTtlMs = 24 * 60 * 60 * 1000;

/** After this long without an answer the attempt counts as dead, and the next one may start. */
export const idempotencyLeaseMs = 60 * 1000;

/** Whose key it is. The same words from another actor are another key. */
export interface IdempotencyScope {
  readonly tenant: string;
  readonly actor: string;
  readonly key: string;
}

export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type IdempotencyState =
  /** The caller runs the operation under `operationId`: its own, or that of a dead first attempt. */
  | { readonly state: 'started'; readonly operationId: string }
  | { readonly state: 'running' }
  | { readonly state: 'mismatch' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer };

/**
 * Remembers what was answered to an idempotency key.
 *
 * `begin` is one atomic step: of any number of simultaneous calls for one scope exactly one gets
 * `started`. An entry that was released, or whose lease ran out, is handed to the next caller with
 * the same fingerprint under the operation id of the first attempt, so that the retry finds what
 * the first one left behind.
 */
export interface IdempotencyStore {
  begin(
    scope: IdempotencyScope,
    claim: {
      readonly fingerprintHex: string;
      readonly operationId: string;
      readonly nowMs: number;
    },
  ): Promise<IdempotencyState>;
  /** Keeps the answer for `idempotencyTtlMs`. */
  complete(scope: IdempotencyScope, operationId: string, answer: StoredAnswer): Promise<void>;
  /** The attempt ended without an answer worth keeping. */
  release(scope: IdempotencyScope, operationId: string): Promise<void>;
}

/** Counts requests per caller. */
export interface RateLimiter {
  /** `false` when the caller is over its share. */
  allow(caller: string): Promise<boolean>;
}
