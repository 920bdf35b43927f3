// What federated scoring computes: kernels against plain JavaScript on the same rows, and a batch of
// 1,000 persons through three nodes with agreed keys, sealed boxes and signatures.
import type Sodium from 'libsodium-wrappers';
import type { Federated } from '../src/core/federated.ts';
import { contextBytes, keyedPieces } from '../src/domain/federation/pieces.ts';
import { wordRing } from '../src/domain/federation/ring.ts';
import { hashContributors } from '../src/domain/federation/rules.ts';
import {
  combine,
  correct,
  correctedPieceOf,
  sharingOf,
  sumHeld,
} from '../src/domain/federation/sharing.ts';
import { bytesOfWords, wordsOfBytes } from '../src/domain/federation/word.ts';
import type { Row } from './harness.ts';

const rows = 8192;

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('something is missing');
  return value;
}

function item<T>(items: readonly T[], index: number): T {
  return known(items[index]);
}

/** Dot products in plain JavaScript. Names nothing from outside, so that its text is all of it. */
function plainDot(floats: Float64Array, weights: Float64Array): Float64Array {
  const columns = weights.length;
  const out = new Float64Array(floats.length / columns);
  for (let r = 0, at = 0; r < out.length; r++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += (floats[at] as number) * (weights[j] as number);
    out[r] = sum;
  }
  return out;
}

/**
 * The same function compiled by itself. One function for all rows runs with what the engine learnt
 * at other rows, and several times slower than it must. workerd compiles no text at run time: there
 * the function stays as it is, and its ratios say little.
 */
function compiledApart(peer: typeof plainDot, row: string): typeof plainDot {
  try {
    // The engine keeps what it compiled under its text, so each row has a text of its own.
    return new Function(`/* ${row} */ return ${peer}`)() as typeof plainDot;
  } catch {
    return peer;
  }
}

function dotRow(federated: Federated, columns: number): Row {
  const short = Int16Array.from({ length: rows * columns }, (_, i) => (i * 7919) % 2000);
  const shortWeights = Int16Array.from({ length: columns }, (_, i) => i * 37 - 500);
  const long = Int32Array.from(short);
  const longWeights = Int32Array.from(shortWeights);
  const floats = Float64Array.from(short);
  const floatWeights = Float64Array.from(shortWeights);
  const prepared = federated.prepare(short, columns);
  const preparedLong = federated.prepare(long, columns);
  const dot = compiledApart(plainDot, `${columns} features`);
  // Weights of which none fits into 27 bits together with a feature.
  const wideWeights = longWeights.map((weight) => weight * 100_000);
  return {
    id: `federated-dot-${columns}`,
    title: `Dot products, ${rows} rows of ${columns} features`,
    contestants: [
      { name: 'cinnabar, 16 bits', run: () => prepared.dot(shortWeights) },
      { name: 'cinnabar, 32 bits', run: () => preparedLong.dot(longWeights) },
      { name: 'cinnabar, 32 bits, any range', run: () => preparedLong.dot(wideWeights) },
      {
        name: 'JavaScript, Float64',
        run: () => dot(floats, floatWeights),
      },
    ],
  };
}

function scorecardRow(federated: Federated, features: number): Row {
  const bins = Uint8Array.from({ length: rows * features }, (_, i) => (i * 7919) % 200);
  const points = Int32Array.from({ length: 256 * features }, (_, i) => (i * 7919) % 100_000);
  const prepared = federated.prepareBins(bins, features);
  return {
    id: `federated-scorecard-${features}`,
    title: `Scorecard, ${rows} rows of ${features} features`,
    contestants: [
      { name: 'cinnabar', run: () => prepared.score(points) },
      {
        name: 'JavaScript',
        run: () => {
          const out = new Float64Array(rows);
          for (let r = 0, at = 0; r < rows; r++) {
            let sum = 0;
            for (let j = 0; j < features; j++, at++)
              sum += points[256 * j + (bins[at] as number)] as number;
            out[r] = sum;
          }
          return out;
        },
      },
    ],
  };
}

