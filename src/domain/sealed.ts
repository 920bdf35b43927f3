import { CompactEncrypt, compactDecrypt } from 'jose';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { CinnabarError } from './errors.ts';
import type { Random } from './ports.ts';
import type { TemplateKeys } from './seals/ports.ts';

/** Bytes at rest: a JWE (RFC 7516) under a fresh key that is wrapped in the chips. */
export interface Sealed {
  readonly wrappedKey: string;
  readonly ciphertext: string;
}

interface SealedDeps {
  readonly random: Random;
  readonly templateKeys: TemplateKeys;
}

const dataKeyBytes = 32;
const header = { alg: 'dir', enc: 'A256GCM' };

/**
 * Encrypts bytes so that they open for this tenant in this context only.
 *
 * @throws CinnabarError `chips_unavailable`
 */
export async function sealedBytes(
  deps: SealedDeps,
  tenant: string,
  context: Uint8Array,
  bytes: Uint8Array,
): Promise<Sealed> {
  const dataKey = deps.random.bytes(dataKeyBytes);
  try {
    const [wrapped] = await deps.templateKeys.wrap(tenant, [{ dataKey, context }]);
    if (!wrapped) throw new CinnabarError('chips_unavailable');
    const ciphertext = await new CompactEncrypt(bytes).setProtectedHeader(header).encrypt(dataKey);
    return { wrappedKey: base64urlText(wrapped), ciphertext };
  } finally {
    dataKey.fill(0);
  }
}

/** @throws CinnabarError `chips_unavailable`, `template_unreadable` for what does not open */
export async function openedBytes(
  deps: Pick<SealedDeps, 'templateKeys'>,
  tenant: string,
  context: Uint8Array,
  sealed: Sealed,
): Promise<Uint8Array> {
  const wrappedKey = base64urlBytes(sealed.wrappedKey) ?? new Uint8Array();
  const [dataKey] = await deps.templateKeys.unwrap(tenant, [{ wrappedKey, context }]);
  if (!dataKey) throw new CinnabarError('chips_unavailable');
  try {
    const { plaintext } = await compactDecrypt(sealed.ciphertext, dataKey, {
      keyManagementAlgorithms: [header.alg],
      contentEncryptionAlgorithms: [header.enc],
    });
    return plaintext;
  } catch (cause) {
    throw new CinnabarError('template_unreadable', { cause });
  } finally {
    dataKey.fill(0);
  }
}
