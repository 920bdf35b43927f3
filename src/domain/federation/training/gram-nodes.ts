import { concatBytes } from '@noble/hashes/utils.js';
import { type Federated, FederationError } from '../../../core/federated.ts';
import { pointScaleBits } from '../word.ts';
import { assertBounded, type Block, createBlock, partOf } from './block.ts';
import { logOdds } from './calibrate.ts';
import { type CrossCounts, oneStep } from './gram-solve.ts';
import type { Outcome, RoundLoss } from './label-node.ts';
import { type Labels, labelledTags, type SplitLabels, splitLabels, sumScores } from './labels.ts';
import {
  arrived,
  type MemberInput,
  readTags,
  rowsOf,
  sender,
  splitRows,
  type TrainedPart,
  tagsBody,
} from './member.ts';
import { bytesOf, coordinatorId, int32sOf, type TrainingNode } from './messages.ts';
import { createPairMasks } from './pair-masks.ts';
import { createProducts, productsOf } from './products.ts';

// Training in one round: all parties' columns are multiplied with each other once, the label holder
// gets exact counts, makes all weights of them and gives each party its own.

export interface GramFeatureNode extends TrainingNode {
  finish(): TrainedPart;
}

export interface GramLabelNode extends TrainingNode {
  finish(): TrainedPart;
  outcome(): Outcome;
}

/** The last round, in which scores are summed. */
const scoreRound = 1;

/** A party without labels: it gives masked columns, counts of its own ones, and masked scores. */
export function createGramFeatureNode(federated: Federated, input: MemberInput): GramFeatureNode {
  const { id, members, tags } = input;
  const [label = ''] = members;
  const send = sender(id);
  const pairMasks = createPairMasks(federated, input);
  const products = createProducts(federated, input, pairMasks);
  let rows: readonly number[] | undefined;
  let block: Block | undefined;

  return {
    id,
    receive(message) {
      const { kind, from, body } = message;
      switch (kind) {
        case 'begin':
          return [send(coordinatorId, 'tags', 0, tagsBody(tags))];
        case 'persons':
          rows = rowsOf(tags, readTags(body));
          return [...pairMasks.seeds(), ...products.seeds()];
        case 'mask-seed':
          pairMasks.setSeed(from, body);
          return [];
        case 'split': {
          const persons = splitRows(arrived(rows), body);
          block = createBlock(federated, { ...input, persons }, input.options);
          const { signs, counts, bits, columns } = block;
          return [
            send(label, 'counts', 0, countsBody(signs, counts)),
            ...products.setColumns({ bits, count: columns }),
          ];
        }
        case 'weights': {
          const own = arrived(block);
          own.weights.set(readWeights(body, own.columns));
          const words = new BigUint64Array(own.scores().buffer);
          pairMasks.hideScores(words, scoreRound);
          return [send(label, 'scores', scoreRound, bytesOf(words))];
        }
        default:
          return products.receive(message);
      }
    },
    finish: () => partOf(arrived(block)),
  };
}

/** The party with the labels. Of the others it gets to know counts of columns, and one sum of scores. */
export function createGramLabelNode(
  federated: Federated,
  input: MemberInput & { readonly labels: Labels },
): GramLabelNode {
  const { id, members, tags, labels, options } = input;
  const holders = members.slice(1);
  const send = sender(id);
  const workspace = federated.openWorkspace();
  const pairMasks = createPairMasks(federated, input);
  const products = createProducts(federated, input, pairMasks);
  const shares = new Map<string, Int32Array[]>();
  const counted = new Map<string, { readonly signs: Int8Array; readonly counts: Int32Array }>();
  const scores = new Map<string, Uint8Array>();
  let rows: readonly number[] | undefined;
  let block: Block | undefined;
  let y: SplitLabels = { train: new Uint8Array(), validation: new Uint8Array() };
  let intercept = 0;
  let outcome: Outcome | undefined;

  function begin(body: Uint8Array) {
    rows = rowsOf(tags, readTags(body));
    const known = splitLabels(labels, rows);
    y = known.y;
    block = createBlock(federated, { ...input, persons: known.persons }, options);
    return [
      ...holders.map((holder) => send(holder, 'split', 0, known.split)),
      ...products.seeds(),
      ...products.setColumns(withLabels(block, y.train)),
    ];
  }

  function hold() {
    const all = productsOf(members);
    const isWhole = all.every((product) => shares.get(keyOf(product))?.length === 2);
    if (!isWhole || counted.size < holders.length) return [];
    const own = arrived(block);
    const parties = [{ signs: own.signs, counts: own.counts }, ...holders.map(countsOf)];
    const counts = assemble(parties, own, y.train, (left, right) => sumOf(left, right));
    const { weights, ...found } = oneStep(federated, counts, options.lambda);
    assertBounded(weights);
    intercept = found.intercept;
    let from = own.columns;
    own.weights.set(weights.subarray(0, from));
    return holders.map((holder, i) => {
      const size = parties[i + 1]?.signs.length ?? 0;
      const part = weights.slice(from, from + size);
      from += size;
      return send(holder, 'weights', 0, new Uint8Array(part.buffer));
    });
  }

  const countsOf = (holder: string) => arrived(counted.get(holder));
  const sumOf = (left: number, right: number) => {
    const [a, b] = shares.get(keyOf({ left, right })) ?? [];
    return arrived(a).map((word, i) => word + (b?.[i] ?? 0));
  };

  function close() {
    if (scores.size < holders.length) return [];
    const z = sumScores(federated, arrived(block).scores(), scores.values());
    const trained = y.train.length;
    const sums = { train: z.slice(0, trained), validation: z.slice(trained) };
    const lossOf = (round: number, line: { slope: number; intercept: number }): RoundLoss => ({
      round,
      train: workspace.logLoss(sums.train, y.train, line),
      validation: workspace.logLoss(sums.validation, y.validation, line),
    });
    outcome = {
      intercept,
      bestRound: scoreRound,
      history: [
        lossOf(0, { slope: 0, intercept: logOdds(federated, y.train) }),
        lossOf(scoreRound, { slope: 2 ** -pointScaleBits, intercept }),
      ],
      train: { z: sums.train, labels: y.train },
      validation: { z: sums.validation, labels: y.validation },
    };
    return [];
  }

  return {
    id,
    receive(message) {
      const { kind, from, body } = message;
      switch (kind) {
        case 'begin':
          return [send(coordinatorId, 'tags', 0, tagsBody(labelledTags(tags, labels)))];
        case 'persons':
          return begin(body);
        case 'counts':
          counted.set(from, readCounts(body));
          return hold();
        case 'share': {
          const key = keyOf({ left: body[0] ?? 0, right: body[1] ?? 0 });
          shares.set(key, [...(shares.get(key) ?? []), int32sOf(body.subarray(2))]);
          return hold();
        }
        case 'scores':
          scores.set(from, body);
          return close();
        default:
          return products.receive(message);
      }
    },
    finish: () => partOf(arrived(block)),
    outcome: () => arrived(outcome),
  };
}

