/**
 * Why a log, a checkpoint or a proof was refused. Codes are public and stable.
 *
 * - `note_malformed`, `key_malformed`, `checkpoint_malformed`, `status_malformed`, `bundle_malformed`
 *   — not in the form of its specification
 * - `checkpoint_unsigned` — no valid signature of the log; `checkpoint_other_log` — another origin
 * - `quorum_missing` — too few witnesses have cosigned
 * - `checkpoint_stale`, `status_stale` — older than the caller allows
 * - `checkpoint_forked` — another tree of the same size is known
 * - `log_truncated` — a larger tree is known
 * - `anchor_missing` — the chain knows no tree of this log
 * - `consistency_failed` — the tree does not begin with the one that is known
 * - `inclusion_failed` — the entry is not where it is said to be
 * - `tile_missing`, `tile_corrupt` — a tile or entry bundle is absent or does not fit the root
 * - `entry_malformed` — an entry is not a canonical event
 * - `chain_broken` — an event does not name its subject's event before it
 */
export type LedgerErrorCode =
  | 'note_malformed'
  | 'key_malformed'
  | 'checkpoint_malformed'
  | 'checkpoint_unsigned'
  | 'checkpoint_other_log'
  | 'quorum_missing'
  | 'checkpoint_stale'
  | 'checkpoint_forked'
  | 'log_truncated'
  | 'anchor_missing'
  | 'consistency_failed'
  | 'inclusion_failed'
  | 'tile_missing'
  | 'tile_corrupt'
  | 'entry_malformed'
  | 'chain_broken'
  | 'status_malformed'
  | 'status_stale'
  | 'bundle_malformed';

export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;
  /** The entry at which the log fails, where one can be named. */
  readonly index: number | undefined;

  constructor(code: LedgerErrorCode, message: string, index?: number) {
    super(message);
    this.code = code;
    this.index = index;
  }
}
