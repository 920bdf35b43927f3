import { utf8ToBytes } from '@noble/hashes/utils.js';
import { FederationError } from '../../../core/federated.ts';
import type { BinnedFeature, FeaturePlan } from '../features.ts';
import type { PartyTable } from '../table.ts';
import type { MessageKind, TrainingMessage } from './messages.ts';

/** A party of a training with its own rows and secret. */
export interface TrainingParty {
  readonly id: string;
  readonly plan: readonly FeaturePlan[];
  readonly table: PartyTable;
  /** The join tag of every row (join.ts). */
  readonly tags: readonly string[];
  /** 32 bytes of its own, used once: the randomness that it deals comes from them. */
  readonly secret: Uint8Array;
  /** A lasting key of its own: with it the same training makes the same commitments again. */
  readonly saltKey: Uint8Array;
  /** Whether a decision without it needs a person. */
  readonly mandatory: boolean;
}

/** What every node is told before the training. */
export interface MemberInput extends TrainingParty {
  /** The label holder first, then the feature holders; at least three. */
  readonly members: readonly string[];
  readonly options: BlockOptions;
}

/** The persons of the training and where their rows are in the node's own table. */
export interface Persons {
  /** Rows of the training. */
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** What a node keeps so that a training can go on after it was cut off. Secret like its rows. */
export interface NodeCheckpoint {
  readonly weights: readonly number[];
  readonly best: readonly number[];
}

/** What a party has in the end. */
export interface TrainedPart {
  readonly features: readonly BinnedFeature[];
  /** For every feature, the points of its bins. */
  readonly points: readonly (readonly number[])[];
  /** For every feature, the bins of the rows of the training. */
  readonly bins: readonly Uint8Array[];
}

/** The feature holder that deals the randomness of another one's products: the next in the circle. */
export function dealerOf(members: readonly string[], holder: string): string {
  const holders = members.slice(1);
  const next = holders[(holders.indexOf(holder) + 1) % holders.length];
  if (next === undefined || next === holder) {
    throw new FederationError('argument_invalid', 'a training needs at least three parties');
  }
  return next;
}

export type Send = (
  to: string,
  kind: MessageKind,
  round: number,
  body: Uint8Array,
) => TrainingMessage;

export function sender(from: string): Send {
  return (to, kind, round, body) => ({ kind, from, to, round, body });
}

/** A node's answer to `begin`. Sorted, so that the order tells nothing. */
export function tagsBody(tags: readonly string[]): Uint8Array {
  return utf8ToBytes([...tags].sort().join('\n'));
}

export function readTags(body: Uint8Array): string[] {
  const text = new TextDecoder().decode(body);
  return text === '' ? [] : text.split('\n');
}

/** The rows of the persons that all nodes have, in the common order. */
export function rowsOf(tags: readonly string[], persons: readonly string[]): number[] {
  const places = new Map(tags.map((tag, row) => [tag, row]));
  return persons.map((tag) => {
    const row = places.get(tag);
    if (row === undefined) throw new FederationError('message_invalid', 'a person is unknown here');
    return row;
  });
}

/** Takes the common order apart: 1 for a person of the training, 0 for one of the validation. */
export function splitRows(rows: readonly number[], split: Uint8Array): Persons {
  if (split.length !== rows.length) {
    throw new FederationError('message_invalid', 'a split of another length');
  }
  return {
    train: rows.filter((_, person) => split[person] === 1),
    validation: rows.filter((_, person) => split[person] !== 1),
  };
}

/** What a message promised to bring before. @throws FederationError `message_invalid` */
export function arrived<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new FederationError('message_invalid', 'a message came out of turn');
}

export interface BlockOptions {
  /** Ridge penalty: lambda/2 times the squared weights. */
  readonly lambda: number;
  /** At most 1 / (number of blocks + 1 for the intercept), or rounds do not converge. */
  readonly step: number;
}
