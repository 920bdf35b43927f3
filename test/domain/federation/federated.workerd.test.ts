import { sha256 } from '@noble/hashes/sha2.js';
import { expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { loadSuite, partyKeys } from '../../../src/core/federation/suite.ts';
import { contextBytes, keyedPieces } from '../../../src/domain/federation/pieces.ts';
import { wordRing } from '../../../src/domain/federation/ring.ts';
import {
  combine,
  correct,
  correctedPieceOf,
  sharingOf,
  sumHeld,
} from '../../../src/domain/federation/sharing.ts';
import { train } from '../../../src/domain/federation/training/train.ts';
import {
  bytesOfWords,
  decodeWord,
  encodeWord,
  wordsOfBytes,
} from '../../../src/domain/federation/word.ts';
import { inventData, trainingOf } from '../../helpers/federated-data.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';
import { inventedGramModelHash, inventedModelHash } from './invented-model.ts';

it('A4: training in workerd gives the model that Node gives, to the bit', async () => {
  const input = await trainingOf(inventData(700, 3), 'secrets of workerd');
  const { model } = await train(await loadFederated(), input);
  expect(model.hash).toBe(inventedModelHash);
});

it('A4: so does the training in one round', async () => {
  const input = await trainingOf(inventData(700, 3), 'secrets of workerd');
  const options = { lambda: 5, method: 'gram' } as const;
  const { model } = await train(await loadFederated(), { ...input, options });
  expect(model.hash).toBe(inventedGramModelHash);
});

it.each([3, 4, 5])(
  'A3: 1,000 persons in one request among %i nodes: exact in every row',
  async (n) => {
    const persons = 1000;
    const federated = await loadFederated();
    const suite = await loadSuite('x25519');
    const random = seededRandom(n);
    const keys = Array.from({ length: n }, (_, i) => partyKeys(suite, `n${i}`, random.bytes(32)));
    const [ring, sharing] = [wordRing(federated), sharingOf(n)];
    const scores = keys.map(() =>
      Array.from(new BigInt64Array(random.bytes(8 * persons).buffer), (word) => word >> 24n),
    );
    const context = {
      requestId: random.bytes(16),
      modelHash: random.bytes(32),
      n,
      t: n - 1,
      rows: persons,
    };
    const about = sha256(contextBytes('batch', context));
    const pairKey = (holders: readonly number[]) =>
      Uint8Array.from({ length: 32 }, (_, i) => (holders[0] ?? 0) * 16 + (holders[1] ?? 0) + i);
    const source = keyedPieces(federated, context, (_, { holders }) => pairKey(holders));
    let [payload, framed] = [0, 0];
    /** Sealed and signed at one end, checked and opened at the other. */
    const pass = (from: number, to: readonly number[], words: BigUint64Array) => {
      const bytes = bytesOfWords(words);
      const box = suite.encrypt(pairKey(to), about, bytes);
      const sender = keys[from] as (typeof keys)[number];
      const signature = suite.sign(sender.sign, box);
      payload += bytes.length;
      framed += box.length + signature.length;
      expect(suite.verify(sender.sign.publicKey, box, signature)).toBe(true);
      return wordsOfBytes(suite.decrypt(pairKey(to), about, box) ?? new Uint8Array(), persons);
    };
    const received = keys.map(() => new Map<number, BigUint64Array>());
    for (const [p, own] of scores.entries()) {
      const words = BigUint64Array.from(own, (score) => encodeWord(score));
      const corrected = correct(ring, sharing, p, words, source);
      for (const q of correctedPieceOf(sharing, p).holders) {
        received[q]?.set(p, pass(p, [p, q], corrected));
      }
    }
    const contributors = [...keys.keys()];
    const reports = contributors.map((node) => {
      const held = received[node] ?? new Map();
      const sums = sumHeld(ring, sharing, node, {
        contributors,
        rows: persons,
        source,
        received: held,
      });
      return {
        node,
        sums: sums.map(({ piece, words }) => ({ piece, words: pass(node, [node, 9], words) })),
      };
    });
    const sums = Array.from(combine(ring, sharing, reports), (word) => decodeWord(word).score);
    expect(sums).toEqual(
      Array.from({ length: persons }, (_, row) =>
        scores.reduce((total, own) => total + (own[row] ?? 0n), 0n),
      ),
    );
    // Two corrected pieces a node, and its n - 1 sums; boxes and signatures add a few bytes a person.
    expect(payload).toBe(8 * n * (2 + n - 1) * persons);
    expect(framed - payload).toBeLessThan(3 * n * persons);
  },
);
