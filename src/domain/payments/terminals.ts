import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed, type RowEntry, type RowStore, settleRows } from '../row-store.ts';
import { getPersonalKey } from '../signing/personal-keys.ts';
import type { TerminalDeps, TerminalRows } from '../terminals/ports.ts';
import { revokeTerminalKeys } from '../terminals/terminal-keys.ts';
import { keyStoreOf } from '../tokens/attestation.ts';
import { getPasskey } from '../tokens/passkeys.ts';
import type { TokenDeps } from '../tokens/ports.ts';
import type { Devices, PaymentRows } from './ports.ts';
import type { PaymentTerminal } from './types.ts';

export interface PayingDeviceDeps extends TerminalDeps, Pick<TokenDeps, 'tokens'> {
  readonly paymentRows: RowStore<PaymentRows>;
}

/**
 * Registers the device that holds the terminal's share of a personal key. Once per key: repeated, it
 * is the same device, and one that was revoked stays so. A device without a passkey may get one, and
 * counts as new from then on; what a passkey guards stays so.
 *
 * @throws CinnabarError `personal_key_not_found`, `personal_key_state` when the key is not active,
 * `passkey_not_found`, `audit_unavailable`
 */
export async function registerTerminal(
  deps: PayingDeviceDeps,
  caller: Caller,
  { personalKeyId, passkeyId }: { readonly personalKeyId: string; readonly passkeyId?: string },
): Promise<PaymentTerminal> {
  const { tenant, id: owner } = caller.actor;
  const passkey =
    passkeyId === undefined ? undefined : await getPasskey(deps, caller.actor, passkeyId);
  const guard = passkey
    ? ({ passkeyId: passkey.id, keyStore: keyStoreOf(passkey.attestation) } as const)
    : ({ keyStore: 'unknown' } as const);
  const key = await getPersonalKey(deps, caller.actor, personalKeyId);
  if (key.state !== 'active') throw new CinnabarError('personal_key_state');
  return audited(deps.audit, caller, operationOf('terminal.register', key.id), () =>
    settleRows(deps.paymentRows, tenant, async () => {
      const earlier = await deps.paymentRows.find(tenant, 'terminal', key.id);
      const isGuarded = earlier?.passkeyId !== undefined || passkeyId === undefined;
      if (earlier && (earlier.state === 'revoked' || isGuarded)) {
        return { result: earlier, write: [] };
      }
      const terminal: PaymentTerminal = {
        tenant,
        id: key.id,
        revision: (earlier?.revision ?? 0) + 1,
        owner,
        label: earlier?.label ?? key.label,
        state: 'active',
        ...guard,
        enrolledAtMs: deps.clock.now(),
      };
      return { result: terminal, write: [entryOf(terminal)] };
    }),
  );
}

/** Gives an own device another name. @throws CinnabarError `terminal_not_found`, `audit_unavailable` */
export async function renameTerminal(
  deps: PayingDeviceDeps,
  caller: Caller,
  { id, label }: { readonly id: string; readonly label: string },
): Promise<PaymentTerminal> {
  const { tenant } = caller.actor;
  await ownTerminal(deps, caller.actor, id);
  return audited(deps.audit, caller, operationOf('terminal.rename', id), () =>
    settleRows(deps.paymentRows, tenant, async () => {
      const terminal = await ownTerminal(deps, caller.actor, id);
      if (terminal.label === label) return { result: terminal, write: [] };
      const renamed = changed(terminal, { label });
      return { result: renamed, write: [entryOf(renamed)] };
    }),
  );
}

/** From then on no order comes from it. @throws CinnabarError `terminal_not_found` */
export async function revokeTerminal(
  deps: PayingDeviceDeps,
  caller: Caller,
  id: string,
): Promise<PaymentTerminal> {
  const { tenant } = caller.actor;
  await ownTerminal(deps, caller.actor, id);
  return audited(deps.audit, caller, operationOf('terminal.revoke', id), async () => {
    const revoked = await settleRows(deps.paymentRows, tenant, async () => {
      const terminal = await ownTerminal(deps, caller.actor, id);
      if (terminal.state === 'revoked') return { result: terminal, write: [] };
      const changedRow = changed(terminal, { state: 'revoked' });
      return { result: changedRow, write: [entryOf(changedRow)] };
    });
    await revokeTerminalKeys(deps, caller, id);
    return revoked;
  });
}

async function ownTerminal(deps: PayingDeviceDeps, { tenant, id: owner }: Actor, id: string) {
  const terminal = await deps.paymentRows.find(tenant, 'terminal', id);
  if (terminal?.owner !== owner) throw new CinnabarError('terminal_not_found');
  return terminal;
}

export function listTerminals(
  deps: Pick<PayingDeviceDeps, 'paymentRows'>,
  { tenant, id: owner }: Actor,
  page: PageRequest,
): Promise<Page<PaymentTerminal>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.paymentRows.list(tenant, 'terminal', { owner }, request),
  );
}

/** The devices of payers, as assessments see them. */
export function rowDevices(
  rows: RowStore<PaymentRows>,
  terminalRows: RowStore<TerminalRows>,
): Devices {
  return {
    async hasSessionKeys(tenant, terminalId) {
      return (await terminalRows.find(tenant, 'terminal-keys', terminalId)) !== undefined;
    },
    async find(tenant, actor, terminalId) {
      const terminal = await rows.find(tenant, 'terminal', terminalId);
      if (terminal?.owner !== actor || terminal.state !== 'active') return undefined;
      const { enrolledAtMs, keyStore, passkeyId } = terminal;
      return { enrolledAtMs, keyStore, ...(passkeyId === undefined ? {} : { passkeyId }) };
    },
  };
}

function entryOf(row: PaymentTerminal): RowEntry<PaymentRows> {
  return { kind: 'terminal', row, owner: row.owner, parent: '', state: row.state };
}

function operationOf(action: AuditAction, id: string) {
  return { action, subject: `terminal:${id}`, detail: {} };
}
