import { expect, it } from 'vitest';
import {
  type IdempotencyScope,
  type IdempotencyStore,
  idempotencyLeaseMs,
  idempotencyTtlMs,
} from '../../src/domain/ports.ts';
import { freshTenant } from './fresh.ts';

const nowMs = 1_767_225_600_000;
const answer = {
  status: 201,
  headers: { 'content-type': 'application/json', location: '/v1/seals/1' },
  body: '{"remark":"财务专用章"}',
};

function fresh(): IdempotencyScope {
  return { tenant: freshTenant(), actor: 'teller-1', key: 'key-1' };
}

function claim(operationId: string, fingerprintHex = 'aa', atMs = nowMs) {
  return { fingerprintHex, operationId, nowMs: atMs };
}

/** What every idempotency store must do. */
export function idempotencyStoreContract(
  make: () => IdempotencyStore | Promise<IdempotencyStore>,
): void {
  it('starts a new key and replays its answer', async () => {
    const store = await make();
    const scope = fresh();
    expect(await store.begin(scope, claim('one'))).toEqual({
      state: 'started',
      operationId: 'one',
    });
    await store.complete(scope, 'one', answer);
    expect(await store.begin(scope, claim('two'))).toEqual({ state: 'answered', answer });
  });

  it('lets exactly one of many simultaneous claims start', async () => {
    const store = await make();
    const scope = fresh();
    const states = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.begin(scope, claim(`operation-${i}`))),
    );
    expect(states.filter(({ state }) => state === 'started')).toHaveLength(1);
    expect(states.filter(({ state }) => state === 'running')).toHaveLength(19);
  });

  it('refuses the key for another request, running or answered', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    expect(await store.begin(scope, claim('two', 'bb'))).toEqual({ state: 'mismatch' });
    await store.complete(scope, 'one', answer);
    expect(await store.begin(scope, claim('three', 'bb'))).toEqual({ state: 'mismatch' });
  });

  it('hands a released key to the next attempt under the first operation id', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    await store.release(scope, 'one');
    expect(await store.begin(scope, claim('two'))).toEqual({
      state: 'started',
      operationId: 'one',
    });
    expect(await store.begin(scope, claim('three'))).toEqual({ state: 'running' });
  });

  it('hands on a key whose attempt died, but not before its lease ends', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    const early = claim('two', 'aa', nowMs + idempotencyLeaseMs - 1);
    expect(await store.begin(scope, early)).toEqual({ state: 'running' });
    const late = claim('three', 'aa', nowMs + idempotencyLeaseMs);
    expect(await store.begin(scope, late)).toEqual({ state: 'started', operationId: 'one' });
  });

  it('treats a key as new after its time, whatever it was used for', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    await store.complete(scope, 'one', answer);
    const early = claim('two', 'aa', nowMs + idempotencyTtlMs - 1);
    expect(await store.begin(scope, early)).toEqual({ state: 'answered', answer });
    const late = claim('three', 'bb', nowMs + idempotencyTtlMs);
    expect(await store.begin(scope, late)).toEqual({ state: 'started', operationId: 'three' });
  });

  it('keeps the keys of tenants and actors apart', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    for (const other of [
      { ...scope, tenant: freshTenant() },
      { ...scope, actor: 'teller-2' },
      { ...scope, key: 'key-2' },
    ]) {
      expect(await store.begin(other, claim('two'))).toEqual({
        state: 'started',
        operationId: 'two',
      });
    }
  });

  it('ignores the end of an operation that no longer holds the key', async () => {
    const store = await make();
    const scope = fresh();
    await store.begin(scope, claim('one'));
    await store.complete(scope, 'another', answer);
    await store.release(scope, 'another');
    expect(await store.begin(scope, claim('two'))).toEqual({ state: 'running' });
    await store.complete(scope, 'one', answer);
    await store.release(scope, 'one');
    expect(await store.begin(scope, claim('two'))).toEqual({ state: 'answered', answer });
  });
}
