import { type Client, createClient } from '../../client/index.ts';
import { withPersonalKey } from '../../client/personal-key.ts';
import {
  registerSessionKeys,
  renewDueKeys,
  type TerminalOptions,
  terminalFetch,
} from '../../client/session.ts';
import { sessionKeysEnd } from '../../client/session-keys.ts';
import { certificatesIn } from '../../lib/pem.ts';
import { guardedSoftware } from '../guard/register.ts';
import type { OpenTerminal } from '../person/terminal.ts';
import { browserTerminals } from '../person/vault.ts';
import { client, identity, openClient } from '../session.ts';

const terminals = browserTerminals();

/**
 * Whether this browser has session keys of the device whose time is not over; without them it pays
 * nothing, and the person registers it again.
 */
export async function hasSessionKeys(terminalId: string): Promise<boolean> {
  const kept = await terminals.load(terminalId);
  return kept !== undefined && sessionKeysEnd(kept.current) > Date.now();
}

/**
 * Makes session keys in this browser, for the person's signature with both halves of the personal
 * key, and keeps the roots of this moment: whoever vouches for the service later must stand below
 * them (E6).
 */
export async function makeSessionKeys({ terminal }: OpenTerminal, keyId: string): Promise<void> {
  await terminals.pin(keyId, rootsIn(await openClient.certificateAuthorities()));
  const options = await optionsOf(keyId);
  await withPersonalKey(terminal, keyId, (key) => registerSessionKeys(options, key));
  clients.delete(nameOf(keyId));
}

/** The service names each issuing authority before its root. */
const rootsIn = (authorities: string) => certificatesIn(authorities).filter((_, i) => i % 2 === 1);

const clients = new Map<string, Client>();
const nameOf = (terminalId: string) => `${identity.value?.id} ${terminalId}`;

/** Speaks to the service as the device: every request travels encrypted inside its session (E6). */
export function payingClient(terminalId: string): Client {
  const name = nameOf(terminalId);
  let inside: typeof fetch | undefined;
  const known =
    clients.get(name) ??
    createClient({
      fetch: async (...request) => {
        inside ??= terminalFetch(await optionsOf(terminalId));
        return inside(...request);
      },
    });
  clients.set(name, known);
  return known;
}

/** Renews the device's keys if they are due, inside a session and without the person (E5). */
export async function renewKeysOf(terminalId: string): Promise<void> {
  if (await renewDueKeys(await optionsOf(terminalId))) clients.delete(nameOf(terminalId));
}

async function optionsOf(terminalId: string): Promise<TerminalOptions> {
  return {
    client,
    tenant: identity.value?.institution.id ?? '',
    owner: identity.value?.id ?? '',
    terminalId,
    vault: terminals,
    roots: await terminals.roots(terminalId),
    software: guardedSoftware,
    now: Date.now,
  };
}
