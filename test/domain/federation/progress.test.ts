import { describe, expect, test } from 'vitest';
import { eventData } from '../../../src/client/events.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { createChannel, type Progress } from '../../../src/domain/federation/progress.ts';
import { watchScoring } from '../../../src/domain/federation/watch.ts';
import { caller, samplePerson, startFederation } from '../../helpers/federation.ts';

const person = samplePerson(1);

async function read(stream: ReadableStream<Uint8Array>): Promise<Progress[]> {
  const found: Progress[] = [];
  for await (const data of eventData(new Response(stream))) found.push(JSON.parse(data));
  return found;
}

describe('A5: how far a request has come is told as it goes on', () => {
  test('every node and stage, from the first look to the end, without a box', async () => {
    let watching: Promise<Progress[]> | undefined;
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        async open(id, message) {
          const { requestId } = message;
          watching ??= watchScoring(federation.coordinator, caller.actor, requestId).then(read);
          await new Promise((next) => setImmediate(next));
          return parties.open(id, message);
        },
      }),
    });
    await federation.fileEverywhere(person, -1);
    const request = await federation.score(federation.apply(person));
    const told = (await watching) ?? [];
    const statesOf = (node: string) => [
      ...new Set(told.map(({ nodes }) => nodes.find((item) => item.node === node)?.state)),
    ];
    for (const node of ['bank', 'operator', 'registry']) {
      expect(statesOf(node)).toEqual(['waiting', 'opened', 'settled']);
    }
    expect([...new Set(told.map(({ stage }) => stage))]).toEqual([
      'open',
      'settle',
      'decide',
      'record',
    ]);
    expect(told.at(-1)).toMatchObject({ state: 'decided', requestId: request.requestId });
    expect(JSON.stringify(told)).not.toMatch(/outcome|consent|box/);
  });

  test('one that has ended is told once; to a stranger it was never made', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -1);
    const { requestId } = await federation.score(federation.apply(person));
    const watch = (actor = caller.actor) => watchScoring(federation.coordinator, actor, requestId);
    expect((await read(await watch())).map(({ state }) => state)).toEqual(['decided']);
    const stranger = { ...caller.actor, id: 'customer-2' };
    await expect(watch(stranger)).rejects.toMatchObject({ code: 'federation_request_not_found' });
  });

  test('a failed request says so to who watches', async () => {
    let watching: Promise<Progress[]> | undefined;
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        async open(_, { requestId }) {
          watching ??= watchScoring(federation.coordinator, caller.actor, requestId).then(read);
          await new Promise((next) => setImmediate(next));
          throw new CinnabarError('federation_unavailable');
        },
      }),
    });
    await expect(federation.score(federation.apply(person))).rejects.toThrow();
    expect((await watching)?.at(-1)).toMatchObject({
      state: 'failed',
      code: 'federation_unavailable',
      nodes: [{ state: 'lost' }, { state: 'lost' }, { state: 'lost' }],
    });
  });

  test('who does not read is let go', async () => {
    const channel = createChannel();
    const stream = channel.watch();
    const progress: Progress = {
      requestId: 'r',
      state: 'running',
      stage: 'open',
      nodes: [],
      contributors: [],
    };
    for (let i = 0; i < 500; i++) channel.tell(progress);
    const count = (await read(stream)).length;
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(100);
    const until = new AbortController();
    const other = channel.watch(until.signal);
    channel.tell(progress);
    until.abort();
    expect((await read(other)).length).toBe(1);
  });
});
