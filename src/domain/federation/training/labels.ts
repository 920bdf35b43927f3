import { type Federated, FederationError } from '../../../core/federated.ts';
import { type Persons, splitRows } from './member.ts';
import { wordsOf } from './messages.ts';

/** Labels of the party that has them, in the order of its table. */
export interface Labels {
  /** 1 for a person who defaulted; `undefined` where no label is known. */
  readonly values: readonly (0 | 1 | undefined)[];
  readonly isTraining: readonly boolean[];
}

/** Labels of the persons of a training and of its validation, in the common order. */
export interface SplitLabels {
  readonly train: Uint8Array<ArrayBuffer>;
  readonly validation: Uint8Array<ArrayBuffer>;
}

/** Persons without a label take no part. */
export function labelledTags(tags: readonly string[], { values }: Labels): string[] {
  return tags.filter((_, row) => values[row] !== undefined);
}

/**
 * Takes the persons of a training apart, as the label holder tells the others to.
 *
 * @throws FederationError `data_invalid` unless training and validation each have both labels
 */
export function splitLabels(
  { values, isTraining }: Labels,
  rows: readonly number[],
): { readonly split: Uint8Array; readonly persons: Persons; readonly y: SplitLabels } {
  const split = Uint8Array.from(rows, (row) => (isTraining[row] ? 1 : 0));
  const persons = splitRows(rows, split);
  const labelsOf = (of: readonly number[]) => Uint8Array.from(of, (row) => values[row] ?? 0);
  const y = { train: labelsOf(persons.train), validation: labelsOf(persons.validation) };
  const hasBoth = (labels: Uint8Array) => labels.includes(0) && labels.includes(1);
  if (hasBoth(y.train) && hasBoth(y.validation)) return { split, persons, y };
  throw new FederationError('data_invalid', 'training and validation each need both labels');
}

/** The own scores and those that came under masks, which cancel in the sum. */
export function sumScores(
  { add }: Pick<Federated, 'add'>,
  own: BigInt64Array<ArrayBuffer>,
  masked: Iterable<Uint8Array>,
): BigInt64Array<ArrayBuffer> {
  const total = new BigUint64Array(own.buffer);
  for (const body of masked) {
    const words = wordsOf(body);
    if (words.length !== total.length) {
      throw new FederationError('message_invalid', 'scores of another length');
    }
    add(total, words);
  }
  return new BigInt64Array(total.buffer);
}
