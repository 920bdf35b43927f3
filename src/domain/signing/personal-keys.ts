import { bytesToHex } from '@noble/hashes/utils.js';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import { keygenContext } from '../../core/two-party-context.ts';
import type { Receipt } from '../../core/usage/receipt.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { type Operation as AuditOperation, audited } from '../audit/record.ts';
import { getCertificate } from '../certificates/find.ts';
import { revokeCertificate } from '../certificates/status.ts';
import type { Certificate } from '../certificates/types.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed } from '../row-store.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import { noStrikes } from './strikes.ts';
import type { PersonalKey } from './types.ts';

/** Devices of one person that may each hold a key. */
export const personalKeysMax = 8;

export interface NewPersonalKey {
  /** The id to give: the key's name in every protocol message. */
  readonly id: string;
  readonly label: string;
  /** Names this run of key generation. */
  readonly sessionId: string;
  /** The terminal's commitment to its public share. */
  readonly commitment: Uint8Array;
}

/**
 * First round of key generation (C2): a chip makes its share and answers the terminal's commitment.
 *
 * A run that broke off is begun anew under another session; the share of the old one is never used.
 *
 * @throws CinnabarError `personal_keys_too_many`, `personal_key_state` for a key that has been made,
 * `protocol_failed`, `chips_unavailable`, `audit_unavailable`
 */
export async function startPersonalKey(
  deps: SigningDeps,
  caller: Caller,
  request: NewPersonalKey,
): Promise<{ readonly key: PersonalKey; readonly message: Uint8Array }> {
  const { tenant, id: owner } = caller.actor;
  const { id, label, sessionId, commitment } = request;
  const key = await settle(deps, tenant, async () => {
    const earlier = await deps.signing.find(tenant, 'personal-key', id);
    if (earlier) {
      assertOwn(earlier, caller.actor);
      if (earlier.state !== 'pending') throw new CinnabarError('personal_key_state');
      const again = changed(earlier, { sessionId, label });
      return { result: again, write: [entryOf('personal-key', again)] };
    }
    await assertRoom(deps, caller.actor);
    const fresh: PersonalKey = {
      tenant,
      id,
      revision: 1,
      state: 'pending',
      owner,
      label,
      publicKeyHex: '',
      sessionId,
      strikes: noStrikes,
      createdAtMs: deps.clock.now(),
    };
    return { result: fresh, write: [entryOf('personal-key', fresh)] };
  });
  const ctx = keygenContext({ tenant, keyId: id }, sessionId);
  const message = await audited(deps.audit, caller, operationOf('personal_key.start', key), () =>
    deps.shares.keygenReply({ tenant, keyId: id, sessionId, ctx, commitment }),
  );
  return { key, message };
}

async function assertRoom(deps: SigningDeps, { tenant, id: owner }: Actor): Promise<void> {
  const page = { limit: personalKeysMax + 1 };
  const held = await Promise.all(
    ['active', 'pending'].map((state) =>
      deps.signing.list(tenant, 'personal-key', { owner, state }, page),
    ),
  );
  if (held.flat().length >= personalKeysMax) throw new CinnabarError('personal_keys_too_many');
}

/**
 * Second round: the terminal opens its commitment, and at least two chips hold the other share.
 * Repeated, it finds the key of the first.
 *
 * @throws CinnabarError `personal_key_not_found`, `protocol_failed` when the opening is not what was
 * committed to, `share_session_lost`, `chips_unavailable`, `audit_unavailable`
 */
export async function finishPersonalKey(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly id: string; readonly sessionId: string; readonly opening: Uint8Array },
): Promise<PersonalKey> {
  const { tenant } = caller.actor;
  const { id, sessionId, opening } = request;
  const key = await getPersonalKey(deps, caller.actor, id);
  if (key.state === 'active' && key.sessionId === sessionId) return key;
  if (key.state !== 'pending' || key.sessionId !== sessionId) {
    throw new CinnabarError('personal_key_state');
  }
  return audited(deps.audit, caller, operationOf('personal_key.finish', key), async () => {
    const share = await deps.shares.keygenFinish({ tenant, keyId: id, sessionId, opening });
    const publicKeyHex = bytesToHex(parsePublicKey(share.publicKey).key);
    const attestation = await deps.shares.attest(tenant, id);
    const finished = await settle(deps, tenant, async () => {
      const current = await getPersonalKey(deps, caller.actor, id);
      if (current.state !== 'pending') return { result: current, write: [] };
      const active = changed(current, { state: 'active', publicKeyHex, attestation });
      return { result: active, write: [entryOf('personal-key', active)] };
    });
    if (finished.state !== 'withdrawn') return finished;
    // It was withdrawn while the chips finished: nothing may be left there.
    await wiped(deps, finished);
    throw new CinnabarError('personal_key_state');
  });
}

