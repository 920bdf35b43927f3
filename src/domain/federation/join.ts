import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { FederationError } from '../../core/federated.ts';
import type { Gm } from '../../core/gm.ts';

/**
 * Keyed pseudonyms. An identity number can be guessed from its hash; under a key that the guesser
 * lacks it cannot. `eid` is the consortium's, `pid` that of one party, a join tag that of one
 * training; each is made from the one before, and none leads back without its key.
 */
type Hashes = Pick<Gm, 'sm3' | 'sm3Many'>;

const pidBytes = 16;
const blockBytes = 64;

/** HMAC-SM3 (RFC 2104) of many short messages under one key of at most 64 bytes. */
function hmacMany(
  { sm3Many }: Hashes,
  key: Uint8Array,
  messages: readonly Uint8Array[],
): Uint8Array[] {
  const pad = (byte: number) =>
    Uint8Array.from({ length: blockBytes }, (_, i) => (key[i] ?? 0) ^ byte);
  const [inner, outer] = [pad(0x36), pad(0x5c)];
  const digests = sm3Many(messages.map((message) => concatBytes(inner, message)));
  return sm3Many(digests.map((digest) => concatBytes(outer, digest)));
}

/** A party's pseudonym of each person: HMAC-SM3 of the `eid` (hex), 16 bytes, in hex. */
export function pseudonymsOf(gm: Hashes, partyKey: Uint8Array, eids: readonly string[]): string[] {
  const key = partyKey.length > blockBytes ? gm.sm3(partyKey) : partyKey;
  return hmacMany(gm, key, eids.map(hexToBytes)).map((mac) =>
    bytesToHex(mac.subarray(0, pidBytes)),
  );
}

/**
 * The join tag of every row: the pseudonym under a key of this training that the parties share and
 * the coordinator, which intersects the tags, does not have.
 *
 * @param eids of the persons that the party knows
 * @throws FederationError `data_invalid` when a row belongs to none of them
 */
export function joinTags(
  gm: Hashes,
  pids: readonly string[],
  keys: { readonly party: Uint8Array; readonly join: Uint8Array },
  eids: readonly string[],
): string[] {
  const tags = pseudonymsOf(gm, keys.join, eids);
  const known = new Map(pseudonymsOf(gm, keys.party, eids).map((pid, i) => [pid, tags[i]]));
  return pids.map((pid) => {
    const tag = known.get(pid);
    if (tag !== undefined) return tag;
    throw new FederationError('data_invalid', 'a pseudonym belongs to no known person or key');
  });
}

/** The tags that every list holds, sorted: the common order of the rows. */
export function intersect(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  const sets = others.map((list) => new Set(list));
  return first.filter((tag) => sets.every((set) => set.has(tag))).sort();
}