/** Everything that three nodes and a decision service compute for `persons` in one request. */
function batch(federated: Federated, sodium: typeof Sodium, persons: number): () => unknown {
  const nodes = [0, 1, 2].map(() => ({
    box: sodium.crypto_box_keypair(),
    sign: sodium.crypto_sign_keypair(),
  }));
  const decision = sodium.crypto_box_keypair();
  const ring = wordRing(federated);
  const sharing = sharingOf(3);
  const words = nodes.map((_, p) =>
    BigUint64Array.from({ length: persons }, (__, i) => BigInt(p * 1000 + i)),
  );
  // Node and node, and node and decision, agree on keys once an epoch.
  const keyOf = (p: number, q: number) => {
    const [a, b] = [item(nodes, Math.min(p, q)), item(nodes, Math.max(p, q))];
    return sodium.crypto_box_beforenm(b.box.publicKey, a.box.privateKey);
  };
  const pairs = new Map(
    sharing.pieces.map(({ holders }) => [
      holders.join(),
      keyOf(item(holders, 0), item(holders, 1)),
    ]),
  );
  const toDecision = nodes.map((node) =>
    sodium.crypto_box_beforenm(decision.publicKey, node.box.privateKey),
  );
  const pass = (key: Uint8Array, from: number, payload: Uint8Array, about: Uint8Array) => {
    const nonce = sodium.randombytes_buf(24);
    const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      payload,
      about,
      null,
      nonce,
      key,
    );
    const signature = sodium.crypto_sign_detached(sealed, item(nodes, from).sign.privateKey);
    if (!sodium.crypto_sign_verify_detached(signature, sealed, item(nodes, from).sign.publicKey)) {
      throw new Error('a signature does not hold');
    }
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, about, nonce, key);
  };
  return () => {
    const context = {
      requestId: sodium.randombytes_buf(16),
      modelHash: new Uint8Array(32),
      n: 3,
      t: 2,
      rows: persons,
    };
    const about = contextBytes('bench', context);
    const source = keyedPieces(federated, context, (_, { holders }) =>
      known(pairs.get(holders.join())),
    );
    const received = nodes.map(() => new Map<number, BigUint64Array>());
    for (const p of [0, 1, 2]) {
      const bytes = bytesOfWords(correct(ring, sharing, p, item(words, p), source));
      for (const q of correctedPieceOf(sharing, p).holders) {
        const key = known(pairs.get([Math.min(p, q), Math.max(p, q)].join()));
        item(received, q).set(p, wordsOfBytes(pass(key, p, bytes, about), persons));
      }
    }
    const contributors = [0, 1, 2];
    const list = hashContributors(context, contributors);
    const reports = contributors.map((node) => {
      const input = { contributors, rows: persons, source, received: item(received, node) };
      const sums = sumHeld(ring, sharing, node, input).map(({ piece, words: own }) => ({
        piece,
        words: wordsOfBytes(pass(item(toDecision, node), node, bytesOfWords(own), list), persons),
      }));
      return { node, sums };
    });
    return combine(ring, sharing, reports);
  };
}

/** The rows of every host. */
export async function federationRows(federated: Federated): Promise<Row[]> {
  // workerd draws no randomness, which it does when it is loaded, before the first request.
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return [
    dotRow(federated, 32),
    dotRow(federated, 256),
    scorecardRow(federated, 32),
    scorecardRow(federated, 256),
    {
      id: 'federated-batch',
      title: '1,000 persons in one request: three nodes, boxes, signatures, sum',
      contestants: [{ name: 'cinnabar', run: batch(federated, sodium, 1000) }],
    },
    {
      id: 'federated-single',
      title: '1 person in one request',
      contestants: [{ name: 'cinnabar', run: batch(federated, sodium, 1) }],
    },
  ];
}
