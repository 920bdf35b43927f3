import { FederationError } from '../../core/federated.ts';

/**
 * One word carries a partial score and, in its top 12 bits, whether the party had no row: 64 for a
 * party that the policy calls mandatory, 1 for another. Words are added mod 2^64; as the scores
 * stay below 2^51 in sum, both parts come out whole, and nobody learns whose row was absent.
 */
const scoreBits = 52;
const ordinaryFlag = 1n;
const mandatoryFlag = 64n;

/** Points are whole multiples of 2^-20. */
export const pointScaleBits = 20;
/** A partial score is below 2^40 in size. */
export const partialScoreMax = 2n ** 40n;

export interface WordContent {
  readonly score: bigint;
  /** Parties without a row, of those that are not mandatory. */
  readonly ordinaryAbsent: number;
  readonly mandatoryAbsent: number;
}

/** @throws FederationError `argument_invalid` for a score of 2^40 or more */
export function encodeWord(
  score: bigint,
  row: 'present' | 'absent' | 'absent-mandatory' = 'present',
): bigint {
  if (score >= partialScoreMax || score <= -partialScoreMax) {
    throw new FederationError('argument_invalid', 'a partial score is 2^40 or more');
  }
  const flags = { present: 0n, absent: ordinaryFlag, 'absent-mandatory': mandatoryFlag };
  return BigInt.asUintN(64, score + (flags[row] << BigInt(scoreBits)));
}

/** Takes a sum of words apart. */
export function decodeWord(word: bigint): WordContent {
  const score = BigInt.asIntN(scoreBits, word);
  const flags = BigInt.asUintN(64, word - score) >> BigInt(scoreBits);
  return {
    score,
    ordinaryAbsent: Number(flags % mandatoryFlag),
    mandatoryAbsent: Number(flags / mandatoryFlag),
  };
}

/** Words as they travel: 8 bytes each, little-endian. */
export function bytesOfWords(words: BigUint64Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setBigUint64(8 * i, word, true);
  return bytes;
}

/** @throws FederationError `message_invalid` unless the bytes are exactly `count` words */
export function wordsOfBytes(bytes: Uint8Array, count: number): BigUint64Array<ArrayBuffer> {
  if (bytes.length !== 8 * count) {
    throw new FederationError('message_invalid', 'a vector of another length');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return BigUint64Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true));
}
