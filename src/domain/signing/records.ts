import type { UsageRecordBody } from '../../core/usage/record.ts';
import type { Appended } from '../ledger/ports.ts';

export interface UsageRecord {
  readonly tenant: string;
  readonly institutionKeyId: string;
  readonly actor: string;
  readonly body: UsageRecordBody;
  /** SHA-256 of the body's canonical JSON; what the ledger has. */
  readonly recordSha256: string;
  /** Where it stands in the ledger; absent for the moment until it does. */
  readonly place?: Appended;
}
