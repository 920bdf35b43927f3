import { utf8ToBytes } from '@noble/hashes/utils.js';
import { type Federated, FederationError } from '../../../core/federated.ts';
import { sourcesOf } from '../features.ts';
import { intersect } from '../join.ts';
import { calibrationOf, metricsOf, rocOf } from '../metrics.ts';
import {
  commitmentOf,
  type FederatedModel,
  hashModel,
  type ModelPart,
  type ModelReport,
  modelFormat,
  probabilityOf,
} from '../model.ts';
import { pointScaleBits } from '../word.ts';
import { calibrate, type Line } from './calibrate.ts';
import { createFeatureNode, type FeatureNode } from './feature-node.ts';
import { createGramFeatureNode, createGramLabelNode } from './gram-nodes.ts';
import {
  createLabelNode,
  type LabelCheckpoint,
  type LabelNode,
  type Outcome,
  type RoundLoss,
} from './label-node.ts';
import type { Labels } from './labels.ts';
import {
  type MemberInput,
  type NodeCheckpoint,
  readTags,
  sender,
  type TrainedPart,
  type TrainingParty,
} from './member.ts';
import {
  coordinatorId,
  deliver,
  type Traffic,
  type TrainingMessage,
  type TrainingNode,
} from './messages.ts';
import { sealPart } from './part.ts';

export const trainingMethods = ['scorecard', 'gram'] as const;
/** In rounds until the validation loss no longer falls, or in one round from exact cross counts. */
export type TrainingMethod = (typeof trainingMethods)[number];

export interface TrainingOptions {
  readonly method: TrainingMethod;
  /** Ridge penalty. */
  readonly lambda: number;
  readonly roundsMax: number;
  /** Rounds without a better validation loss after which the training ends. */
  readonly patience: number;
}

export const trainingDefaults: TrainingOptions = {
  method: 'scorecard',
  lambda: 100,
  roundsMax: 40,
  patience: 4,
};

export interface TrainingInput {
  readonly parties: readonly TrainingParty[];
  readonly labels: Labels;
  readonly options?: Partial<TrainingOptions>;
  readonly version: string;
  readonly data: {
    readonly name: string;
    readonly protectedColumns: readonly string[];
  };
  /** Hears of every round. */
  readonly progress?: (loss: RoundLoss) => void;
  /** Takes up where a training of the same data, options and secrets was cut off. */
  readonly resume?: TrainingCheckpoint;
  /** Hears the state after every round. Every entry is that party's secret. */
  readonly checkpoint?: (state: TrainingCheckpoint) => Promise<void>;
}

export interface TrainingCheckpoint {
  readonly round: number;
  readonly label: LabelCheckpoint;
  readonly holders: Readonly<Record<string, NodeCheckpoint>>;
}

export interface TrainedModel {
  readonly model: FederatedModel;
  readonly parts: readonly ModelPart[];
  readonly traffic: Traffic;
}

/** What both methods leave behind. */
interface Nodes {
  readonly label: { finish(): TrainedPart; outcome(): Outcome };
  readonly holders: readonly { finish(): TrainedPart }[];
}

/**
 * Trains the monotone scorecard over nodes that exchange messages only.
 *
 * @throws FederationError `data_invalid`, `argument_invalid`, `training_failed`
 */
export async function train(federated: Federated, input: TrainingInput): Promise<TrainedModel> {
  assertInput(input);
  const options = { ...trainingDefaults, ...input.options };
  const traffic: Traffic = {};
  const run = options.method === 'gram' ? trainOnce : trainInRounds;
  const nodes = await run(federated, input, options, traffic);
  return { ...bundle(federated, input, options, nodes), traffic };
}

async function trainInRounds(
  federated: Federated,
  input: TrainingInput,
  options: TrainingOptions,
  traffic: Traffic,
): Promise<Nodes> {
  const [first, others] = membersOf(input, options);
  const label = createLabelNode(federated, { ...first, labels: input.labels, stop: options });
  const holders = others.map((party) => createFeatureNode(federated, party));
  const toAll = startedNodes([label, ...holders], traffic);
  let round = 0;
  if (input.resume) {
    restore(input.resume, label, holders);
    round = input.resume.round + 1;
  }
  for (; !label.isDone(); round++) {
    toAll(
      'round',
      round,
      holders.map(({ id }) => id),
    );
    const last = label.history.at(-1);
    if (last) input.progress?.(last);
    if (!label.isDone()) await input.checkpoint?.(checkpointOf(round, label, holders));
  }
  return { label, holders };
}

/** Everything is a consequence of the start; nothing of it is worth a checkpoint. */
async function trainOnce(
  federated: Federated,
  input: TrainingInput,
  options: TrainingOptions,
  traffic: Traffic,
): Promise<Nodes> {
  if (input.resume) {
    throw new FederationError('argument_invalid', 'a training in one round is not resumed');
  }
  const [first, others] = membersOf(input, options);
  const label = createGramLabelNode(federated, { ...first, labels: input.labels });
  const holders = others.map((party) => createGramFeatureNode(federated, party));
  startedNodes([label, ...holders], traffic);
  for (const loss of label.outcome().history) input.progress?.(loss);
  return { label, holders };
}

/** What the label holder and the others are told before the training. */
function membersOf(
  input: TrainingInput,
  { lambda }: TrainingOptions,
): readonly [MemberInput, readonly MemberInput[]] {
  const members = input.parties.map(({ id }) => id);
  // One block a party and the intercept.
  const options = { lambda, step: 1 / (members.length + 1) };
  const [first, ...others] = input.parties.map((party) => ({ ...party, members, options }));
  if (first === undefined) throw new FederationError('argument_invalid', 'there is no party');
  return [first, others];
}