const keyOf = ({ left, right }: { readonly left: number; readonly right: number }) =>
  `${left}/${right}`;

/** The own columns and, as one more, the labels. */
function withLabels({ bits, columns }: Block, labels: Uint8Array) {
  const count = columns + 1;
  const both = new Uint8Array(labels.length * count);
  for (const [row, label] of labels.entries()) {
    both.set(bits.subarray(row * columns, (row + 1) * columns), row * count);
    both[row * count + columns] = label;
  }
  return { bits: both, count };
}

/** Puts the counts of every two parties in their places in one symmetric table. */
function assemble(
  parties: readonly { readonly signs: Int8Array; readonly counts: Int32Array }[],
  own: Block,
  labels: Uint8Array,
  sumOf: (left: number, right: number) => Int32Array,
): CrossCounts {
  const sizes = parties.map(({ signs }) => signs.length);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const columns = sizes.reduce((sum, size) => sum + size, 0);
  const counts = new Int32Array(columns * columns);
  const withLabel = new Int32Array(columns);
  withLabel.set(own.gradientOf(Int32Array.from(labels)));
  const put = (left: number, right: number, block: Int32Array) => {
    const [from, to, width] = [starts[left] ?? 0, starts[right] ?? 0, sizes[right] ?? 0];
    for (let c = 0; c < (sizes[left] ?? 0); c++) {
      for (let d = 0; d < width; d++) {
        const both = block[c * width + d] ?? 0;
        counts[(from + c) * columns + to + d] = both;
        counts[(to + d) * columns + from + c] = both;
      }
    }
  };
  for (const [left, { counts: local }] of parties.entries()) {
    put(left, left, local);
    for (let right = left + 1; right < parties.length; right++) {
      const product = sumOf(left, right);
      put(left, right, product);
      // The label holder's last column is the labels.
      if (left === 0) withLabel.set(product.subarray(-(sizes[right] ?? 0)), starts[right]);
    }
  }
  const signs = new Int8Array(columns);
  for (const [party, { signs: local }] of parties.entries()) signs.set(local, starts[party]);
  return { rows: labels.length, counts, withLabel, labels, signs };
}

function countsBody(signs: Int8Array, counts: Int32Array): Uint8Array {
  return concatBytes(
    bytesOf(Uint32Array.of(signs.length)),
    bytesOf(counts),
    new Uint8Array(signs.slice().buffer),
  );
}

/** @throws FederationError `message_invalid` */
function readCounts(body: Uint8Array) {
  const columns = int32sOf(body.subarray(0, 4))[0] ?? 0;
  const end = 4 + 4 * columns * columns;
  if (body.length !== end + columns) {
    throw new FederationError('message_invalid', 'counts of another length');
  }
  const signs = Int8Array.from(body.subarray(end), (byte) => (byte << 24) >> 24);
  return { signs, counts: int32sOf(body.subarray(4, end)) };
}

/** @throws FederationError `message_invalid` */
function readWeights(body: Uint8Array, columns: number): Float64Array {
  if (body.length !== 8 * columns) {
    throw new FederationError('message_invalid', 'weights of another length');
  }
  return new Float64Array(body.slice().buffer);
}
