import { utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { refreshContext, refreshProof } from '../../core/two-party-context.ts';
import type { Caller } from '../actor.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { getPersonalKey, operationOf } from './personal-keys.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { PersonalKey } from './types.ts';

/**
 * First round of a refresh (C9): both shares are about to change, the public key is not. A run that
 * broke off is begun anew; until the last round the old shares go on working.
 *
 * @throws CinnabarError `personal_key_not_found`, `personal_key_state`, `protocol_failed`,
 * `chips_unavailable`, `audit_unavailable`
 */
export async function startRefresh(
  deps: SigningDeps,
  caller: Caller,
  request: {
    readonly keyId: string;
    readonly sessionId: string;
    /** Epoch of the share that the terminal holds now. */
    readonly epoch: number;
    readonly commitment: Uint8Array;
  },
): Promise<{ readonly message: Uint8Array }> {
  const { tenant } = caller.actor;
  const { keyId, sessionId, epoch, commitment } = request;
  const key = await settle(deps, tenant, async () => {
    const current = await activeKey(deps, caller, keyId);
    const next = changed(current, { refresh: { sessionId, fromEpoch: epoch } });
    return { result: next, write: [entryOf('personal-key', next)] };
  });
  const ctx = refreshContext({ tenant, keyId }, epoch, sessionId);
  const operation = operationOf('personal_key.refresh_start', key);
  const message = await audited(deps.audit, caller, operation, () =>
    deps.shares.refreshReply({ tenant, keyId, sessionId, ctx, commitment }),
  );
  return { message };
}

/**
 * Second round: from here on the chips answer for the old share and for the new one.
 *
 * @throws CinnabarError as `startRefresh`, `share_session_lost`
 */
export async function finishRefresh(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly keyId: string; readonly sessionId: string; readonly opening: Uint8Array },
): Promise<{ readonly epochs: readonly number[] }> {
  const { tenant } = caller.actor;
  const { keyId, sessionId, opening } = request;
  const key = await activeKey(deps, caller, keyId);
  if (key.refresh?.sessionId !== sessionId) throw new CinnabarError('personal_key_state');
  const operation = operationOf('personal_key.refresh_finish', key);
  const share = await audited(deps.audit, caller, operation, () =>
    deps.shares.refreshFinish({ tenant, keyId, sessionId, opening }),
  );
  return { epochs: share.shareEpochs };
}

/** What is signed with the new shares to show that the terminal holds its one. */
export function refreshProofText({ id, refresh }: PersonalKey): string {
  if (!refresh) throw new CinnabarError('personal_key_state');
  const { sessionId, fromEpoch } = refresh;
  return refreshProof({ keyId: id, sessionId, epoch: fromEpoch + 1 });
}

/**
 * Last round: a signature under the new epoch proves that the terminal can go on, and the chips
 * erase the old share. Before it nothing was lost; after it a stolen old share is worthless.
 *
 * @throws CinnabarError as `startRefresh`
 */
export async function commitRefresh(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly keyId: string; readonly signature: Uint8Array },
): Promise<PersonalKey> {
  const { tenant } = caller.actor;
  const { keyId, signature } = request;
  const key = await activeKey(deps, caller, keyId);
  if (!key.refresh) return key;
  const gm = await loadGm();
  const text = utf8ToBytes(refreshProofText(key));
  const { publicKey } = await deps.shares.find(tenant, keyId);
  const point = gm.keys.decodeSpki(publicKey);
  const e = gm.sm2.digest(point, text);
  // Here too: chips without a refresh to commit have nothing to check.
  if (!gm.sm2.verifyDigest(point, e, signature)) throw new CinnabarError('protocol_failed');
  const operation = operationOf('personal_key.refresh_commit', key);
  return audited(deps.audit, caller, operation, async () => {
    await deps.shares.refreshCommit({ tenant, keyId, e, signature });
    const attestation = await deps.shares.attest(tenant, keyId);
    return settle(deps, tenant, async () => {
      const { refresh, ...current } = await activeKey(deps, caller, keyId);
      if (!refresh) return { result: current, write: [] };
      const next = { ...current, attestation, revision: current.revision + 1 };
      return { result: next, write: [entryOf('personal-key', next)] };
    });
  });
}

async function activeKey(deps: SigningDeps, caller: Caller, id: string): Promise<PersonalKey> {
  const key = await getPersonalKey(deps, caller.actor, id);
  if (key.state !== 'active') throw new CinnabarError('personal_key_state');
  return key;
}
