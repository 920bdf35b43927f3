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

/** Dot products as one writes them in JavaScript; inexact beyond 2^53. */
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

/** The same with four sums, which do not wait for each other. */
function fourSums(floats: Float64Array, weights: Float64Array): Float64Array {
  const columns = weights.length;
  const out = new Float64Array(floats.length / columns);
  for (let r = 0, at = 0; r < out.length; r++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < columns; j += 4, at += 4) {
      a += (floats[at] as number) * (weights[j] as number);
      b += (floats[at + 1] as number) * (weights[j + 1] as number);
      c += (floats[at + 2] as number) * (weights[j + 2] as number);
      d += (floats[at + 3] as number) * (weights[j + 3] as number);
    }
    out[r] = a + b + c + d;
  }
  return out;
}

/** Exact mod 2^64: weights cut at 16 bits, so that both sums stay below 2^53. */
function exactDot(floats: Float64Array, weights: Int32Array): BigInt64Array {
  const columns = weights.length;
  const high = Float64Array.from(weights, (weight) => weight >> 16);
  const low = Float64Array.from(weights, (weight) => weight & 0xffff);
  const out = new BigInt64Array(floats.length / columns);
  for (let r = 0, at = 0; r < out.length; r++) {
    let [a, b] = [0, 0];
    for (let j = 0; j < columns; j++, at++) {
      const x = floats[at] as number;
      a += x * (high[j] as number);
      b += x * (low[j] as number);
    }
    out[r] = (BigInt(a) << 16n) + BigInt(b);
  }
  return out;
}

type Numbers = Int16Array | Int32Array;

function dotRow(
  federated: Federated,
  kind: string,
  title: string,
  features: Numbers,
  weights: Numbers,
): Row {
  const columns = weights.length;
  const prepared = federated.prepare<Numbers>(features, columns);
  const floats = Float64Array.from(features);
  const floatWeights = Float64Array.from(weights);
  const longWeights = Int32Array.from(weights);
  return {
    id: `federated-dot-${columns}-${kind}`,
    title: `Dot products, ${rows} rows of ${columns} features, ${title}`,
    contestants: [
      { name: 'cinnabar', run: () => prepared.dot(weights) },
      { name: 'JavaScript, Float64', run: () => plainDot(floats, floatWeights) },
      { name: 'JavaScript, Float64, four sums', run: () => fourSums(floats, floatWeights) },
      { name: 'JavaScript, exact', run: () => exactDot(floats, longWeights) },
    ],
  };
}

function dotRows(federated: Federated, columns: number): Readonly<Record<string, () => Row>> {
  const short = () => Int16Array.from({ length: rows * columns }, (_, i) => (i * 7919) % 2000);
  const shortWeights = Int16Array.from({ length: columns }, (_, i) => i * 37 - 500);
  const longWeights = Int32Array.from(shortWeights, (weight) => weight * 100_003);
  const long = () => Int32Array.from(short(), (x) => (x - 1000) * 1_000_003);
  const id = `federated-dot-${columns}`;
  return {
    [`${id}-short`]: () => dotRow(federated, 'short', '16 bits', short(), shortWeights),
    [`${id}-mixed`]: () =>
      dotRow(federated, 'mixed', '16 bits by 32', Int32Array.from(short()), longWeights),
    [`${id}-long`]: () => dotRow(federated, 'long', '32 bits by 32', long(), longWeights),
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

/** A piece taken from as many words as there are rows, and added again. */
function sharesRow({ add, subtract }: Federated): Row {
  const words = BigUint64Array.from({ length: rows }, (_, i) => BigInt(i) * 0x9e37_79b9_7f4a_7c15n);
  const piece = words.toReversed();
  return {
    id: 'federated-shares',
    title: `A share of ${rows} words split off and added`,
    contestants: [
      {
        name: 'cinnabar',
        run: () => {
          subtract(words, piece);
          add(words, piece);
        },
      },
      {
        name: 'JavaScript, BigInt',
        run: () => {
          for (let i = 0; i < rows; i++) words[i] = (words[i] as bigint) - (piece[i] as bigint);
          for (let i = 0; i < rows; i++) words[i] = (words[i] as bigint) + (piece[i] as bigint);
        },
      },
    ],
  };
}

function histogramRow(federated: Federated): Row {
  const count = 2 * rows;
  const bins = Uint8Array.from({ length: count }, (_, i) => (i * 7919) % 200);
  const residuals = Int32Array.from({ length: count }, (_, i) => ((i * 7919) % 2000) - 1000);
  const workspace = federated.openWorkspace();
  return {
    id: 'federated-histogram',
    title: `Residuals of ${count} rows summed by bin`,
    contestants: [
      { name: 'cinnabar', run: () => workspace.histogram(bins, residuals) },
      {
        name: 'JavaScript',
        run: () => {
          const sums = new Float64Array(256);
          for (let i = 0; i < count; i++) {
            const bin = bins[i] as number;
            sums[bin] = (sums[bin] as number) + (residuals[i] as number);
          }
          return sums;
        },
      },
    ],
  };
}

/** What a node computes of masked columns in each round of a training. */
function productsRow(federated: Federated): Row {
  const columns = 64;
  const workspace = federated.openWorkspace();
  const words = Int32Array.from({ length: rows * columns }, (_, i) => Math.imul(i, 0x9e37_79b1));
  const vector = Int32Array.from({ length: rows }, (_, i) => Math.imul(i, 0x85eb_ca6b));
  const matrix = workspace.load(words, rows, columns);
  return {
    id: 'federated-products',
    title: `Masked product, ${rows} rows of ${columns} columns, mod 2^32`,
    contestants: [
      { name: 'cinnabar', run: () => workspace.transposed(matrix, vector) },
      {
        name: 'JavaScript',
        run: () => {
          const out = new Int32Array(columns);
          for (let r = 0, at = 0; r < rows; r++) {
            const factor = vector[r] as number;
            for (let c = 0; c < columns; c++, at++)
              out[c] = ((out[c] as number) + Math.imul(factor, words[at] as number)) | 0;
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

/** The rows of every host, or the one of that id; each prepares what it works on. */
export async function federationRows(federated: Federated, only?: string): Promise<Row[]> {
  // workerd draws no randomness, which it does when it is loaded, before the first request.
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const makers: Readonly<Record<string, () => Row>> = {
    ...dotRows(federated, 32),
    ...dotRows(federated, 256),
    'federated-scorecard-32': () => scorecardRow(federated, 32),
    'federated-scorecard-256': () => scorecardRow(federated, 256),
    'federated-shares': () => sharesRow(federated),
    'federated-histogram': () => histogramRow(federated),
    'federated-products': () => productsRow(federated),
    'federated-batch': () => ({
      id: 'federated-batch',
      title: '1,000 persons in one request: three nodes, boxes, signatures, sum',
      contestants: [{ name: 'cinnabar', run: batch(federated, sodium, 1000) }],
    }),
    'federated-single': () => ({
      id: 'federated-single',
      title: '1 person in one request',
      contestants: [{ name: 'cinnabar', run: batch(federated, sodium, 1) }],
    }),
  };
  return Object.entries(makers).flatMap(([id, make]) =>
    only === undefined || only === id ? [make()] : [],
  );
}
