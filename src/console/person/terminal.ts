import { ApiError, type Client, type PasskeyGesture } from '../../client/index.ts';
import { CloudMisbehaved, type KeyTerminal } from '../../client/personal-key.ts';
import {
  passkeyProtection,
  pinProtection,
  type ShareProtection,
} from '../../client/share-protection.ts';
import { ShareUnreadable } from '../../client/terminal-share.ts';
import type { PasskeyOptions } from '../../client/types.ts';
import { client, identity } from '../session.ts';
import { askPasskey, ownQuestion } from './passkey.ts';
import type { ShownPayment } from './spc.ts';
import { browserVault } from './vault.ts';

export const vault = browserVault();

/** This browser as the terminal of a personal key, and what its passkey answered on the way. */
export interface OpenTerminal {
  readonly terminal: KeyTerminal;
  readonly gesture: () => PasskeyGesture | undefined;
}

/**
 * A terminal whose share a passkey guards. With `ask` the gesture that opens the share answers a
 * question of the service as well. `through` is what it speaks to the service by.
 */
export function passkeyTerminal(
  credentialId: string,
  ask: () => Promise<PasskeyOptions> = async () => ownQuestion(credentialId),
  through: Client = client,
  payment?: ShownPayment,
): OpenTerminal {
  let given: PasskeyGesture | undefined;
  const protection = passkeyProtection(credentialId, async (_, salt) => {
    const { gesture, prf } = await askPasskey(await ask(), salt, payment);
    given = gesture;
    return prf;
  });
  return { terminal: terminalWith(protection, through), gesture: () => given };
}

export function pinTerminal(pin: string, through: Client = client): OpenTerminal {
  const protection = pinProtection(through, pin);
  return { terminal: terminalWith(protection, through), gesture: () => undefined };
}

function terminalWith(protection: ShareProtection, through: Client): KeyTerminal {
  const tenant = identity.value?.institution.id ?? '';
  return { client: through, tenant, vault, protection, now: Date.now };
}

/** How the share of a key rests in this browser; undefined when it is on another device. */
export async function guardOf(
  keyId: string,
): Promise<{ readonly kind: 'passkey' | 'pin'; readonly credentialId: string } | undefined> {
  const stored = await vault.load(keyId);
  if (!stored) return undefined;
  const { protection: kind, credentialId = '' } = stored.current;
  return { kind, credentialId };
}

/** Errors of the terminal's own code, as words can be found for them. */
export async function inWords<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ShareUnreadable) throw new ApiError('share_unreadable_here', { cause });
    if (cause instanceof CloudMisbehaved) {
      throw new ApiError('cloud_misbehaved', { cause });
    }
    throw cause;
  }
}
