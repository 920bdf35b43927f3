import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Pin } from './types.ts';

export const pinTriesMax = 10;
export const pinVerifierBytes = 32;
const pepperBytes = 32;

/**
 * Sets or changes the PIN of a personal key and gives the new pepper.
 *
 * @throws CinnabarError `personal_key_not_found`, `personal_key_state`, `chips_unavailable`
 */
export async function setPin(
  deps: SigningDeps,
  caller: Caller,
  keyId: string,
  verifier: Uint8Array,
): Promise<{ readonly pepper: Uint8Array }> {
  const { tenant } = caller.actor;
  const key = await getPersonalKey(deps, caller.actor, keyId);
  if (key.state === 'withdrawn') throw new CinnabarError('personal_key_state');
  const pepper = deps.random.bytes(pepperBytes);
  const context = pepperContext(keyId);
  const [wrapped] = await deps.templateKeys.wrap(tenant, [{ dataKey: pepper, context }]);
  const verifierHashHex = await hashOf(verifier);
  const operation: Operation = { action: 'pin.set', subject: `personal_key:${keyId}`, detail: {} };
  await audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const earlier = await deps.signing.find(tenant, 'pin', keyId);
      const pin: Pin = {
        tenant,
        id: keyId,
        revision: (earlier?.revision ?? 0) + 1,
        owner: key.owner,
        verifierHashHex,
        wrappedPepper: base64urlText(wrapped ?? new Uint8Array(0)),
        triesLeft: pinTriesMax,
      };
      return { result: undefined, write: [entryOf('pin', pin)] };
    }),
  );
  return { pepper };
}

/**
 * The pepper, for who proves to know the PIN. A wrong proof costs one of ten tries, counted before
 * the answer; after the last one the share on the terminal is lost, and a new key is made.
 *
 * @throws CinnabarError `pin_wrong`, `pin_locked`, `personal_key_not_found`, `chips_unavailable`
 */
export async function usePin(
  deps: SigningDeps,
  caller: Caller,
  keyId: string,
  verifier: Uint8Array,
): Promise<{ readonly pepper: Uint8Array }> {
  const { tenant } = caller.actor;
  await getPersonalKey(deps, caller.actor, keyId);
  const given = await hashOf(verifier);
  const operation: Operation = { action: 'pin.use', subject: `personal_key:${keyId}`, detail: {} };
  return audited(deps.audit, caller, operation, async () => {
    const pin = await settle(deps, tenant, async () => {
      const current = await deps.signing.find(tenant, 'pin', keyId);
      if (!current) throw new CinnabarError('pin_wrong');
      if (current.triesLeft === 0) throw new CinnabarError('pin_locked');
      // Hashes of secrets may be compared as texts: where they differ tells nothing about them.
      const isRight = current.verifierHashHex === given;
      const triesLeft = isRight ? pinTriesMax : current.triesLeft - 1;
      const next = changed(current, { triesLeft });
      return { result: { pin: next, isRight }, write: [entryOf('pin', next)] };
    });
    if (!pin.isRight) throw new CinnabarError('pin_wrong');
    const wrappedKey = base64urlBytes(pin.pin.wrappedPepper) ?? new Uint8Array(0);
    const context = pepperContext(keyId);
    const [pepper] = await deps.templateKeys.unwrap(tenant, [{ wrappedKey, context }]);
    if (!pepper) throw new CinnabarError('chips_unavailable');
    return { pepper };
  });
}

function pepperContext(keyId: string): Uint8Array {
  return tupleBytes('cinnabar pin pepper 1', keyId);
}

async function hashOf(verifier: Uint8Array): Promise<string> {
  return bytesToHex((await loadGm()).sm3(verifier));
}
