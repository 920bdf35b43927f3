import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import type { Client } from './api.ts';
import {
  newSalt,
  type ShareSecret,
  ShareUnreadable,
  type StoredShare,
  stretchPin,
} from './terminal-share.ts';

/** Makes the secret under which a share rests, and makes it again to open it. */
export interface ShareProtection {
  create(keyId: string): Promise<{ readonly salt: Uint8Array; readonly secret: ShareSecret }>;
  /** @throws ShareUnreadable for a share under another kind of protection */
  open(stored: StoredShare): Promise<ShareSecret>;
}

/** A PIN, with the pepper that the service gives for ten tries. */
export function pinProtection(client: Client, pin: string): ShareProtection {
  return {
    async create(keyId) {
      const salt = newSalt();
      const { stretched, verifier } = await stretchPin(pin, salt);
      const { pepper } = await client.personalKeys.setPin(keyId, base64urlText(verifier));
      return { salt, secret: { protection: 'pin', stretched, pepper: bytesOf(pepper) } };
    },
    async open({ keyId, salt, protection }) {
      if (protection !== 'pin') throw new ShareUnreadable();
      const { stretched, verifier } = await stretchPin(pin, bytesOf(salt));
      const { pepper } = await client.personalKeys.usePin(keyId, base64urlText(verifier));
      return { protection, stretched, pepper: bytesOf(pepper) };
    },
  };
}

/**
 * A passkey's PRF output. `evaluate` runs the WebAuthn ceremony, with user verification required:
 * without it, an authenticator gives another output, and a share opens for whoever holds the device.
 */
export function passkeyProtection(
  credentialId: string,
  evaluate: (credentialId: string, salt: Uint8Array) => Promise<Uint8Array>,
): ShareProtection {
  const secretOf = async (id: string, salt: Uint8Array): Promise<ShareSecret> => ({
    protection: 'passkey',
    credentialId: id,
    prf: await evaluate(id, salt),
  });
  return {
    async create() {
      const salt = newSalt();
      return { salt, secret: await secretOf(credentialId, salt) };
    },
    async open({ credentialId: id, salt, protection }) {
      if (protection !== 'passkey' || id === undefined) throw new ShareUnreadable();
      return secretOf(id, bytesOf(salt));
    },
  };
}

const bytesOf = (text: string) => base64urlBytes(text) ?? new Uint8Array(0);
