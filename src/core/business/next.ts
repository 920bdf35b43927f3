import { decayed, type Visit } from './visits.ts';

/** What may come next, and how likely. */
export interface Likely {
  readonly action: string;
  readonly probability: number;
}

/** Stands for the end of a visit among the actions that may come next. */
export const visitEnd = '(end)';
const visitStart = '(start)';
const orderMax = 2;

/** What followed the same actions before, by the actions and what came. */
type Followers = Map<string, number>;

/**
 * A Markov chain over actions: what comes next depends on the two before. Where these were rarely
 * seen it trusts the shorter context more, by the interpolation of Witten and Bell (The
 * zero-frequency problem, IEEE Trans. Information Theory 37(4), 1991, method C): with C occurrences
 * of a context and T different followers,
 *
 *   p(a | context) = (c(context, a) + T · p(a | shorter context)) / (C + T),
 *
 * down to all known actions being equally likely. Old visits count less.
 */
export interface ActionChain {
  /** All actions and the end of the visit, likeliest first; the probabilities add up to 1. */
  next(recent: readonly string[]): readonly Likely[];
}

/** @param vocabulary actions that there are, also those that nobody took yet */
export function actionChain(
  visits: readonly Visit[],
  vocabulary: readonly string[],
  nowMs: number,
  halfLifeDays: number,
): ActionChain {
  const contexts = new Map<string, Followers>();
  const known = new Set([...vocabulary, visitEnd]);
  for (const { actions, startMs } of visits) {
    const weight = decayed(startMs, nowMs, halfLifeDays);
    const path = [...actions, visitEnd];
    path.forEach((action, at) => {
      known.add(action);
      for (let order = 0; order <= orderMax; order++) {
        count(contexts, contextOf(actions.slice(0, at), order), action, weight);
      }
    });
  }
  const words = [...known].sort();
  return {
    next(recent) {
      let chances = new Map(words.map((word) => [word, 1 / words.length]));
      for (let order = 0; order <= orderMax; order++) {
        const followers = contexts.get(contextOf(recent, order));
        if (followers) chances = interpolated(words, followers, chances);
      }
      return words
        .map((action) => ({ action, probability: chances.get(action) ?? 0 }))
        .sort((a, b) => b.probability - a.probability || (a.action < b.action ? -1 : 1));
    },
  };
}

/** The last actions, with the start of the visit in front where it was shorter. */
function contextOf(before: readonly string[], order: number): string {
  const padded = [...Array(orderMax).fill(visitStart), ...before];
  return `${order} ${order === 0 ? '' : padded.slice(-order).join(' ')}`;
}

function count(contexts: Map<string, Followers>, context: string, action: string, weight: number) {
  const followers = contexts.get(context) ?? new Map();
  followers.set(action, (followers.get(action) ?? 0) + weight);
  contexts.set(context, followers);
}

function interpolated(
  words: readonly string[],
  followers: Followers,
  shorter: ReadonlyMap<string, number>,
): Map<string, number> {
  const occurrences = [...followers.values()].reduce((sum, weight) => sum + weight, 0);
  const kinds = followers.size;
  return new Map(
    words.map((word) => [
      word,
      ((followers.get(word) ?? 0) + kinds * (shorter.get(word) ?? 0)) / (occurrences + kinds),
    ]),
  );
}