/**
 * Withdraws a key for good (C9): its certificate is revoked, and then its share is wiped from every
 * chip, whose tombstones say so. In this order, so that whoever relies on the certificate is told
 * before there is nothing left to go on with. Repeated, it goes on where it stopped.
 *
 * @throws CinnabarError `personal_key_not_found`, `chips_unavailable`, `ledger_unavailable`,
 * `audit_unavailable`
 */
export async function withdrawPersonalKey(
  deps: SigningDeps,
  caller: Caller,
  id: string,
  reason: 'ended' | 'lost' = 'ended',
): Promise<{ readonly key: PersonalKey; readonly tombstones: readonly Receipt[] }> {
  const { tenant } = caller.actor;
  const key = await getPersonalKey(deps, caller.actor, id);
  return audited(deps.audit, caller, operationOf('personal_key.withdraw', key), async () => {
    // First here, then in the chips: from now on nobody is answered, whatever happens in between.
    const withdrawn = await settle(deps, tenant, async () => {
      const current = await getPersonalKey(deps, caller.actor, id);
      if (current.state === 'withdrawn') return { result: current, write: [] };
      const next = changed(current, { state: 'withdrawn', withdrawnAtMs: deps.clock.now() });
      return { result: next, write: [entryOf('personal-key', next)] };
    });
    await revokeOver(deps, caller, withdrawn, reason);
    return { key: withdrawn, tombstones: await wiped(deps, withdrawn) };
  });
}

/** Wipes the chips' share. Of a key that was never finished here they may have one, or none. */
async function wiped(
  { shares }: SigningDeps,
  { tenant, id, publicKeyHex }: PersonalKey,
): Promise<readonly Receipt[]> {
  try {
    return (await shares.destroy(tenant, id, `withdraw:${id}`)).tombstones;
  } catch (error) {
    const isNone = error instanceof CinnabarError && error.code === 'key_not_found';
    if (isNone && publicKeyHex === '') return [];
    throw error;
  }
}

const revocationOf = { ended: 'cessationOfOperation', lost: 'keyCompromise' } as const;

async function revokeOver(
  deps: SigningDeps,
  caller: Caller,
  { id, certificateSerial: serialHex }: PersonalKey,
  reason: 'ended' | 'lost',
): Promise<void> {
  if (serialHex === undefined) return;
  const { state } = await getCertificate(deps, caller.actor, serialHex);
  if (state === 'revoked') return;
  await revokeCertificate(deps, caller, { serialHex, id, reason: revocationOf[reason] });
}

/** @throws CinnabarError `personal_key_not_found`, `audit_unavailable` */
export async function renamePersonalKey(
  deps: SigningDeps,
  caller: Caller,
  id: string,
  label: string,
): Promise<PersonalKey> {
  const key = await getPersonalKey(deps, caller.actor, id);
  return audited(deps.audit, caller, operationOf('personal_key.rename', key), () =>
    settle(deps, caller.actor.tenant, async () => {
      const next = changed(await getPersonalKey(deps, caller.actor, id), { label });
      return { result: next, write: [entryOf('personal-key', next)] };
    }),
  );
}

/**
 * Names the certificate that was issued over the key (C3).
 *
 * @throws CinnabarError `personal_key_not_found`, `certificate_not_found` when it is over another key
 */
export async function bindCertificate(
  deps: SigningDeps,
  caller: Caller,
  id: string,
  certificate: Pick<Certificate, 'serialHex' | 'spki'>,
): Promise<PersonalKey> {
  return settle(deps, caller.actor.tenant, async () => {
    const key = await getPersonalKey(deps, caller.actor, id);
    if (bytesToHex(parsePublicKey(certificate.spki).key) !== key.publicKeyHex) {
      throw new CinnabarError('certificate_not_found');
    }
    const { serialHex } = certificate;
    if (key.certificateSerial === serialHex) return { result: key, write: [] };
    const next = changed(key, { certificateSerial: serialHex });
    return { result: next, write: [entryOf('personal-key', next)] };
  });
}

/** A key of the actor itself: to others it was never made. @throws `personal_key_not_found` */
export async function getPersonalKey(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<PersonalKey> {
  const key = await deps.signing.find(actor.tenant, 'personal-key', id);
  if (!key) throw new CinnabarError('personal_key_not_found');
  assertOwn(key, actor);
  return key;
}

function assertOwn(key: PersonalKey, actor: Actor): void {
  if (key.owner !== actor.id) throw new CinnabarError('personal_key_not_found');
}

export function listPersonalKeys(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<PersonalKey>> {
  return readPage(
    page,
    (key) => key.id,
    (request) => deps.signing.list(actor.tenant, 'personal-key', { owner: actor.id }, request),
  );
}

export function operationOf(action: AuditAction, key: PersonalKey): AuditOperation {
  return { action, subject: `personal_key:${key.id}`, detail: {} };
}
