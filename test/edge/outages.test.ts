import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/domain/audit/chain.ts';
import { CinnabarError, type ErrorCode } from '../../src/domain/errors.ts';
import { sweepOrphans } from '../../src/domain/seals/orphans.ts';
import { orphanGraceMs } from '../../src/domain/seals/ports.ts';
import type { EdgeDeps } from '../../src/edge/deps.ts';
import {
  account,
  bodyOf,
  type Call,
  cardDates,
  type Edge,
  enrolled,
  startEdge,
  verificationForm,
} from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';

const tenant = 'beichen-bank';

/** A call that never arrives, or whose answer never comes back. */
type Loss = 'the call' | 'the answer';

/** Loses the n-th call of any port or its answer, once, and remembers which objects were put. */
function breakable(loss: Loss = 'the call') {
  let left = Number.POSITIVE_INFINITY;
  let broken = '';
  const putKeys: string[] = [];

  function guarded<T extends object>(name: string, port: T, code: ErrorCode): T {
    return new Proxy(port, {
      get(target, method, receiver) {
        const value: unknown = Reflect.get(target, method, receiver);
        if (typeof value !== 'function') return value;
        return async (...values: unknown[]) => {
          left -= 1;
          const isLost = left === 0;
          if (isLost) broken = `${name}.${String(method)}`;
          if (isLost && loss === 'the call') throw new CinnabarError(code);
          if (name === 'objects' && method === 'put') putKeys.push(String(values[0]));
          const result = await value.apply(target, values);
          if (isLost) throw new CinnabarError(code);
          return result;
        };
      },
    });
  }

  return {
    putKeys,
    breakAt(call: number) {
      left = call;
      broken = '';
    },
    broken: () => broken,
    change: (deps: EdgeDeps): Partial<EdgeDeps> => ({
      audit: guarded('audit', deps.audit, 'audit_unavailable'),
      seals: guarded('seals', deps.seals, 'storage_unavailable'),
      objects: guarded('objects', deps.objects, 'storage_unavailable'),
      orphans: guarded('orphans', deps.orphans, 'storage_unavailable'),
      templateKeys: guarded('templateKeys', deps.templateKeys, 'chips_unavailable'),
      idempotency: guarded('idempotency', deps.idempotency, 'storage_unavailable'),
    }),
  };
}

interface Operation {
  readonly path: (ids: Awaited<ReturnType<typeof enrolled>>) => string;
  readonly call: (ids: Awaited<ReturnType<typeof enrolled>>) => Call;
}

const operations: Record<string, Operation> = {
  'opening an account': {
    path: () => '/v1/seals/accounts',
    call: () => ({ json: { ...account, number: '6222-0002' } }),
  },
  'filing a card with its picture': {
    path: () => '/v1/seals/cards',
    call: ({ accountId }) => ({
      form: { accountId, number: 'YJK-2', ...cardDates, image: ringWithCross },
    }),
  },
  'enrolling a seal': {
    path: () => '/v1/seals',
    call: ({ cardId }) => ({
      form: { cardId, serial: 'S-2', shape: 'oval', imprint: ringWithSquare },
    }),
  },
  'rebuilding a seal': {
    path: ({ sealId }) => `/v1/seals/${sealId}/rebuild`,
    call: () => ({ form: { revision: '1', imprint: ringWithSquare } }),
  },
  'verifying an imprint': {
    path: () => '/v1/seal-verifications',
    call: ({ sealId }) => ({ form: verificationForm(sealId, ringWithCross) }),
  },
};

/** What people can see: how many of each, and the revision of the one seal that is rebuilt. */
async function visible(edge: Edge, accountId: string) {
  const count = async (path: string) =>
    ((await bodyOf(await edge.call(`${path}?limit=100`))).items as unknown[]).length;
  const { cards, seals } = await bodyOf(await edge.call(`/v1/seals/accounts/${accountId}`));
  return {
    accounts: await count('/v1/seals/accounts'),
    cards: (cards as unknown[]).length,
    seals: (seals as { revision: number }[]).map(({ revision }) => revision),
    verifications: await count('/v1/seal-verifications'),
  };
}

const losses: readonly Loss[] = ['the call', 'the answer'];

