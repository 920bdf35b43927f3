import {
  type Federated,
  FederationError,
  type Matrix,
  type Workspace,
} from '../../../core/federated.ts';
import { pointScaleBits } from '../word.ts';
import { type Block, createBlock, partOf } from './block.ts';
import { logOdds } from './calibrate.ts';
import { residualsBody } from './feature-node.ts';
import { type Labels, labelledTags, type SplitLabels, splitLabels, sumScores } from './labels.ts';
import {
  arrived,
  dealerOf,
  type MemberInput,
  type NodeCheckpoint,
  type Persons,
  readTags,
  rowsOf,
  sender,
  type TrainedPart,
  tagsBody,
} from './member.ts';
import { coordinatorId, int32sOf, type TrainingMessage, type TrainingNode } from './messages.ts';
import { maskInts } from './seeds.ts';

/** Mean loss per person, in nats, of the weights with which a round began. */
export interface RoundLoss {
  readonly round: number;
  readonly train: number;
  readonly validation: number;
}

export interface LabelCheckpoint extends NodeCheckpoint {
  readonly intercept: number;
  readonly bestRound: number;
  readonly bestIntercept: number;
  readonly history: readonly RoundLoss[];
}

/** What the label holder knows of the best round: sums of scores and labels, row by row. */
export interface Outcome {
  readonly intercept: number;
  readonly history: readonly RoundLoss[];
  readonly bestRound: number;
  readonly train: { readonly z: BigInt64Array; readonly labels: Uint8Array };
  readonly validation: { readonly z: BigInt64Array; readonly labels: Uint8Array };
}

export interface StopRule {
  readonly roundsMax: number;
  /** Rounds without a better validation loss after which the training ends. */
  readonly patience: number;
}

/** The party that holds the labels, and features of its own. It decides when to stop. */
export interface LabelNode extends TrainingNode {
  /** Set after a round: the loss before its step. */
  readonly history: readonly RoundLoss[];
  readonly isDone: () => boolean;
  finish(): TrainedPart;
  outcome(): Outcome;
  save(): LabelCheckpoint;
  restore(checkpoint: LabelCheckpoint): void;
}

const zScale = 2 ** -pointScaleBits;
/** Residuals are multiples of 2^-15; of more rows coarser, so that a column's sum stays below 2^31. */
const residualBitsMax = 15;

