import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Federated } from '../../core/federated.ts';
import { FederationError } from '../../core/federated.ts';
import type { Piece, PieceSource } from './sharing.ts';

/** What every message of one scoring is bound to. */
export interface ScoringContext {
  /** 16 bytes, used once: a second use would use the same masks again (rule R5). */
  readonly requestId: Uint8Array;
  /** 32 bytes. */
  readonly modelHash: Uint8Array;
  readonly n: number;
  readonly t: number;
  /** Persons in this request. */
  readonly rows: number;
}

/** @throws FederationError `argument_invalid` */
export function assertContext({ requestId, modelHash, rows }: ScoringContext): void {
  const isWhole = requestId.length === 16 && modelHash.length === 32;
  if (isWhole && Number.isInteger(rows) && rows > 0 && rows <= rowsMax) return;
  throw new FederationError('argument_invalid', 'a request has 16 bytes, a model hash 32');
}

/** Persons in one request, at most. */
export const rowsMax = 100_000;

/** Fields in front of which stands their length, so that no two contexts give the same bytes. */
export function contextBytes(
  purpose: string,
  { requestId, modelHash, n, t, rows }: ScoringContext,
  ...more: readonly (string | Uint8Array)[]
): Uint8Array {
  const numbers = new Uint8Array(6);
  numbers.set([n, t]);
  new DataView(numbers.buffer).setUint32(2, rows);
  const fields = [purpose, requestId, modelHash, numbers, ...more];
  return concatBytes(
    ...fields.flatMap((field) => {
      const bytes = typeof field === 'string' ? utf8ToBytes(field) : field;
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}

/**
 * Pieces from keys that their holders share: HKDF-SHA-256 (RFC 5869) binds the key to context,
 * contributor and piece, ChaCha20 (RFC 8439) makes the words; word i is that of person i.
 *
 * `keyOf` gives the 32 bytes or more that the holders of the piece agreed on for pieces of this
 * contributor. With pairs of nodes one key a pair does for both, since the contributor is bound in.
 */
export function keyedPieces(
  federated: Pick<Federated, 'keystream'>,
  context: ScoringContext,
  keyOf: (contributor: number, piece: Piece) => Uint8Array,
): PieceSource {
  assertContext(context);
  const nonce = new Uint8Array(12);
  return (contributor, piece) => {
    const place = Uint8Array.of(contributor, piece.index);
    const info = contextBytes('cinnabar federation piece', context, place);
    const key = hkdf(sha256, keyOf(contributor, piece), undefined, info, 32);
    const words = federated.keystream(key, nonce, context.rows);
    key.fill(0);
    return words;
  };
}
