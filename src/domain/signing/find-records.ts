import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { SigningDeps } from './ports.ts';
import type { UsageRecord } from './records.ts';

/** The records of one key, newest first. */
export function listRecords(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  institutionKeyId: string,
  page: PageRequest,
): Promise<Page<UsageRecord>> {
  return readPage(
    page,
    ({ body }) => body.operationId,
    (request) => deps.signing.list(actor.tenant, 'record', { parent: institutionKeyId }, request),
  );
}

/** The record of an operation that was completed. @throws CinnabarError `operation_not_found` */
export async function getRecord(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  operationId: string,
): Promise<UsageRecord> {
  const record = await deps.signing.find(actor.tenant, 'record', operationId);
  if (!record) throw new CinnabarError('operation_not_found');
  return record;
}
