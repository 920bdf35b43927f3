import type { Federated } from '../../../core/federated.ts';
import { arrived, type MemberInput, sender } from './member.ts';
import type { TrainingMessage } from './messages.ts';
import { deriveKey, maskInts, maskWords } from './seeds.ts';

/**
 * Masks that cancel in the sum over all feature holders. Every two of them share a seed, which the
 * first in the list chooses; what one adds the other takes away.
 */
export interface PairMasks {
  /** The seeds that this node chooses. */
  seeds(): TrainingMessage[];
  setSeed(from: string, seed: Uint8Array): void;
  /** Adds the masks of one round to the own scores, in place. */
  hideScores(words: BigUint64Array, round: number): void;
  /** The own share of a product of two holders' columns, of which only the sum is to be seen. */
  hideShare(share: Int32Array, partner: string): Int32Array<ArrayBuffer>;
}

export function createPairMasks(
  federated: Federated,
  { id, members, secret }: Pick<MemberInput, 'id' | 'members' | 'secret'>,
): PairMasks {
  const send = sender(id);
  const seeds = new Map<string, Uint8Array>();
  const isFirst = (other: string) => members.indexOf(id) < members.indexOf(other);
  return {
    seeds() {
      const later = members.slice(1).filter((other) => other !== id && isFirst(other));
      return later.map((other) => {
        const seed = deriveKey(secret, 'masks', other);
        seeds.set(other, seed);
        return send(other, 'mask-seed', 0, seed);
      });
    },
    setSeed(from, seed) {
      seeds.set(from, seed);
    },
    hideScores(words, round) {
      for (const [other, seed] of seeds) {
        const mask = maskWords(federated, seed, words.length, 'scores', round);
        if (isFirst(other)) federated.add(words, mask);
        else federated.subtract(words, mask);
      }
    },
    hideShare(share, partner) {
      const mask = maskInts(federated, arrived(seeds.get(partner)), share.length, 'share');
      const sign = isFirst(partner) ? 1 : -1;
      return Int32Array.from(share, (word, i) => word + sign * (mask[i] ?? 0));
    },
  };
}
