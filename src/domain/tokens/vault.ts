import { utf8ToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { openedBytes, sealedBytes } from '../sealed.ts';
import type { TokenDeps } from './ports.ts';
import type { KnownFact } from './release.ts';
import type { Vault } from './types.ts';

type VaultDeps = Pick<TokenDeps, 'random' | 'templateKeys'>;

/**
 * Encrypts facts for the life of a family, so that its later tokens can be sealed to the same or
 * other systems.
 *
 * @throws CinnabarError `chips_unavailable`
 */
export async function closeVault(
  deps: VaultDeps,
  tenant: string,
  family: string,
  facts: readonly KnownFact[],
): Promise<Vault | undefined> {
  if (facts.length === 0) return undefined;
  return sealedBytes(deps, tenant, contextOf(family), utf8ToBytes(JSON.stringify(facts)));
}

/** @throws CinnabarError `chips_unavailable`, `template_unreadable` for one that does not open */
export async function openVault(
  deps: VaultDeps,
  tenant: string,
  family: string,
  vault: Vault | undefined,
): Promise<readonly KnownFact[]> {
  if (!vault) return [];
  const plaintext = await openedBytes(deps, tenant, contextOf(family), vault);
  // What `closeVault` wrote, authenticated just now.
  const facts = JSON.parse(new TextDecoder().decode(plaintext)) as readonly Partial<KnownFact>[];
  // Kept before every label was: what else is in it is not known, so it goes to nobody.
  return facts.filter((fact): fact is KnownFact => fact.labels !== undefined);
}

/** The chip that wraps the key binds it to its family. */
function contextOf(family: string): Uint8Array {
  return tupleBytes('cinnabar token facts 1', family);
}
