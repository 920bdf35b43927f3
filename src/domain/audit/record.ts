import type { Caller } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import type { AuditAction } from './actions.ts';
import type { AuditLog } from './ports.ts';
import type { AuditDetail, Outcome } from './types.ts';

export interface Operation {
  readonly action: AuditAction;
  readonly subject: string;
  readonly detail: AuditDetail;
}

/** Writes one record for the caller. @throws CinnabarError `audit_unavailable` */
export async function record(
  audit: AuditLog,
  caller: Caller,
  operation: Operation,
  outcome: Outcome,
): Promise<void> {
  await audit.append(caller.actor.tenant, {
    action: operation.action,
    actor: caller.actor.id,
    subject: operation.subject,
    outcome,
    requestId: caller.requestId,
    detail: operation.detail,
  });
}

/**
 * Runs `act` between the record of its intention and that of its outcome.
 *
 * Fails closed: without the first record nothing is done, and without the second the caller gets
 * no result. In that last case the effect stands, its intention is on record, and a retry under
 * the same idempotency key finds it and records the outcome. `failed` is recorded only where it is
 * certain that nothing was done.
 *
 * @throws CinnabarError `audit_unavailable`, or whatever `act` threw
 */
export async function audited<T>(
  audit: AuditLog,
  caller: Caller,
  operation: Operation,
  act: () => Promise<T>,
): Promise<T> {
  await record(audit, caller, operation, 'intended');
  let result: T;
  try {
    result = await act();
  } catch (error) {
    if (isDefinite(error)) {
      const failure = { ...operation, detail: { ...operation.detail, code: error.code } };
      // What went wrong first is what the caller must hear; a lost record of a failure leaves the
      // intention without outcome, which says as much.
      await record(audit, caller, failure, 'failed').catch(() => undefined);
    }
    throw error;
  }
  await record(audit, caller, operation, 'done');
  return result;
}

/** A store that did not answer may have done what it was asked: then nobody knows yet. */
function isDefinite(error: unknown): error is CinnabarError {
  return error instanceof CinnabarError && error.code !== 'storage_unavailable';
}
