import type { PageRequest } from '../ports.ts';
import type { AuditAction } from './actions.ts';
import type { AuditEntry, AuditRecord, ChainHead } from './types.ts';

/** What is written here; a record that is read may be of an earlier release. */
export interface OwnEntry extends AuditEntry {
  readonly action: AuditAction;
}

/**
 * The append-only log, one chain per tenant.
 *
 * Appends of one tenant happen one after the other, each built by `nextRecord` on the head before
 * it, and are durable when the promise resolves. There is no way to change or remove a record.
 */
export interface AuditLog {
  /** @throws CinnabarError `audit_unavailable` when the record is not certainly written */
  append(tenant: string, entry: OwnEntry): Promise<AuditRecord>;
  /** Newest first. `before` is an index in decimal. */
  list(tenant: string, page: PageRequest): Promise<readonly AuditRecord[]>;
  /** `undefined` for a tenant that has no record yet. */
  head(tenant: string): Promise<ChainHead | undefined>;
}