export function createLabelNode(
  federated: Federated,
  input: MemberInput & { readonly labels: Labels; readonly stop: StopRule },
): LabelNode {
  const { id, members, tags, labels, stop, options } = input;
  const holders = members.slice(1);
  const send = sender(id);
  const workspace = federated.openWorkspace();
  const hidden = new Map<string, Matrix>();
  const seeds = new Map<string, Uint8Array>();
  const inbox = { scores: new Map<string, Uint8Array>(), dealt: new Map<string, Uint8Array>() };
  let rows: readonly number[] | undefined;
  let persons: Persons | undefined;
  let block: Block | undefined;
  let y: SplitLabels = { train: new Uint8Array(), validation: new Uint8Array() };
  let intercept = 0;
  let history: RoundLoss[] = [];
  let best = { round: -1, intercept: 0, weights: new Float64Array() };
  let isDone = false;
  let finalScores: BigInt64Array | undefined;

  function announceSplit(): TrainingMessage[] {
    const known = splitLabels(labels, arrived(rows));
    persons = known.persons;
    y = known.y;
    block = createBlock(federated, { ...input, persons }, options);
    intercept = logOdds(federated, y.train);
    return holders.map((holder) => send(holder, 'split', 0, known.split));
  }

  /** Scores of all parties together, once all have come. */
  function allScores(): BigInt64Array<ArrayBuffer> {
    return sumScores(federated, arrived(block).scores(), inbox.scores.values());
  }

  function closeRound(round: number): TrainingMessage[] {
    const z = allScores();
    inbox.scores.clear();
    const trained = y.train.length;
    const line = { slope: zScale, intercept };
    const loss = {
      round,
      train: workspace.logLoss(z.subarray(0, trained), y.train, line),
      validation: workspace.logLoss(z.subarray(trained), y.validation, line),
    };
    const least = Math.min(...history.map(({ validation }) => validation));
    history = [...history, loss];
    const isBest = loss.validation < least;
    if (isBest) best = { round, intercept, weights: arrived(block).weights.slice() };
    isDone = round >= stop.roundsMax || round - best.round >= stop.patience;
    if (isDone) return endTraining(round + 1, isBest);
    return step(round, z.subarray(0, trained), isBest);
  }

  /** All go back to the best round and send its scores once more. */
  function endTraining(round: number, isBest: boolean): TrainingMessage[] {
    arrived(block).weights.set(best.weights);
    return holders.map((holder) => send(holder, 'stop', round, Uint8Array.of(isBest ? 1 : 0)));
  }

  /** One step of all blocks and the intercept at once. */
  function step(round: number, z: BigInt64Array, isBest: boolean): TrainingMessage[] {
    const bits = residualBits(z.length);
    const line = { slope: zScale, intercept, scale: 2 ** bits };
    const { values, sum } = workspace.residuals(z, y.train, line);
    const messages = holders.map((holder) => {
      const mask = maskInts(federated, arrived(seeds.get(holder)), z.length, 'residuals', round);
      const shown = values.map((value, row) => value - (mask[row] ?? 0));
      const dealt = int32sOf(arrived(inbox.dealt.get(holder)));
      const product = workspace.transposed(arrived(hidden.get(holder)), values);
      // The rows of the hidden matrix are padded; what was dealt has the length of the columns.
      const share = dealt.map((x, c) => x + (product[c] ?? 0));
      return send(holder, 'residuals', round, residualsBody(isBest, bits, shown, share));
    });
    inbox.dealt.clear();
    const own = arrived(block);
    own.advance(own.gradientOf(values), bits);
    // The curvature of the intercept is at most a quarter per row.
    intercept -= (options.step * 4 * Number(sum)) / 2 ** bits / z.length;
    return messages;
  }

  function hold(kind: 'scores' | 'dealt', from: string, message: TrainingMessage) {
    inbox[kind].set(from, message.body);
    if (isDone && inbox.scores.size === holders.length) {
      finalScores = allScores();
      return [];
    }
    const isWhole = inbox.scores.size === holders.length && inbox.dealt.size === holders.length;
    return isWhole ? closeRound(message.round) : [];
  }

  return {
    id,
    get history() {
      return history;
    },
    isDone: () => isDone,
    receive(message) {
      const { kind, from, body } = message;
      switch (kind) {
        case 'begin':
          return [send(coordinatorId, 'tags', 0, tagsBody(labelledTags(tags, labels)))];
        case 'persons':
          rows = rowsOf(tags, readTags(body));
          return announceSplit();
        case 'product-seed':
          seeds.set(servedBy(members, from), body);
          return [];
        case 'hidden':
          hidden.set(from, loadHidden(workspace, body, y.train.length));
          return [];
        case 'scores':
          return hold('scores', from, message);
        case 'dealt':
          return hold('dealt', servedBy(members, from), message);
        default:
          throw new FederationError('message_invalid', 'not a message for the label holder');
      }
    },
    finish: () => partOf(arrived(block)),
    outcome() {
      const z = arrived(finalScores);
      const trained = y.train.length;
      return {
        intercept: best.intercept,
        history,
        bestRound: best.round,
        train: { z: z.slice(0, trained), labels: y.train },
        validation: { z: z.slice(trained), labels: y.validation },
      };
    },
    save: () => ({
      weights: [...arrived(block).weights],
      best: [...best.weights],
      bestRound: best.round,
      bestIntercept: best.intercept,
      intercept,
      history,
    }),
    restore(checkpoint) {
      arrived(block).weights.set(checkpoint.weights);
      intercept = checkpoint.intercept;
      best = {
        round: checkpoint.bestRound,
        intercept: checkpoint.bestIntercept,
        weights: Float64Array.from(checkpoint.best),
      };
      history = [...checkpoint.history];
    },
  };
}

function servedBy(members: readonly string[], dealer: string): string {
  return arrived(members.slice(1).find((holder) => dealerOf(members, holder) === dealer));
}

function loadHidden(workspace: Workspace, body: Uint8Array, rows: number): Matrix {
  const words = int32sOf(body);
  return workspace.load(words, rows, words.length / rows);
}

function residualBits(rows: number): number {
  return Math.min(residualBitsMax, 30 - (32 - Math.clz32(rows - 1)));
}