/** Begins with all nodes and gives what sends a message of the coordinator to some. */
function startedNodes(members: readonly TrainingNode[], traffic: Traffic) {
  const nodes = new Map(members.map((node) => [node.id, node]));
  const ids = [...nodes.keys()];
  nodes.set(coordinatorId, coordinator(ids));
  const send = sender(coordinatorId);
  const toAll = (kind: TrainingMessage['kind'], round: number, to: readonly string[]) =>
    deliver(
      nodes,
      to.map((id) => send(id, kind, round, new Uint8Array())),
      traffic,
    );
  toAll('begin', 0, ids);
  return toAll;
}

/** Intersects the tags of the nodes and gives them the common order. */
function coordinator(members: readonly string[]): TrainingNode {
  const lists = new Map<string, string[]>();
  const send = sender(coordinatorId);
  return {
    id: coordinatorId,
    receive({ kind, from, body }) {
      if (kind !== 'tags') throw new FederationError('message_invalid', 'not for the coordinator');
      lists.set(from, readTags(body));
      if (lists.size < members.length) return [];
      const persons = intersect([...lists.values()]);
      if (persons.length === 0) {
        throw new FederationError('data_invalid', 'no person is known to all parties');
      }
      const order = utf8ToBytes(persons.join('\n'));
      return members.map((member) => send(member, 'persons', 0, order));
    },
  };
}

function checkpointOf(
  round: number,
  label: LabelNode,
  holders: readonly FeatureNode[],
): TrainingCheckpoint {
  const saved = holders.map((holder) => [holder.id, holder.save()] as const);
  return { round, label: label.save(), holders: Object.fromEntries(saved) };
}

function restore(
  checkpoint: TrainingCheckpoint,
  label: LabelNode,
  holders: readonly FeatureNode[],
): void {
  label.restore(checkpoint.label);
  for (const holder of holders) {
    const saved = checkpoint.holders[holder.id];
    if (saved === undefined) {
      throw new FederationError('argument_invalid', 'the checkpoint is of other parties');
    }
    holder.restore(saved);
  }
}

function bundle(
  federated: Federated,
  input: TrainingInput,
  options: TrainingOptions,
  { label, holders }: Nodes,
): Pick<TrainedModel, 'model' | 'parts'> {
  const outcome = label.outcome();
  const parts = [label, ...holders].map((node, index) => {
    const party = input.parties[index] as TrainingParty;
    return sealPart(party, node.finish());
  });
  const intercept = Math.round(outcome.intercept * 2 ** pointScaleBits);
  const withIntercept = outcome.validation.z.map((z) => z + BigInt(intercept));
  const calibration = calibrate(federated, withIntercept, outcome.validation.labels);
  const model = hashModel({
    format: modelFormat,
    version: input.version,
    method: options.method,
    intercept,
    calibration,
    parties: input.parties.map(({ id, mandatory, plan }, index) => ({
      id,
      mandatory,
      columns: [...new Set(plan.flatMap(sourcesOf))].sort(),
      features: plan.length,
      commitment: commitmentOf(parts[index] as ModelPart),
    })),
    data: describe(input, outcome),
    training: {
      lambda: options.lambda,
      bestRound: outcome.bestRound,
      history: outcome.history.map(({ round, train: loss, validation }) => [
        round,
        millionths(loss),
        millionths(validation),
      ]),
    },
    report: reportOf(federated, { intercept, calibration }, outcome.validation),
  });
  return { model, parts };
}

function describe({ data }: TrainingInput, { train: trained, validation }: Outcome) {
  return {
    name: data.name,
    trainingRows: trained.labels.length,
    validationRows: validation.labels.length,
    defaultRate: millionths(meanOf(trained.labels)),
    protectedColumns: [...data.protectedColumns].sort(),
  };
}

/** What the model does on rows, as the analyst sees it. */
export function reportOf(
  federated: Federated,
  line: { readonly intercept: number; readonly calibration: Line },
  { z, labels }: { readonly z: BigInt64Array; readonly labels: Uint8Array },
): ModelReport {
  const probabilities = Float64Array.from(z, (sum) => probabilityOf(federated, line, sum) / 1e6);
  const { rows, auc, ks, brier, meanPd } = metricsOf(probabilities, labels);
  return {
    rows,
    auc: millionths(auc),
    ks: millionths(ks),
    brier: millionths(brier),
    meanPd: millionths(meanPd),
    defaultRate: millionths(meanOf(labels)),
    roc: rocOf(probabilities, labels).map(
      ({ falseRate, trueRate }) => [millionths(falseRate), millionths(trueRate)] as const,
    ),
    calibration: calibrationOf(probabilities, labels).map(
      (bin) => [bin.rows, millionths(bin.meanPd), millionths(bin.defaultRate)] as const,
    ),
  };
}

function meanOf(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0) / labels.length;
}

function millionths(value: number): number {
  return Math.round(value * 1e6);
}

function assertInput({ parties, labels, data }: TrainingInput): void {
  const ids = new Set(parties.map(({ id }) => id));
  if (parties.length < 3 || parties.length > 5 || ids.size !== parties.length) {
    throw new FederationError('argument_invalid', 'a training has three to five different parties');
  }
  if (labels.values.length !== parties[0]?.table.pids.length) {
    throw new FederationError('data_invalid', 'labels belong to the rows of the first party');
  }
  for (const { id, plan, secret, table, tags } of parties) {
    const reads = plan.flatMap(sourcesOf).find((name) => data.protectedColumns.includes(name));
    if (reads !== undefined) {
      throw new FederationError('argument_invalid', `party ${id} would use the protected ${reads}`);
    }
    if (secret.length !== 32 || tags.length !== table.pids.length) {
      throw new FederationError('argument_invalid', `party ${id}: 32 bytes, and a tag a row`);
    }
  }
}
