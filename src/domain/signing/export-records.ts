import { parseCheckpoint } from '../../core/ledger/checkpoint.ts';
import { parseNote } from '../../core/ledger/note.ts';
import { formatUsageExport, type UsageExportRecord } from '../../core/usage/export.ts';
import { recordHash, usageSubject } from '../../core/usage/record.ts';
import { base64Text } from '../../lib/base64.ts';
import type { Caller } from '../actor.ts';
import { type Operation, record } from '../audit/record.ts';
import { authorityOf } from '../certificates/authority.ts';
import { findCertificate } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import type { LedgerEntry } from '../ledger/ports.ts';
import { getInstitutionKey } from './grants.ts';
import type { SigningDeps } from './ports.ts';
import type { UsageRecord } from './records.ts';

/** Records of one part: each needs a proof from the ledger. */
export const exportRecordsMax = 200;

export interface ExportedRecords {
  /** One part, for `verifyUsageExport`. */
  readonly text: string;
  /** Where the next part begins; absent after the last one. */
  readonly next?: number;
}

/**
 * Everything that was done with a key, from the `from`-th record on, with all that proves it (C8).
 * That it was handed out goes on record.
 *
 * @throws CinnabarError `institution_key_not_found`, `ledger_unavailable`, `storage_unavailable`,
 * `chips_unavailable`, `audit_unavailable`
 */
export async function exportRecords(
  deps: SigningDeps,
  caller: Caller,
  keyId: string,
  from: number,
): Promise<ExportedRecords> {
  const key = await getInstitutionKey(deps, caller.actor, keyId);
  const subject = usageSubject(key.id);
  const status = await deps.ledger.status(subject);
  // One more than a part holds tells whether there is a next one. What came after the status is
  // left for another export: the status says that it names the newest.
  const range = { first: from, count: exportRecordsMax + 1 };
  const found = (await deps.ledger.history(subject, range)).filter(
    ({ index }) => index <= (status.newest?.index ?? -1),
  );
  const part = found.slice(0, exportRecordsMax);
  const { tenant } = caller.actor;
  const stored = await Promise.all(part.map((entry) => storedRecord(deps, tenant, entry)));
  const checkpoint = await deps.ledger.checkpoint();
  const { size } = parseCheckpoint(parseNote(checkpoint).text);
  const records = await Promise.all(
    stored.map(async ({ entry, body }): Promise<UsageExportRecord> => {
      const { proof } = await deps.ledger.proveInclusion(entry.index, size);
      return { index: entry.index, entry: base64Text(entry.bytes), proof, body };
    }),
  );
  const operation: Operation = {
    action: 'records.export',
    subject: `institution_key:${key.id}`,
    detail: { from, records: records.length },
  };
  await record(deps.audit, caller, operation, 'done');
  const head = {
    institutionKeyId: key.id,
    checkpoint,
    status: status.note,
    from,
    ...(await certificatesOf(deps, stored)),
  };
  const next = from + part.length;
  return {
    text: formatUsageExport(head, records),
    ...(part.length < found.length ? { next } : {}),
  };
}

type Stored = Pick<UsageRecord, 'body'> & { readonly entry: LedgerEntry };

async function storedRecord(
  deps: SigningDeps,
  tenant: string,
  entry: LedgerEntry,
): Promise<Stored> {
  const { event } = entry;
  const hash = event.type === 'key_usage' ? event.recordSha256 : '';
  const found = await deps.signing.list(tenant, 'record', { state: hash }, { limit: 1 });
  const [{ body } = {}] = found;
  if (!body || recordHash(body) !== hash) throw new CinnabarError('storage_unavailable');
  return { body, entry };
}

/** The certificates that the records name, and what is above them. */
async function certificatesOf(deps: SigningDeps, records: readonly Stored[]) {
  const serials = new Set(
    records.flatMap(({ body }) => [
      body.institutionSerial,
      body.personSerial,
      ...body.approvals.map(({ serial }) => serial),
    ]),
  );
  const found = await Promise.all([...serials].map((serial) => findCertificate(deps, serial)));
  const issued = found.filter((one) => one?.der !== undefined);
  const issuers = new Map(
    issued.flatMap((one) => (one ? [[`${one.algorithm}/${one.issuer}`, one] as const] : [])),
  );
  const authorities = await Promise.all(
    [...issuers.values()].map((certificate) => authorityOf(deps, certificate)),
  );
  return {
    certificates: issued.flatMap((one) => (one?.der ? [base64Text(one.der)] : [])),
    authorities: authorities.flatMap(({ issuing, root }) => [issuing, root]).map(base64Text),
  };
}
