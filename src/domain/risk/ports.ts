import type { AuditLog } from '../audit/ports.ts';
import type { Clock } from '../ports.ts';
import type { Row, RowStore } from '../row-store.ts';
import type { PolicyChange, PolicyHead } from './policy.ts';
import type { ListedPayee } from './types.ts';

/** What an institution keeps to judge orders by, by its kind. */
export interface RiskRows {
  readonly policy: PolicyHead & Row;
  readonly 'policy-change': PolicyChange & Row;
  readonly payee: ListedPayee & Row;
}

export interface RiskDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly riskRows: RowStore<RiskRows>;
}
