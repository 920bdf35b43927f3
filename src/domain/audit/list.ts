import type { Actor } from '../actor.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { AuditLog } from './ports.ts';
import type { AuditRecord } from './types.ts';

/** The records of the actor's institution, newest first. */
export function listAudit(
  deps: { readonly audit: AuditLog },
  actor: Actor,
  page: PageRequest,
): Promise<Page<AuditRecord>> {
  return readPage(
    page,
    (item) => String(item.index),
    (request) => deps.audit.list(actor.tenant, request),
  );
}
