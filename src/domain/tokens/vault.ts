import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { SensitiveFact } from '../../core/token/open.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import type { TokenDeps } from './ports.ts';
import type { Vault } from './types.ts';

type VaultDeps = Pick<TokenDeps, 'random' | 'templateKeys'>;

const dataKeyBytes = 32;
const header = { alg: 'dir', enc: 'A256GCM' };

/**
 * Encrypts facts for the life of a family, so that its later tokens can be sealed to the same or
 * other systems: a JWE under a fresh key that is wrapped in the chips.
 *
 * @throws CinnabarError `chips_unavailable`
 */
export async function closeVault(
  deps: VaultDeps,
  tenant: string,
  family: string,
  facts: readonly SensitiveFact[],
): Promise<Vault | undefined> {
  if (facts.length === 0) return undefined;
  const dataKey = deps.random.bytes(dataKeyBytes);
  const items = [{ dataKey, context: contextOf(family) }];
  const [wrapped] = await deps.templateKeys.wrap(tenant, items);
  if (!wrapped) throw new CinnabarError('chips_unavailable');
  const ciphertext = await new CompactEncrypt(utf8ToBytes(JSON.stringify(facts)))
    .setProtectedHeader(header)
    .encrypt(dataKey);
  return { wrappedKey: base64urlText(wrapped), ciphertext };
}

/** @throws CinnabarError `chips_unavailable`, `template_unreadable` for one that does not open */
export async function openVault(
  deps: VaultDeps,
  tenant: string,
  family: string,
  vault: Vault | undefined,
): Promise<readonly SensitiveFact[]> {
  if (!vault) return [];
  const wrappedKey = base64urlBytes(vault.wrappedKey) ?? new Uint8Array();
  const items = [{ wrappedKey, context: contextOf(family) }];
  const [dataKey] = await deps.templateKeys.unwrap(tenant, items);
  if (!dataKey) throw new CinnabarError('chips_unavailable');
  try {
    const { plaintext } = await compactDecrypt(vault.ciphertext, dataKey, {
      keyManagementAlgorithms: [header.alg],
      contentEncryptionAlgorithms: [header.enc],
    });
    // What `closeVault` wrote, authenticated just now.
    return JSON.parse(new TextDecoder().decode(plaintext)) as SensitiveFact[];
  } catch (cause) {
    throw new CinnabarError('template_unreadable', { cause });
  }
}

/** The chip that wraps the key binds it to its family. */
function contextOf(family: string): Uint8Array {
  return tupleBytes('cinnabar token facts 1', family);
}
