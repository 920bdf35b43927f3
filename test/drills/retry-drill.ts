import { CinnabarError } from '../../src/domain/errors.ts';
import { bodyOf, type Edge, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import type { Drill } from './drill.ts';
import { type Scheduler, stormy } from './scheduler.ts';

const attemptsMax = 60;
const minuteMs = 60_000;
/** One request after the other: here the storm is in the stores and on the way back. */
const inOrder: Scheduler = { pause: async () => undefined, run: async () => undefined };

/** A service whose stores fail or lose their answers, once `isRough`. */
async function shakyEdge(seed: number, isRough: () => boolean): Promise<Edge> {
  const chance = seededRandom(seed);
  const failure = () => new CinnabarError('storage_unavailable');
  const weather = () => (isRough() ? { fails: 24, loses: 24 } : { fails: 0, loses: 0 });
  return startEdge(({ seals, audit, idempotency }) => ({
    seals: stormy(seals, ['addVerification'], inOrder, chance, weather, failure),
    audit: stormy(audit, ['append'], inOrder, chance, weather, failure),
    idempotency: stormy(idempotency, ['begin', 'complete'], inOrder, chance, weather, failure),
  }));
}

/** Asks until an answer arrives. Gives the ids of all successes that were sent, seen or not. */
async function untilAnswered(edge: Edge, sealId: string, key: string, lost: () => boolean) {
  const form = verificationForm(sealId, ringWithCross);
  const headers = key === '' ? {} : { 'idempotency-key': key };
  const ids: unknown[] = [];
  let requests = 0;
  while (requests < attemptsMax) {
    requests += 1;
    const answer = await edge.call('/v1/seal-verifications', { form, headers });
    const body = await bodyOf(answer);
    if (answer.status === 201) ids.push(body.id);
    if (answer.status === 201 && !lost()) return { ids, requests, isAnswered: true };
    // A first attempt that died leaves its key taken for a while.
    edge.clock.advance(minuteMs);
  }
  return { ids, requests, isAnswered: false };
}

/** C4: answers lost at random, and everybody who asks again and again. */
export const retryStorm: Drill = {
  id: 'C4',
  name: 'retry-storm',
  target: 'one effect for each intention, every answer to it the same',
  plants: ['nobody sends a key'],
  async run({ isLong, seed, plant }) {
    const intentions = isLong ? 200 : 15;
    let isRough = false;
    const edge = await shakyEdge(seed, () => isRough);
    const { sealId } = await enrolled(edge, ringWithCross);
    isRough = true;
    const chance = seededRandom(seed ^ 0x1057);
    const lost = () => (chance.bytes(1)[0] ?? 0) < 100;
    const faults: string[] = [];
    let requests = 0;
    const told = new Set<unknown>();
    for (let i = 0; i < intentions; i++) {
      const one = await untilAnswered(edge, sealId, plant ? '' : `intention-${i}`, lost);
      requests += one.requests;
      if (!one.isAnswered) faults.push(`intention ${i} was never answered`);
      if (new Set(one.ids).size > 1) faults.push(`intention ${i} had ${new Set(one.ids).size} ids`);
      for (const id of one.ids) told.add(id);
    }
    isRough = false;
    const stored = await allVerifications(edge);
    if (stored.length !== intentions) faults.push(`${stored.length} of ${intentions} effects`);
    for (const id of told) if (!stored.includes(id)) faults.push(`${id} was told and is not there`);
    return {
      measured: `${intentions} intentions, ${requests} requests, ${stored.length} effects`,
      faults,
    };
  },
};

async function allVerifications(edge: Edge): Promise<unknown[]> {
  const ids: unknown[] = [];
  let cursor: unknown = '';
  while (cursor !== null) {
    const query = cursor === '' ? 'limit=100' : `limit=100&cursor=${cursor}`;
    const page = await bodyOf(await edge.call(`/v1/seal-verifications?${query}`));
    ids.push(...(page.items as { id: unknown }[]).map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return ids;
}
