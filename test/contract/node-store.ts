import { expect, it } from 'vitest';
import type { KeptAnswer, NodeStore, PersonRow } from '../../src/domain/federation/ports.ts';
import { personIntervalMs } from '../../src/domain/federation/rules.ts';

let drawn = 0;
/** A value that no other test of this run has. */
const fresh = (length: number) => {
  drawn++;
  return Uint8Array.from({ length }, (_, i) => (i < 4 ? drawn >> (8 * i) : i));
};
const freshName = () => `person-${drawn++}-${crypto.randomUUID()}`;

function person(more: Partial<PersonRow> = {}): PersonRow {
  return {
    pid: fresh(16),
    bins: Uint8Array.of(1, 0, 255),
    binnedBy: 'part-of-a',
    nameTag: fresh(32),
    phoneTag: fresh(32),
    sanctioned: false,
    ...more,
  };
}

/** What every store of a node must do. `use` gives a store for the time of one call. */
export function nodeStoreContract(
  use: (work: (store: NodeStore) => Promise<void>) => Promise<void>,
): void {
  it('A3: finds a person by pseudonym, as it was put last, and nobody by another', () =>
    use(async (store) => {
      const before = await store.countPeople('part-of-a');
      const row = person();
      const { phoneTag: _, ...without } = person({ sanctioned: true });
      await store.putPeople([row, without]);
      expect(await store.findPerson(row.pid)).toEqual(row);
      expect(await store.findPerson(without.pid)).toEqual(without);
      const changed = { ...row, bins: Uint8Array.of(9) };
      await store.putPeople([changed]);
      expect(await store.findPerson(row.pid)).toEqual(changed);
      expect(await store.findPerson(fresh(16))).toBeUndefined();
      expect(await store.countPeople('part-of-a')).toBe(before + 2);
    }));

  it('A3: knows which part of a model binned a row, and counts by it', () =>
    use(async (store) => {
      const [own, other] = [freshName(), freshName()];
      const { binnedBy: _, ...ofNone } = person();
      const row = person({ binnedBy: own });
      await store.putPeople([row, ofNone]);
      expect(await store.findPerson(ofNone.pid)).toEqual(ofNone);
      expect(await store.countPeople(own)).toBe(1);
      expect(await store.countPeople(other)).toBe(0);
      await store.putPeople([{ ...row, binnedBy: other }]);
      expect(await store.countPeople(own)).toBe(0);
      expect(await store.countPeople(other)).toBe(1);
    }));

  it('R1: a request is claimed once until it expires, a person once a minute', () =>
    use(async (store) => {
      const claim = (requestId: string, who: string, nowMs: number) =>
        store.claim({ requestId, persons: [who], nowMs, expiresAtMs: nowMs + 600_000 });
      const [one, two, who, other] = [freshName(), freshName(), freshName(), freshName()];
      expect(await claim(one, who, 1_000)).toBe(true);
      expect(await claim(one, other, 1_001)).toBe(false);
      expect(await claim(two, who, 1_002)).toBe(false);
      // What was refused has claimed nothing.
      expect(await claim(two, other, 1_003)).toBe(true);
      expect(await claim(freshName(), who, 1_000 + personIntervalMs)).toBe(true);
    }));

  it('R1: of many claims at the same time exactly one is granted', () =>
    use(async (store) => {
      const requestId = freshName();
      const claims = Array.from({ length: 8 }, () =>
        store.claim({ requestId, persons: [freshName()], nowMs: 5_000, expiresAtMs: 605_000 }),
      );
      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    }));

  it('R5: keeps the first answer of each step, whoever writes again', () =>
    use(async (store) => {
      const requestId = freshName();
      const answer: KeptAnswer = {
        requestId,
        step: 'open',
        digest: 'first',
        reply: '{"a":1}',
        expiresAtMs: 700_000,
      };
      expect(await store.findAnswer(requestId, 'open')).toBeUndefined();
      expect(await store.keepAnswer(answer)).toEqual(answer);
      expect(await store.keepAnswer({ ...answer, digest: 'second' })).toEqual(answer);
      expect(await store.findAnswer(requestId, 'open')).toEqual(answer);
      expect(await store.findAnswer(requestId, 'settle')).toBeUndefined();
      const settled: KeptAnswer = { ...answer, step: 'settle', digest: 'other' };
      expect(await store.keepAnswer(settled)).toEqual(settled);
    }));
}
