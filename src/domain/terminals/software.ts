import { manifestHash, parseManifest, releaseStatement } from '../../core/software/manifest.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import type { Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { type KeyRecord, serviceTenant } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed, type RowEntry, settleRows } from '../row-store.ts';
import type { TerminalDeps, TerminalRows } from './ports.ts';
import type { SoftwareHead, SoftwareRelease } from './types.ts';

const kind = 'software';
const headId = 'newest';

/** The key manager's key, with which software is signed; made in the chips on first use. */
export function softwareKey({ keys }: Pick<TerminalDeps, 'keys'>): Promise<KeyRecord> {
  const id = derivedUuid('cinnabar/terminal-software');
  const owner = 'terminal-software';
  return keys.create({ tenant: serviceTenant, id, algorithm: 'p256', uses: ['sign'], owner });
}

/**
 * Signs a manifest, writes it into the ledger and lets terminals run it (E5). Repeated, it is the same
 * release; what was revoked stays so.
 *
 * @throws CinnabarError `invalid_request`, `software_refused` when it was revoked,
 * `chips_unavailable`, `ledger_unavailable`, `audit_unavailable`
 */
export async function releaseSoftware(
  deps: TerminalDeps,
  caller: Caller,
  manifest: string,
): Promise<SoftwareRelease> {
  const parsed = parseManifest(manifest);
  if (!parsed) {
    const fields = [{ pointer: '/body/manifest', code: 'malformed' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  const id = manifestHash(manifest);
  return audited(deps.audit, caller, operationOf('software.release', id), async () => {
    const at = instantText(deps.clock.now());
    const event = { v: 1, type: 'software', subject: `software/${id}`, at } as const;
    await deps.ledger.appendNext(
      { ...event, manifestSha256: id, version: parsed.version },
      { requestId: id },
    );
    return settleRows(deps.terminalRows, serviceTenant, async () => {
      const earlier = await deps.terminalRows.find(serviceTenant, kind, id);
      if (earlier?.state === 'revoked') throw new CinnabarError('software_refused');
      if (earlier?.sequence !== undefined) return { result: earlier, write: [] };
      const newest = await deps.terminalRows.find(serviceTenant, 'software-head', headId);
      const sequence = (newest?.sequence ?? 0) + 1;
      const release: SoftwareRelease = {
        tenant: serviceTenant,
        id,
        revision: (earlier?.revision ?? 0) + 1,
        version: parsed.version,
        manifest,
        sequence,
        signature: await signedRelease(deps, id, sequence),
        state: 'released',
        releasedBy: caller.actor.id,
        releasedAtMs: deps.clock.now(),
      };
      const revision = (newest?.revision ?? 0) + 1;
      const head = { tenant: serviceTenant, id: headId, revision, sequence };
      return { result: release, write: [entryOf(release), headEntry(head)] };
    });
  });
}

/** Two releases at once meet at the head; the number that was not taken is signed for nobody. */
async function signedRelease(deps: TerminalDeps, id: string, sequence: number): Promise<string> {
  const key = await softwareKey(deps);
  const { signature } = await deps.keys.sign({
    tenant: serviceTenant,
    keyId: key.id,
    requestId: `software:${id}:${sequence}`,
    scheme: 'ecdsa-p256-sha256',
    format: 'raw',
    message: releaseStatement(id, sequence),
  });
  return base64urlText(signature);
}

/**
 * From now on no session is opened by this software, and the loader of a page that still runs it
 * stops it at its next look.
 *
 * @throws CinnabarError `software_not_found`, `audit_unavailable`
 */
export async function revokeSoftware(
  deps: TerminalDeps,
  caller: Caller,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<SoftwareRelease> {
  await getSoftware(deps, id);
  return audited(deps.audit, caller, operationOf('software.revoke', id), () =>
    settleRows(deps.terminalRows, serviceTenant, async () => {
      const release = await getSoftware(deps, id);
      if (release.state === 'revoked') return { result: release, write: [] };
      const revocation = { by: caller.actor.id, atMs: deps.clock.now(), reason };
      const revoked = changed(release, { state: 'revoked', revocation });
      return { result: revoked, write: [entryOf(revoked)] };
    }),
  );
}

/** @throws CinnabarError `software_not_found` */
export async function getSoftware(
  deps: Pick<TerminalDeps, 'terminalRows'>,
  id: string,
): Promise<SoftwareRelease> {
  const release = await deps.terminalRows.find(serviceTenant, kind, id);
  if (!release) throw new CinnabarError('software_not_found');
  return release;
}

export function listSoftware(
  deps: Pick<TerminalDeps, 'terminalRows'>,
  page: PageRequest,
): Promise<Page<SoftwareRelease>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.terminalRows.list(serviceTenant, kind, {}, request),
  );
}

/**
 * A terminal opens sessions by software that is released and not revoked. Where nothing was ever
 * released there is nothing to compare with, and a terminal may name none.
 *
 * What a terminal says of itself proves nothing about what it runs: this keeps honest terminals from
 * running what was withdrawn, and no others.
 *
 * @returns the number of the release; 0 for none
 * @throws CinnabarError `software_refused`
 */
export async function softwareOf(
  deps: Pick<TerminalDeps, 'terminalRows'>,
  hash: string,
): Promise<number> {
  if (hash === '') {
    const [any] = await deps.terminalRows.list(serviceTenant, kind, {}, { limit: 1 });
    if (any) throw new CinnabarError('software_refused');
    return 0;
  }
  const release = await deps.terminalRows.find(serviceTenant, kind, hash);
  if (release?.state !== 'released') throw new CinnabarError('software_refused');
  return release.sequence ?? 0;
}

function entryOf(row: SoftwareRelease): RowEntry<TerminalRows> {
  return { kind, row, owner: row.releasedBy, parent: '', state: row.state };
}

function headEntry(row: SoftwareHead): RowEntry<TerminalRows> {
  return { kind: 'software-head', row, owner: '', parent: '', state: 'newest' };
}

function operationOf(action: AuditAction, id: string) {
  return { action, subject: `software:${id}`, detail: {} };
}
