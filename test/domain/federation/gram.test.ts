import { describe, expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { probabilityOf } from '../../../src/domain/federation/model.ts';
import { partialScores } from '../../../src/domain/federation/scoring.ts';
import { pickRows } from '../../../src/domain/federation/table.ts';
import { createBlock } from '../../../src/domain/federation/training/block.ts';
import { rowsOf } from '../../../src/domain/federation/training/member.ts';
import {
  coordinatorId,
  deliver,
  int32sOf,
  type TrainingMessage,
  type TrainingNode,
} from '../../../src/domain/federation/training/messages.ts';
import {
  createPairMasks,
  type PairMasks,
} from '../../../src/domain/federation/training/pair-masks.ts';
import {
  type Columns,
  createProducts,
  productsOf,
} from '../../../src/domain/federation/training/products.ts';
import { deriveKey, maskInts } from '../../../src/domain/federation/training/seeds.ts';
import { type TrainingInput, train } from '../../../src/domain/federation/training/train.ts';
import { inventData, trainingOf } from '../../helpers/federated-data.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';
import { inventedGramModelHash } from './invented-model.ts';

const federated = await loadFederated();
const lambda = 5;

function inOneRound(input: TrainingInput): TrainingInput {
  return { ...input, options: { lambda, method: 'gram' } };
}

const invented = inventData(700, 3);
const input = inOneRound(await trainingOf(invented));
const trained = await train(federated, input);

/** The rows of all parties in one place, in the common order. */
function together({ parties, labels }: TrainingInput) {
  const tags = [...(parties[0]?.tags ?? [])].sort();
  const order = rowsOf(parties[0]?.tags ?? [], tags);
  return {
    tables: parties.map(({ table, tags: own }) => pickRows(table, rowsOf(own, tags))),
    labels: order.map((row) => labels.values[row] ?? 0),
    isTraining: order.map((row) => labels.isTraining[row] ?? false),
  };
}

/** Solves h x = g by elimination. */
function solve(h: number[][], g: number[]): number[] {
  const rows = h.map((row, c) => [...row, g[c] ?? 0]);
  for (const [c, pivot] of rows.entries()) {
    for (const [r, row] of rows.entries()) {
      if (r === c) continue;
      const factor = (row[c] ?? 0) / (pivot[c] ?? 1);
      for (let d = c; d < row.length; d++) row[d] = (row[d] ?? 0) - factor * (pivot[d] ?? 0);
    }
  }
  return rows.map((row, c) => (row.at(-1) ?? 0) / (row[c] ?? 1));
}

/** The same model by one who sees all rows, with textbook arithmetic: logits of the training rows. */
function ridgeLogits(): { readonly rows: readonly number[]; readonly logits: readonly number[] } {
  const { tables, labels, isTraining } = together(input);
  const rows = [...labels.keys()].filter((row) => isTraining[row]);
  const blocks = input.parties.map(({ plan }, i) =>
    createBlock(
      federated,
      {
        plan,
        table: tables[i] as (typeof tables)[number],
        persons: { train: rows, validation: [] },
      },
      { lambda, step: 1 },
    ),
  );
  const x = rows.map((_, r) =>
    blocks.flatMap(({ bits, columns }) => [...bits.subarray(r * columns, (r + 1) * columns)]),
  );
  const size = x[0]?.length ?? 0;
  const average = (of: readonly number[]) => of.reduce((sum, v) => sum + v, 0) / of.length;
  const means = Array.from({ length: size }, (_, c) => average(x.map((row) => row[c] ?? 0)));
  const centred = x.map((row) => row.map((v, c) => v - (means[c] ?? 0)));
  const p = average(rows.map((row) => labels[row] ?? 0));
  const h = means.map((_, c) =>
    means.map(
      (__, d) =>
        p * (1 - p) * centred.reduce((sum, row) => sum + (row[c] ?? 0) * (row[d] ?? 0), 0) +
        (c === d ? lambda : 0),
    ),
  );
  const g = means.map((_, c) =>
    centred.reduce((sum, row, r) => sum + (row[c] ?? 0) * ((labels[rows[r] ?? 0] ?? 0) - p), 0),
  );
  const weights = solve(h, g);
  const logits = centred.map(
    (row) => Math.log(p / (1 - p)) + row.reduce((sum, v, c) => sum + v * (weights[c] ?? 0), 0),
  );
  return { rows, logits };
}

describe('A4: training in one round', () => {
  it('gives the ridge model of one who sees all rows', () => {
    const { tables } = together(input);
    const sums = trained.parts.map((part, i) =>
      partialScores(federated, part, tables[i] as (typeof tables)[number]),
    );
    const { rows, logits } = ridgeLogits();
    const ours = rows.map((row) => {
      const sum = sums.reduce((total, own) => total + Number(own[row] ?? 0n), 0);
      return (sum + trained.model.intercept) / 2 ** 20;
    });
    const furthest = Math.max(...ours.map((value, i) => Math.abs(value - (logits[i] ?? 0))));
    expect(furthest).toBeLessThan(1e-4);
  });

  it('is reproducible: the hash of this model is known, whatever the masks were', async () => {
    expect(trained.model.method).toBe('gram');
    expect(trained.model.hash).toBe(inventedGramModelHash);
    const other = await train(federated, inOneRound(await trainingOf(invented, 'other secrets')));
    expect(other.model).toEqual(trained.model);
    expect(other.traffic).toEqual(trained.traffic);
  });

  it('learns in one round, calibrated on rows that it did not train on', async () => {
    const { report, training } = trained.model;
    const inRounds = await train(federated, await trainingOf(invented));
    expect(report.auc).toBeGreaterThan(inRounds.model.report.auc - 20_000);
    expect(Math.abs(report.meanPd - report.defaultRate)).toBeLessThan(1_000);
    const [[, , before] = [], [, , after] = []] = training.history;
    expect(after).toBeLessThan(before ?? 0);
    expect(trained.traffic.scores?.messages).toBe(2);
    expect(probabilityOf(federated, trained.model, 0n)).toBeGreaterThan(0);
  });

  it('points follow the direction of a feature', async () => {
    const risky = {
      ...input,
      parties: input.parties.map((party) => ({
        ...party,
        // The risk rises with X in truth, so a model under the other sign has no points for it.
        plan: [{ kind: 'number' as const, name: 'x', value: 'X', direction: -1 as const }],
      })),
    };
    const { parts } = await train(federated, {
      ...risky,
      parties: risky.parties.map((party, i) =>
        i === 0 ? { ...party, plan: input.parties[0]?.plan ?? [] } : party,
      ),
    });
    for (const part of parts.slice(1)) {
      const points = part.features[0]?.points.slice(0, -1) ?? [];
      expect(points).toEqual([...points].sort((a, b) => b - a));
    }
  });

  it.each([4, 5])('runs with %i parties', async (parties) => {
    const more = await trainingOf(inventData(500, parties));
    const { model, parts } = await train(federated, inOneRound(more));
    expect(parts.length).toBe(parties);
    expect(model.report.auc).toBeGreaterThan(550_000);
  });

  it('cannot be resumed', async () => {
    const resume = { round: 0, label: {} as never, holders: {} };
    await expect(train(federated, { ...input, resume })).rejects.toMatchObject({
      code: 'argument_invalid',
    });
  });
});

const rows = 90;

/** The products of these columns, with every message and the shares as the first member gets them. */
function multiply(
  columns: readonly Columns[],
  secrets: readonly Uint8Array[],
  hideShare?: PairMasks['hideShare'],
) {
  const members = columns.map((_, i) => `n${i}`);
  const sent: TrainingMessage[] = [];
  const shares: TrainingMessage[] = [];
  const parties = members.map((id, i) => {
    const input = { id, members, secret: secrets[i] ?? new Uint8Array(32) };
    const masks = createPairMasks(federated, input);
    const pairMasks = { ...masks, hideShare: hideShare ?? masks.hideShare };
    return { id, pairMasks, products: createProducts(federated, input, pairMasks) };
  });
  const nodes = new Map<string, TrainingNode>(
    parties.map(({ id, pairMasks, products }, i) => [
      id,
      {
        id,
        receive(message) {
          sent.push(message);
          if (message.kind === 'share') shares.push(message);
          else if (message.kind === 'mask-seed') pairMasks.setSeed(message.from, message.body);
          else if (message.from !== coordinatorId) return products.receive(message);
          else return products.setColumns(columns[i] as Columns);
          return [];
        },
      },
    ]),
  );
  const start = parties.flatMap(({ pairMasks, products }) => [
    ...pairMasks.seeds(),
    ...products.seeds(),
  ]);
  const columnsKnown = members.map(
    (to): TrainingMessage => ({
      kind: 'split',
      from: coordinatorId,
      to,
      round: 0,
      body: new Uint8Array(),
    }),
  );
  deliver(nodes, [...start, ...columnsKnown], {});
  const sharesOf = (left: number, right: number) =>
    shares
      .filter(({ body }) => body[0] === left && body[1] === right)
      .map(({ body }) => int32sOf(body.subarray(2)));
  return { sent, sharesOf };
}

describe('A3: products of the columns of two nodes', () => {
  const random = seededRandom(31);
  const sizes = [5, 3, 8, 4];
  const columns = sizes.map((count) => ({
    count,
    bits: random.bytes(rows * count).map((byte) => byte & 1),
  }));
  const secrets = sizes.map(() => random.bytes(32));
  const first = multiply(columns, secrets);

  function plain(left: number, right: number): number[] {
    const [a, b] = [columns[left], columns[right]] as [Columns, Columns];
    return Array.from({ length: a.count * b.count }, (_, at) => {
      const [c, d] = [Math.floor(at / b.count), at % b.count];
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        sum += (a.bits[r * a.count + c] ?? 0) * (b.bits[r * b.count + d] ?? 0);
      }
      return sum;
    });
  }

  it.each(productsOf(['n0', 'n1', 'n2', 'n3']))(
    'of $left and $right, dealt by $dealer, are exact',
    ({ left, right, dealer }) => {
      expect([`n${left}`, `n${right}`]).not.toContain(dealer);
      const [a, b] = first.sharesOf(left, right);
      expect([...(a ?? [])].map((word, i) => (word + (b?.[i] ?? 0)) | 0)).toEqual(
        plain(left, right),
      );
    },
  );

  it('the label holder, which deals for two others, gets of them the sum and nothing else', () => {
    // The masks of those two change, and nothing that the label holder knows.
    const others = secrets.map((secret, i) => (i === 0 ? secret : random.bytes(32)));
    const second = multiply(columns, others);
    const [a, b] = first.sharesOf(1, 2);
    const [c, d] = second.sharesOf(1, 2);
    expect((a ?? []).map((word, i) => word + (b?.[i] ?? 0))).toEqual(
      (c ?? []).map((word, i) => word + (d?.[i] ?? 0)),
    );
    const same = (x?: Int32Array, y?: Int32Array) =>
      [...(x ?? [])].filter((word, i) => word === y?.[i]).length;
    expect([same(a, c), same(b, d)]).toEqual([0, 0]);
  });

  it('a broken build is seen: without the mask of the two, the dealer reads equations of a column', () => {
    const [left, right] = [1, 2];
    const seed = deriveKey(secrets[0] as Uint8Array, 'deal', left, right, left);
    const other = deriveKey(secrets[0] as Uint8Array, 'deal', left, right, right);
    const workspace = federated.openWorkspace();
    const [x, y] = [columns[left], columns[right]] as [Columns, Columns];
    const a = workspace.masks(deriveKey(seed, 'columns'), rows, x.count);
    const b = workspace.masks(deriveKey(other, 'columns'), rows, y.count);
    const dealt = maskInts(federated, seed, x.count * y.count, 'product');
    const product = workspace.cross(a, b);
    /** A'Y, if the share is A'(Y - B) and what was dealt. */
    const read = ([share]: Int32Array[]) =>
      [...(share ?? [])].map((word, i) => (word - (dealt[i] ?? 0) + (product[i] ?? 0)) | 0);
    const secret = [...workspace.cross(a, workspace.columns(y.bits, y.count))];
    const unmasked = multiply(columns, secrets, (share) => Int32Array.from(share));
    expect(read(unmasked.sharesOf(left, right))).toEqual(secret);
    expect(read(first.sharesOf(left, right))).not.toEqual(secret);
  });

  it('nothing that travels shows a column, or has a byte more often than chance', () => {
    const counts = new Uint32Array(256);
    let total = 0;
    for (const { kind, body } of first.sent) {
      if (kind !== 'hidden' && kind !== 'dealt') continue;
      for (const byte of body.subarray(kind === 'hidden' ? 6 : 2)) {
        counts[byte] = (counts[byte] ?? 0) + 1;
        total++;
      }
    }
    const expected = total / 256;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: beyond 350 once in 10^4.
    expect(chi).toBeLessThan(350);
  });

  it('a message of another shape is refused', () => {
    const products = createProducts(
      federated,
      { id: 'n1', members: ['n0', 'n1', 'n2'], secret: secrets[0] ?? new Uint8Array(32) },
      createPairMasks(federated, { id: 'n1', members: [], secret: new Uint8Array(32) }),
    );
    const message = { kind: 'hidden', from: 'n0', to: 'n1', round: 0 } as const;
    expect(() => products.receive({ ...message, body: Uint8Array.of(7, 9) })).toThrow('turn');
    products.receive({ ...message, kind: 'product-seed', body: new Uint8Array(34).fill(1, 1, 2) });
    products.setColumns(columns[1] as Columns);
    products.receive({ ...message, kind: 'dealt', body: Uint8Array.of(0, 1, 9, 9, 9, 9) });
    expect(() =>
      products.receive({ ...message, body: Uint8Array.of(0, 1, 4, 0, 0, 0, 1, 2, 3, 4) }),
    ).toThrow('numbers instead of');
  });
});
