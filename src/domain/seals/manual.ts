import type { Caller } from '../actor.ts';
import { type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import type { SealDeps } from './ports.ts';
import { getVerification } from './seals.ts';
import { decryptTemplates } from './templates.ts';
import type { StoredTemplate, Vendor } from './types.ts';

/** What one vendor compared, in the clear. */
export interface ComparedTemplates {
  readonly vendor: Vendor;
  readonly reserved: Uint8Array;
  readonly query: Uint8Array;
}

/**
 * Opens the templates of a verification for a reviewer, whose own machine compares them again (B8).
 * That they were handed out goes on record first.
 *
 * @throws CinnabarError `verification_not_found`, `template_unreadable`, `chips_unavailable`,
 * `audit_unavailable`
 */
export async function comparedTemplates(
  deps: SealDeps,
  caller: Caller,
  id: string,
): Promise<readonly ComparedTemplates[]> {
  const { tenant } = caller.actor;
  const verification = await getVerification(deps, caller.actor, id);
  const pairs: { vendor: Vendor; rows: readonly StoredTemplate[] }[] = [];
  for (const { vendor, reservedTemplateId } of verification.vendors) {
    const query = verification.templates.find((template) => template.vendor.code === vendor.code);
    const reserved = await deps.seals.findTemplate(tenant, reservedTemplateId);
    // A vendor that broke down made no template of the query.
    if (query && reserved) pairs.push({ vendor, rows: [reserved, query] });
  }
  const opened = await Promise.all(
    pairs.map(async ({ vendor, rows }) => {
      const [reserved, query] = await decryptTemplates(deps, tenant, rows);
      if (!reserved || !query) throw new CinnabarError('template_unreadable');
      return { vendor, reserved: reserved.bytes, query: query.bytes };
    }),
  );
  const handedOut: Operation = {
    action: 'template.hand-out',
    subject: `verification:${id}`,
    detail: { vendors: opened.map(({ vendor }) => vendor.code).join(' ') },
  };
  await record(deps.audit, caller, handedOut, 'done');
  return opened;
}
