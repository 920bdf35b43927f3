import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { signContext } from '../../core/two-party-context.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import type { ShareReply } from '../chips/shares.ts';
import { CinnabarError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import { isLocked, struck } from './strikes.ts';
import type { PersonalKey } from './types.ts';

/** How long one signature may keep the key to itself. */
export const signatureLifeMs = 60_000;

export interface CoSignRequest {
  readonly keyId: string;
  /** Names this signature. The chips answer it once; repeated as it was, they answer the same. */
  readonly requestId: string;
  /** Of the terminal's share. */
  readonly epoch: number;
  /** First message of `gm.twoParty.sign`. */
  readonly message: Uint8Array;
}

/** What the service approved to be signed. */
export interface Approved {
  readonly purpose: string;
  readonly bytes: Uint8Array;
  /** Throws when it may not be signed any more: asked last, with nothing between it and the chips. */
  readonly assertStands?: () => Promise<void>;
}

/**
 * The cloud's half of a signature (C2): the reply to the terminal's message, over bytes that the
 * service itself approved and of which the chip computes the digest. What the terminal believes to
 * sign does not count here.
 *
 * One signature of a key at a time. A failed run is a strike; the third within ten minutes locks
 * the key for an hour.
 *
 * @throws CinnabarError `personal_key_not_found`, `personal_key_state`, `personal_key_locked`,
 * `personal_key_busy`, `protocol_failed`, `share_epoch_unknown`, `chips_unavailable`,
 * `audit_unavailable`, and whatever `assertStands` throws
 */
export async function coSign(
  deps: SigningDeps,
  caller: Caller,
  request: CoSignRequest,
  approved: Approved,
): Promise<ShareReply> {
  const { tenant } = caller.actor;
  const { keyId, requestId, epoch, message } = request;
  const key = await claim(deps, caller, request);
  const gm = await loadGm();
  const { bytes: text } = approved;
  const e = gm.sm2.digest(hexToBytes(key.publicKeyHex), text);
  const ctx = signContext({ tenant, keyId }, epoch, requestId);
  const operation: Operation = {
    action: 'personal_key.sign',
    subject: `personal_key:${keyId}`,
    detail: { purpose: approved.purpose, digestHex: bytesToHex(e) },
  };
  let failed = false;
  try {
    return await audited(deps.audit, caller, operation, async () => {
      await approved.assertStands?.();
      return deps.shares.sign({ tenant, keyId, requestId, epoch, text, ctx, message });
    });
  } catch (error) {
    failed = error instanceof CinnabarError && error.code === 'protocol_failed';
    throw error;
  } finally {
    await release(deps, caller, request, failed);
  }
}

/** Takes the key for one signature. */
function claim(deps: SigningDeps, caller: Caller, request: CoSignRequest): Promise<PersonalKey> {
  const { tenant } = caller.actor;
  const { keyId, requestId } = request;
  return settle(deps, tenant, async () => {
    const key = await getPersonalKey(deps, caller.actor, keyId);
    const nowMs = deps.clock.now();
    if (key.state !== 'active') throw new CinnabarError('personal_key_state');
    if (isLocked(key.strikes, nowMs)) throw new CinnabarError('personal_key_locked');
    if (key.busy && key.busy.requestId !== requestId && nowMs < key.busy.untilMs) {
      throw new CinnabarError('personal_key_busy');
    }
    const busy = { requestId, untilMs: nowMs + signatureLifeMs };
    const claimed = changed(key, { busy });
    return { result: claimed, write: [entryOf('personal-key', claimed)] };
  });
}

function release(
  deps: SigningDeps,
  caller: Caller,
  { keyId, requestId }: CoSignRequest,
  failed: boolean,
): Promise<void> {
  return settle(deps, caller.actor.tenant, async () => {
    const { busy, ...key } = await getPersonalKey(deps, caller.actor, keyId);
    if (busy?.requestId !== requestId && !failed) return { result: undefined, write: [] };
    const strikes = failed ? struck(key.strikes, deps.clock.now()) : key.strikes;
    const kept = busy && busy.requestId !== requestId ? { busy } : {};
    const released: PersonalKey = { ...key, ...kept, strikes, revision: key.revision + 1 };
    return { result: undefined, write: [entryOf('personal-key', released)] };
  });
}
