import {
  type IdempotencyScope,
  type IdempotencyStore,
  idempotencyLeaseMs,
  idempotencyTtlMs,
  type StoredAnswer,
} from '../../domain/ports.ts';

interface Entry {
  readonly fingerprintHex: string;
  readonly operationId: string;
  readonly startedAtMs: number;
  leaseEndsAtMs: number;
  answer?: StoredAnswer;
}

/** Idempotency keys in RAM. */
export function memoryIdempotencyStore(): IdempotencyStore {
  const entries = new Map<string, Entry>();

  function open(scope: IdempotencyScope, operationId: string): Entry | undefined {
    const entry = entries.get(nameOf(scope));
    return entry?.operationId === operationId && !entry.answer ? entry : undefined;
  }

  return {
    async begin(scope, { fingerprintHex, operationId, nowMs }) {
      const known = entries.get(nameOf(scope));
      const leaseEndsAtMs = nowMs + idempotencyLeaseMs;
      if (!known || known.startedAtMs + idempotencyTtlMs <= nowMs) {
        const entry = { fingerprintHex, operationId, startedAtMs: nowMs, leaseEndsAtMs };
        entries.set(nameOf(scope), entry);
        return { state: 'started', operationId };
      }
      if (known.fingerprintHex !== fingerprintHex) return { state: 'mismatch' };
      if (known.answer) return { state: 'answered', answer: known.answer };
      if (known.leaseEndsAtMs > nowMs) return { state: 'running' };
      known.leaseEndsAtMs = leaseEndsAtMs;
      return { state: 'started', operationId: known.operationId };
    },
    async complete(scope, operationId, answer) {
      const entry = open(scope, operationId);
      if (entry) entry.answer = answer;
    },
    async release(scope, operationId) {
      const entry = open(scope, operationId);
      if (entry) entry.leaseEndsAtMs = 0;
    },
  };
}

function nameOf({ tenant, actor, key }: IdempotencyScope): string {
  return JSON.stringify([tenant, actor, key]);
}
