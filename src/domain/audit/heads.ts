/** A head that the ledger proves. */
export interface AnchoredHead {
  readonly position: number;
  /** In hex. */
  readonly headSha256: string;
}

export type HeadsVerdict =
  | {
      readonly ok: true;
      /** How many anchors are heads of records that were looked at. */
      readonly anchored: number;
      /** Anchors of records before the first that was looked at. */
      readonly older: number;
    }
  | {
      readonly ok: false;
      readonly position: number;
      /** `cut`: the ledger knows a later record; `differs`: it knows another in this place. */
      readonly reason: 'cut' | 'differs';
    };

/**
 * Whether a run of a chain, of which the first record is number `first`, is the one whose heads are
 * in the ledger. That the hashes are one chain is for `verifyChain` to say.
 */
export function verifyHeads(
  first: number,
  hashesHex: readonly string[],
  heads: readonly AnchoredHead[],
): HeadsVerdict {
  let [anchored, older] = [0, 0];
  for (const { position, headSha256 } of heads) {
    if (position >= first + hashesHex.length) return { ok: false, position, reason: 'cut' };
    if (position < first) {
      older += 1;
      continue;
    }
    if (hashesHex[position - first] !== headSha256) {
      return { ok: false, position, reason: 'differs' };
    }
    anchored += 1;
  }
  return { ok: true, anchored, older };
}
