import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { type TerminalPublicKeys, terminalKeysText } from '../../core/session/messages.ts';
import {
  loadSessionSuite,
  type SessionSuiteName,
  sessionSuites,
} from '../../core/session/suite.ts';
import type { Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { changed, type RowEntry, settleRows } from '../row-store.ts';
import { getPersonalKey } from '../signing/personal-keys.ts';
import { certifySessionKey } from './certify.ts';
import type { NewSession, TerminalDeps, TerminalRows } from './ports.ts';
import type { KeySet, TerminalKeys } from './types.ts';

/**
 * Makes keys those of a terminal, for its person's signature with both halves of the personal key
 * (E5, E6). Done again it replaces them and ends the terminal's sessions; a terminal that was revoked
 * stays so.
 *
 * @throws CinnabarError `personal_key_not_found`, `personal_key_state`, `invalid_request`,
 * `signature_invalid`, `terminal_not_found` when it was revoked, `chips_unavailable`
 */
export async function registerTerminalKeys(
  deps: TerminalDeps,
  caller: Caller,
  request: {
    readonly terminalId: string;
    readonly keys: TerminalPublicKeys;
    readonly signature: Uint8Array;
  },
): Promise<KeySet> {
  const { tenant, id: owner } = caller.actor;
  const { terminalId, keys, signature } = request;
  const personalKey = await getPersonalKey(deps, caller.actor, terminalId);
  if (personalKey.state !== 'active') throw new CinnabarError('personal_key_state');
  await assertKeys(keys);
  const text = utf8ToBytes(terminalKeysText({ tenant, terminalId }, keys));
  const gm = await loadGm();
  if (!gm.sm2.verify(hexToBytes(personalKey.publicKeyHex), text, signature)) {
    throw new CinnabarError('signature_invalid');
  }
  return audited(deps.audit, caller, operationOf('terminal.keys', terminalId), async () => {
    const current = await certifyAll(deps, tenant, terminalId, keys);
    await settleRows(deps.terminalRows, tenant, async () => {
      const earlier = await deps.terminalRows.find(tenant, 'terminal-keys', terminalId);
      if (earlier?.state === 'revoked') throw new CinnabarError('terminal_not_found');
      const revision = (earlier?.revision ?? 0) + 1;
      const { softwareSequence } = earlier ?? {};
      const own = { tenant, id: terminalId, revision, owner, state: 'active', current } as const;
      const row = softwareSequence === undefined ? own : { ...own, softwareSequence };
      return { result: undefined, write: [entryOf(row)] };
    });
    await deps.sessions.closeTerminal(tenant, owner, terminalId);
    return current;
  });
}

/**
 * Certifies the next keys of a terminal, which it asks for inside a session and so without its
 * person (E5). The present ones stay in force until a session under the next ones has carried a
 * message: whatever is lost on the way, one pair works.
 *
 * @throws CinnabarError `session_required` outside a session of this terminal, `invalid_request`,
 * `terminal_not_found`, `chips_unavailable`
 */
export async function renewTerminalKeys(
  deps: TerminalDeps,
  caller: Caller,
  request: { readonly terminalId: string; readonly keys: TerminalPublicKeys },
): Promise<KeySet> {
  const { tenant } = caller.actor;
  const { terminalId, keys } = request;
  if (caller.terminalId !== terminalId) throw new CinnabarError('session_required');
  await assertKeys(keys);
  return audited(deps.audit, caller, operationOf('terminal.keys_renew', terminalId), async () => {
    const next = await certifyAll(deps, tenant, terminalId, keys);
    await settleRows(deps.terminalRows, tenant, async () => {
      const row = await activeKeys(deps, caller, terminalId);
      return { result: undefined, write: [entryOf(changed(row, { next }))] };
    });
    return next;
  });
}

/**
 * A session has carried its first message, so the terminal proved its key: next keys are in force if
 * the session is under them, and the terminal runs the software that it named.
 */
export function noteFirstMessage(
  deps: TerminalDeps,
  caller: Caller,
  session: Pick<NewSession, 'terminalId' | 'terminalCertificate' | 'softwareSequence'>,
): Promise<void> {
  const { tenant } = caller.actor;
  const { terminalId, terminalCertificate, softwareSequence } = session;
  return settleRows(deps.terminalRows, tenant, async () => {
    const { next, ...row } = await activeKeys(deps, caller, terminalId);
    const isNext = next !== undefined && hasCertificate(next, terminalCertificate);
    const isNewer = softwareSequence > (row.softwareSequence ?? 0);
    if (!isNext && !isNewer) return { result: undefined, write: [] };
    const keys = isNext ? { current: next } : next ? { next } : {};
    const noted = {
      ...row,
      ...keys,
      ...(isNewer ? { softwareSequence } : {}),
      revision: row.revision + 1,
    };
    return { result: undefined, write: [entryOf(noted)] };
  });
}

/** No session of the terminal from now on. Without keys there is nothing to do. */
export async function revokeTerminalKeys(
  deps: TerminalDeps,
  caller: Caller,
  terminalId: string,
): Promise<void> {
  const { tenant, id: owner } = caller.actor;
  await settleRows(deps.terminalRows, tenant, async () => {
    const row = await deps.terminalRows.find(tenant, 'terminal-keys', terminalId);
    if (row?.owner !== owner || row.state === 'revoked') return { result: undefined, write: [] };
    return { result: undefined, write: [entryOf(changed(row, { state: 'revoked' }))] };
  });
  await deps.sessions.closeTerminal(tenant, owner, terminalId);
}

/** The caller's own. @throws CinnabarError `terminal_not_found` when there are none, or no more */
export async function activeKeys(
  deps: Pick<TerminalDeps, 'terminalRows'>,
  { actor }: Caller,
  terminalId: string,
): Promise<TerminalKeys> {
  const row = await deps.terminalRows.find(actor.tenant, 'terminal-keys', terminalId);
  if (row?.owner !== actor.id || row.state !== 'active') {
    throw new CinnabarError('terminal_not_found');
  }
  return row;
}

export function hasCertificate(set: KeySet, hash: string): boolean {
  return sessionSuites.some((suite) => set[suite]?.certificateHash === hash);
}

/**
 * That the bytes are the text of this terminal's keys and nothing else, before half of a signature
 * is given over them.
 *
 * @throws CinnabarError `invalid_request`
 */
export function assertTerminalKeysText(
  bytes: Uint8Array,
  place: { readonly tenant: string; readonly terminalId: string },
): void {
  const text = new TextDecoder().decode(bytes);
  if (text !== rebuilt(text, place)) {
    const fields = [{ pointer: '/body/request', code: 'malformed' }];
    throw new CinnabarError('invalid_request', { fields });
  }
}

function rebuilt(text: string, place: { readonly tenant: string; readonly terminalId: string }) {
  try {
    const { keys } = JSON.parse(text) as { keys: Record<SessionSuiteName, string> };
    const entries = sessionSuites.flatMap((suite) => {
      const hex = keys[suite];
      return typeof hex === 'string' ? [[suite, hexToBytes(hex)] as const] : [];
    });
    return entries.length === 0 ? undefined : terminalKeysText(place, Object.fromEntries(entries));
  } catch {
    return undefined;
  }
}

async function assertKeys(keys: TerminalPublicKeys): Promise<void> {
  for (const suite of sessionSuites) {
    const key = keys[suite];
    if (key && !(await loadSessionSuite(suite)).isPublicKey(key)) {
      const fields = [{ pointer: `/body/keys/${suite}`, code: 'invalid' }];
      throw new CinnabarError('invalid_request', { fields });
    }
  }
}

async function certifyAll(
  deps: TerminalDeps,
  tenant: string,
  terminalId: string,
  keys: TerminalPublicKeys,
): Promise<KeySet> {
  const name = { commonName: terminalId, organization: tenant };
  const wanted = sessionSuites.flatMap((suite) => {
    const key = keys[suite];
    return key ? [{ suite, key }] : [];
  });
  const certified = await Promise.all(
    wanted.map(async ({ suite, key }) => {
      const made = await certifySessionKey(deps, 'terminal', name, suite, key);
      return [suite, made] as const;
    }),
  );
  return Object.fromEntries(certified);
}

function entryOf(row: TerminalKeys): RowEntry<TerminalRows> {
  return { kind: 'terminal-keys', row, owner: row.owner, parent: '', state: row.state };
}

function operationOf(action: AuditAction, terminalId: string) {
  return { action, subject: `terminal:${terminalId}`, detail: {} };
}
