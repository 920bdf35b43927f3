import { type AuditAnchor, anchorChain } from '../audit/anchor.ts';
import { verifyChain } from '../audit/chain.ts';
import { type AnchoredHead, verifyHeads } from '../audit/heads.ts';
import type { AuditRecord, ChainHead } from '../audit/types.ts';
import type { Ledger } from '../ledger/ports.ts';
import type { Clock } from '../ports.ts';
import type { ChipCluster } from './cluster.ts';

// Every chip keeps a hash-chained log of what was done with its keys. The head of each goes into
// the ledger at intervals: what stood in a log by then can no longer be cut or changed unseen.

export interface ChipLogDeps {
  readonly chips: Pick<ChipCluster, 'status'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** What the ledger calls the log of a chip. */
export function chipLogSubject(chip: string): string {
  return `chip/${chip}`;
}

/**
 * Writes the heads of all chips' logs into the ledger, as their last attestations have them. The
 * log of a chip in quarantine is left out: it is not what was certified.
 *
 * @throws CinnabarError `chips_unavailable`, `ledger_unavailable`
 */
export async function anchorChipLogs(deps: ChipLogDeps): Promise<readonly AuditAnchor[]> {
  const { chips } = await deps.chips.status();
  const anchors: AuditAnchor[] = [];
  for (const { chip, duty, operations, logHashHex } of chips) {
    if (duty === 'quarantined' || operations === 0) continue;
    const head = { index: operations - 1, hashHex: logHashHex };
    anchors.push(
      await anchorChain(deps, { type: 'chip_log', subject: chipLogSubject(chip) }, head),
    );
  }
  return anchors;
}

export type ChipLogRecord = AuditRecord;

export type ChipLogVerdict =
  | {
      readonly ok: true;
      /** Of the first and last record that were looked at; `undefined` without records. */
      readonly from?: number;
      readonly to?: number;
      /** How many anchors are heads of records that were looked at. */
      readonly anchored: number;
      /** Anchors of records that the chip keeps no more. */
      readonly older: number;
    }
  | {
      readonly ok: false;
      /** Position of the record that does not hold. */
      readonly position: number;
      /**
       * `chain`: the record does not follow the one before; `cut`: the ledger knows a later one;
       * `differs`: the ledger knows another record in its place.
       */
      readonly reason: 'chain' | 'cut' | 'differs';
    };

/** Whether a run of a chip's log is one chain, and the one whose heads are in the ledger. */
export function verifyChipLog(
  records: readonly AuditRecord[],
  anchors: readonly AnchoredHead[],
): ChipLogVerdict {
  const [first] = records;
  const last = records.at(-1);
  const verdict = verifyChain(records, first ? before(first) : {});
  if (!verdict.ok) return { ok: false, position: verdict.index, reason: 'chain' };
  const heads = verifyHeads(
    first?.index ?? 0,
    records.map(({ hashHex }) => hashHex),
    anchors,
  );
  if (!heads.ok) return heads;
  const range = first && last ? { from: first.index, to: last.index } : {};
  return { ...heads, ...range };
}

/** What the oldest record that is kept says of the one before it. */
function before({ index, previousHashHex }: AuditRecord): { readonly after?: ChainHead } {
  return index === 0 ? {} : { after: { index: index - 1, hashHex: previousHashHex } };
}