describe.each(Object.entries(operations))('%s', (_name, operation) => {
  it.each(losses)(
    'is whole or absent when %s of any step is lost, and a retry completes it once',
    async (loss) => {
      const steps: string[] = [];
      for (let step = 1; step < 60; step++) {
        const outage = breakable(loss);
        const edge = await startEdge(outage.change, ['alpha', 'beta']);
        const ids = await enrolled(edge, ringWithCross);
        const before = await visible(edge, ids.accountId);
        const send = () =>
          edge.call(operation.path(ids), {
            ...operation.call(ids),
            headers: { 'idempotency-key': 'key-1' },
          });

        outage.breakAt(step);
        const first = await send();
        const brokenPort = outage.broken();
        outage.breakAt(Number.POSITIVE_INFINITY);
        const after = await visible(edge, ids.accountId);
        const unbroken = brokenPort === '';
        if (unbroken) {
          expect(first.ok).toBe(true);
          break;
        }
        steps.push(brokenPort);

        const answered = first.ok;
        if (!answered) {
          expect(first.status, brokenPort).toBe(503);
          expect(Number(first.headers.get('retry-after'))).toBeGreaterThan(0);
        }
        const chain = [...(await edge.deps.audit.list(tenant, { limit: 100 }))].reverse();
        expect(verifyChain(chain)).toMatchObject({ ok: true });
        const isThere = JSON.stringify(after) !== JSON.stringify(before);
        if (isThere) {
          // Something is there: its intention is on record, and nothing says that it failed.
          const last = chain.at(-1)?.outcome;
          expect(answered ? ['done'] : ['intended', 'done'], brokenPort).toContain(last);
        }

        edge.clock.advance(60_000);
        const retried = await send();
        expect(retried.ok, `${brokenPort} ${retried.status}`).toBe(true);
        const once = await visible(edge, ids.accountId);
        const grown = (Object.keys(once) as (keyof typeof once)[]).filter(
          (name) => JSON.stringify(once[name]) !== JSON.stringify(before[name]),
        );
        expect(grown, brokenPort).toHaveLength(1);
        if (isThere) expect(once, brokenPort).toEqual(after);
        const records = await edge.deps.audit.list(tenant, { limit: 100 });
        expect(records[0]?.outcome).toBe('done');

        edge.clock.advance(orphanGraceMs);
        for (const watch of edge.orphans.takeDue()) await sweepOrphans(edge.deps, watch);
        const named = new Set(await edge.deps.seals.referencedObjects(tenant, outage.putKeys));
        for (const objectKey of outage.putKeys) {
          const stored = await edge.deps.objects.get(objectKey);
          expect(stored !== undefined, `${brokenPort} ${objectKey}`).toBe(named.has(objectKey));
        }
      }
      expect(steps.filter((name) => name === 'audit.append')).toHaveLength(2);
      expect(steps).toContain('idempotency.begin');
      expect(steps).toContain('idempotency.complete');
    },
    60_000,
  );
});

describe('an outage', () => {
  it('of the audit log leaves nothing stored anywhere', async () => {
    const outage = breakable();
    let down = false;
    const edge = await startEdge((deps) => {
      const changed = outage.change(deps);
      return {
        ...changed,
        audit: {
          ...deps.audit,
          append: async (...values) => {
            if (down) throw new CinnabarError('audit_unavailable');
            return deps.audit.append(...values);
          },
        },
      };
    });
    const ids = await enrolled(edge, ringWithCross);
    const before = await visible(edge, ids.accountId);
    const objects = outage.putKeys.length;
    down = true;
    for (const operation of Object.values(operations)) {
      const response = await edge.call(operation.path(ids), operation.call(ids));
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(await bodyOf(response)).toMatchObject({ code: 'audit_unavailable' });
    }
    const picture = await edge.call(`/v1/seals/${ids.sealId}/picture`);
    expect(await bodyOf(picture)).toMatchObject({ code: 'audit_unavailable' });
    expect(await visible(edge, ids.accountId)).toEqual(before);
    expect(outage.putKeys).toHaveLength(objects);
  });

  it('of the chips refuses whatever needs a key, with Retry-After', async () => {
    let down = false;
    const fail = async (): Promise<never> => {
      throw new CinnabarError('chips_unavailable');
    };
    const edge = await startEdge((deps) => ({
      templateKeys: {
        wrap: (...values) => (down ? fail() : deps.templateKeys.wrap(...values)),
        unwrap: (...values) => (down ? fail() : deps.templateKeys.unwrap(...values)),
      },
    }));
    const ids = await enrolled(edge, ringWithCross);
    const before = await visible(edge, ids.accountId);
    down = true;
    const { 'opening an account': keyless, ...keyed } = operations;
    for (const operation of Object.values(keyed)) {
      const response = await edge.call(operation.path(ids), operation.call(ids));
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(await bodyOf(response)).toMatchObject({ code: 'chips_unavailable' });
    }
    const picture = await edge.call(`/v1/seals/${ids.sealId}/picture`);
    expect(await bodyOf(picture)).toMatchObject({ code: 'chips_unavailable' });
    expect(await visible(edge, ids.accountId)).toEqual(before);
    expect(keyless && (await edge.call(keyless.path(ids), keyless.call(ids))).status).toBe(201);
  });

  it('that nobody foresaw is 500 with the request id and no more', async () => {
    const edge = await startEdge((deps) => ({
      seals: {
        ...deps.seals,
        listSeals: async () => {
          throw new TypeError('SECRET in row 7');
        },
      },
    }));
    const response = await edge.call('/v1/seals');
    expect(response.status).toBe(500);
    expect(await bodyOf(response)).toEqual({
      type: 'urn:cinnabar:problem:internal',
      title: 'Something went wrong on our side.',
      status: 500,
      code: 'internal',
      requestId: response.headers.get('x-request-id'),
    });
    expect(JSON.stringify(edge.log)).not.toContain('SECRET');
    expect(edge.log.at(-1)).toMatchObject({
      event: 'failure',
      code: 'internal',
      causes: [{ name: 'TypeError' }],
    });
  });
});
