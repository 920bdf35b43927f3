import { describe, expect, test } from 'vitest';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { assertDecides, federationHealth } from '../../../src/domain/federation/health.ts';
import {
  listTrainingRuns,
  reportTraining,
  type TrainingReport,
} from '../../../src/domain/federation/training-runs.ts';
import { memoryRowStore } from '../../../src/platform/memory/row-store.ts';
import { caller, startFederation } from '../../helpers/federation.ts';

describe('A3: parties outside any request', () => {
  test('requests can be decided while one node is away, and not without the decision service', async () => {
    const { federation, roster } = await startFederation();
    const { modelHash } = roster;
    const answers = (others: Readonly<Record<string, string | null>>) => ({
      federation,
      parties: {
        async alive(party: string) {
          const answer = party in others ? others[party] : modelHash;
          if (answer === undefined || answer === null) {
            throw new CinnabarError('federation_unavailable');
          }
          return { modelHash: answer };
        },
      },
    });
    await assertDecides(answers({}));
    await assertDecides(answers({ bank: null }));
    for (const away of [{ bank: null, registry: 'ab' }, { decision: null }, { decision: 'ab' }]) {
      const asked = assertDecides(answers(away));
      await expect(asked).rejects.toMatchObject({ code: 'federation_unavailable' });
    }
  });

  test('who answers, how fast, with which model; of who does not, when it last did', async () => {
    const { clock, federation, roster } = await startFederation();
    const { modelHash } = roster;
    let mishap: Record<string, () => Promise<{ modelHash: string | null }>> = {};
    const deps = {
      clock,
      federation,
      healthRows: memoryRowStore(),
      parties: {
        async alive(party: string) {
          const answer = await (mishap[party] ?? (async () => ({ modelHash })))();
          clock.advance(7);
          return answer;
        },
      },
    } as Parameters<typeof federationHealth>[0];
    const first = await federationHealth(deps);
    expect(first.map(({ party, state }) => [party, state])).toEqual([
      ['bank', 'up'],
      ['operator', 'up'],
      ['registry', 'up'],
      ['decision', 'up'],
    ]);
    expect(first.every(({ latencyMs }) => latencyMs !== undefined && latencyMs >= 7)).toBe(true);

    const down = () => Promise.reject(new CinnabarError('federation_unavailable'));
    mishap = { bank: down, operator: async () => ({ modelHash: null }) };
    clock.advance(120_000);
    const [bank, operator, registry] = await federationHealth(deps);
    expect(bank).toEqual({
      party: 'bank',
      state: 'down',
      modelHash,
      answeredAt: first[0]?.answeredAt,
    });
    expect(operator).toMatchObject({ state: 'other_model', modelHash: null });
    expect(registry?.answeredAt).not.toBe(first[2]?.answeredAt);
  });

  test('a party that never answered has no last answer; a defect is not taken for an outage', async () => {
    const { clock, federation } = await startFederation();
    const of = (error: Error) =>
      federationHealth({
        clock,
        federation,
        healthRows: memoryRowStore(),
        parties: { alive: () => Promise.reject(error) },
      });
    expect((await of(new CinnabarError('federation_unavailable')))[0]).toEqual({
      party: 'bank',
      state: 'down',
    });
    await expect(of(new RangeError('a defect'))).rejects.toThrow('a defect');
  });
});

describe('A4: reports of a training', () => {
  const report: TrainingReport = {
    state: 'running',
    version: '1',
    method: 'scorecard',
    parties: 3,
    trainingRows: 10,
    validationRows: 5,
    roundsMax: 40,
    history: [],
  };
  const { tenant } = caller.actor;
  const entry = (round: number) => [round, 600_000 - round, 610_000 - round] as const;

  async function desk() {
    const { coordinator, clock } = await startFederation();
    return { clock, audit: coordinator.audit, trainingRows: memoryRowStore() } as Parameters<
      typeof reportTraining
    >[0];
  }

  test('rounds are added, a stopped run goes on, and one that is over stays as it is', async () => {
    const deps = await desk();
    const say = (change: Partial<TrainingReport>, by = caller) =>
      reportTraining(deps, by, 'run-1', { ...report, ...change });
    const begun = await say({});
    await say({ history: [entry(1)] });
    await say({ state: 'stopped', history: [entry(1)] });
    await say({ history: [entry(1), entry(2)] });
    const modelHash = 'a'.repeat(64);
    const done = { state: 'finished', history: [entry(1), entry(2)], modelHash } as const;
    const over = await say(done);
    expect(over).toMatchObject({ startedAtMs: begun.startedAtMs, modelHash });
    expect(await say(done)).toEqual(over);
    await expect(say({})).rejects.toMatchObject({ code: 'training_run_over' });

    const page = await listTrainingRuns(deps, tenant, { limit: 10 });
    expect(page.items).toMatchObject([
      { id: 'run-1', state: 'finished', history: [entry(1), entry(2)] },
    ]);
    expect((await listTrainingRuns(deps, 'bank-b', { limit: 10 })).items).toEqual([]);
  });

  test('nobody else reports a run', async () => {
    const deps = await desk();
    await reportTraining(deps, caller, 'run-1', report);
    const other = { ...caller, actor: { ...caller.actor, id: 'somebody' } };
    await expect(reportTraining(deps, other, 'run-1', report)).rejects.toMatchObject({
      code: 'training_run_over',
    });
  });
});
