import { describe, expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { parseModel, parsePart, probabilityOf } from '../../../src/domain/federation/model.ts';
import { partialScores } from '../../../src/domain/federation/scoring.ts';
import { pickRows } from '../../../src/domain/federation/table.ts';
import { fitCentral } from '../../../src/domain/federation/training/central.ts';
import { rowsOf } from '../../../src/domain/federation/training/member.ts';
import {
  type TrainingCheckpoint,
  type TrainingInput,
  train,
} from '../../../src/domain/federation/training/train.ts';
import { inventData, trainingOf } from '../../helpers/federated-data.ts';
import { inventedModelHash } from './invented-model.ts';

const federated = await loadFederated();
const invented = inventData(700, 3);
const input = await trainingOf(invented);
const trained = await train(federated, input);

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => 'accepted',
    (reason) => reason,
  );
  return error instanceof Error && 'code' in error ? error.code : error;
}

describe('A4: federated training', () => {
  it('gives to the bit the model of one who sees all rows', () => {
    const tags = [...(input.parties[0]?.tags ?? [])].sort();
    const tables = input.parties.map(({ table, tags: own }) => pickRows(table, rowsOf(own, tags)));
    const order = rowsOf(input.parties[0]?.tags ?? [], tags);
    const labels = Uint8Array.from(order, (row) => input.labels.values[row] ?? 0);
    const isTraining = order.map((row) => input.labels.isTraining[row] ?? false);
    const plans = input.parties.map(({ plan }) => plan);
    const rounds = trained.model.training.bestRound;
    const central = fitCentral(
      federated,
      plans,
      { tables, labels, isTraining },
      { lambda: 5, rounds },
    );
    const sums = trained.parts.map((part, i) =>
      partialScores(federated, part, tables[i] as (typeof tables)[number]),
    );
    const ours = [...labels.keys()].map((row) => {
      const sum = sums.reduce((total, own) => total + (own[row] ?? 0n), 0n);
      return probabilityOf(federated, trained.model, sum) / 1e6;
    });
    expect(ours).toEqual([...central(tables)]);
  });

  it('is reproducible: the hash of this model is known', () => {
    expect(trained.model.hash).toBe(inventedModelHash);
  });

  it('the masks change every message and not the model', async () => {
    const other = await train(federated, await trainingOf(invented, 'other secrets'));
    expect(other.model).toEqual(trained.model);
    expect(other.traffic).toEqual(trained.traffic);
  });

  it('learns, and says how well on rows that it did not train on', () => {
    const { report, training, data } = trained.model;
    expect(data).toMatchObject({ trainingRows: 560, validationRows: 140 });
    expect(report.auc).toBeGreaterThan(600_000);
    const losses = training.history.map(([, , validation]) => validation);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    expect(Math.abs(report.meanPd - report.defaultRate)).toBeLessThan(1_000);
  });

  it('goes on after every round where it was cut off, to the same model', async () => {
    const states: TrainingCheckpoint[] = [];
    await train(federated, {
      ...input,
      checkpoint: async (state) => {
        states.push(JSON.parse(JSON.stringify(state)));
      },
    });
    expect(states.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const resume of states) {
      const again = await train(federated, { ...input, resume });
      expect(again.model.hash).toBe(trained.model.hash);
    }
  });

  it.each([4, 5])('runs with %i parties', async (parties) => {
    const { model, parts } = await train(federated, await trainingOf(inventData(500, parties)));
    expect(parts.length).toBe(parties);
    expect(model.report.auc).toBeGreaterThan(550_000);
  });

  it('only persons whom all know take part', async () => {
    const [a, b, c] = input.parties;
    if (!a || !b || !c) throw new Error('unreachable');
    const fewer = pickRows(
      b.table,
      b.tags.map((_, row) => row).filter((row) => row % 10 !== 0),
    );
    const tags = b.tags.filter((_, row) => row % 10 !== 0);
    const { model } = await train(federated, {
      ...input,
      parties: [a, { ...b, table: fewer, tags }, c],
    });
    expect(model.data.trainingRows + model.data.validationRows).toBe(630);
  });
});

describe('A4: what a training refuses', () => {
  const changed = (index: number, more: Partial<TrainingInput['parties'][number]>) => ({
    ...input,
    parties: input.parties.map((party, i) => (i === index ? { ...party, ...more } : party)),
  });

  it.each([
    ['two parties', { ...input, parties: input.parties.slice(0, 2) }, 'argument_invalid'],
    [
      'a protected column',
      { ...input, data: { ...input.data, protectedColumns: ['Y'] } },
      'argument_invalid',
    ],
    ['a short secret', changed(1, { secret: new Uint8Array(31) }), 'argument_invalid'],
    [
      'nobody in common',
      changed(2, { tags: input.parties[2]?.tags.map((t) => `${t}x`) ?? [] }),
      'data_invalid',
    ],
    [
      'labels all alike',
      { ...input, labels: { ...input.labels, values: input.labels.values.map(() => 1 as const) } },
      'data_invalid',
    ],
    [
      'a column that is absent',
      changed(1, { plan: [{ kind: 'number', name: 'z', value: 'Z', direction: 0 }] }),
      'data_invalid',
    ],
    [
      'a number that is none',
      changed(1, { plan: [{ kind: 'number', name: 'k', value: 'KIND', direction: 0 }] }),
      'data_invalid',
    ],
  ] as [string, TrainingInput, string][])('%s', async (_, broken, code) => {
    expect(await codeOf(train(federated, broken))).toBe(code);
  });
});

describe('A4: the bundle', () => {
  const copy = () => JSON.parse(JSON.stringify(trained.model));

  it('is read back, and any changed field is found', () => {
    expect(parseModel(copy())).toEqual(trained.model);
    expect(() => parseModel({ ...copy(), intercept: trained.model.intercept + 1 })).toThrow('hash');
    expect(() => parseModel({ ...copy(), extra: 1 })).toThrow('hash');
    for (const broken of [null, 1, {}, { ...copy(), parties: [{}] }]) {
      expect(() => parseModel(broken)).toThrow('no federated model');
    }
  });

  it('commits to the parts, which are not in it', () => {
    const part = JSON.parse(JSON.stringify(trained.parts[1]));
    expect(parsePart(part, trained.model)).toEqual(trained.parts[1]);
    part.features[0].points[1] += 1;
    expect(() => parsePart(part, trained.model)).toThrow('commits to another part');
    expect(() => parsePart({ ...part, features: [{}] }, trained.model)).toThrow('no part');
    const text = JSON.stringify(trained.model);
    expect(text).not.toContain('points');
    expect(text).not.toContain('edges');
  });
});
