import type { SealableLabel, SensitiveFact } from '../../core/token/open.ts';
import type { ReleasePolicy } from './types.ts';

/** A fact as it is kept here: with everything that was found in it. */
export interface KnownFact extends SensitiveFact {
  /** `label` first, then whatever else the text holds. */
  readonly labels: readonly SealableLabel[];
}

/**
 * The facts that a policy lets a system have. A fact goes whole or not at all, so every label in it
 * must be allowed: an address with a citizen number beside it is not an address.
 */
export function releasedBy(
  { labels: allowed }: Pick<ReleasePolicy, 'labels'>,
  facts: readonly KnownFact[],
): readonly KnownFact[] {
  return facts.filter(({ labels }) => labels.every((label) => allowed.includes(label)));
}

/** Every label in the facts, once: what stands on record. */
export function labelsIn(facts: readonly KnownFact[]): readonly SealableLabel[] {
  return [...new Set(facts.flatMap(({ labels }) => labels))];
}
