import { createHash, randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { RelyingParty } from '../../src/domain/tokens/passkeys.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { derSequence, derUnsigned } from '../../src/lib/der.ts';

const sha256 = (bytes: Uint8Array | string) =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const utf8 = (text: string) => new TextEncoder().encode(text);
const concat = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** Flags of authenticator data (WebAuthn §6.1): present, verified, may be copied, key attached. */
const flags = { up: 0x01, uv: 0x04, be: 0x08, at: 0x40 };

interface Habits {
  readonly isVerified?: boolean;
  readonly mayBeCopied?: boolean;
  /** What it says it has counted to (WebAuthn §6.1.1). */
  readonly counter?: number;
  /** Whose it says the key is. */
  readonly userHandle?: string;
  readonly origin?: string;
  /** What the browser showed of a payment: Secure Payment Confirmation. */
  readonly payment?: object;
  /** How it attests to its key: the attestation object, which holds `authData`. */
  readonly attest?: (about: Attested) => Promise<Uint8Array>;
}

/** What an attestation is about. */
export interface Attested {
  readonly keys: CryptoKeyPair;
  readonly authData: Uint8Array;
  readonly clientDataHash: Uint8Array;
}

/**
 * An authenticator in this process that never counts unless told to, as those of phones do: its
 * counter stays 0. It attests nothing unless told how to.
 */
export async function softAuthenticator(rp: RelyingParty) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const { privateKey, publicKey } = keys;
  const id = new Uint8Array(randomBytes(32));
  const name = base64urlText(id);

  function data(habits: Habits, attached: Uint8Array = new Uint8Array(0)): Uint8Array {
    const { isVerified = true, mayBeCopied = false, counter = 0 } = habits;
    const set =
      flags.up |
      (isVerified ? flags.uv : 0) |
      (mayBeCopied ? flags.be : 0) |
      (attached.length > 0 ? flags.at : 0);
    return concat(sha256(rp.id), Uint8Array.of(set, 0, 0, 0, counter), attached);
  }

  const clientData = (type: string, challenge: string, habits: Habits) => {
    const { origin = rp.origin, payment } = habits;
    return utf8(JSON.stringify({ type, challenge, origin, crossOrigin: false, payment }));
  };

  return {
    id: name,
    async create(challenge: string, habits: Habits = {}): Promise<RegistrationResponseJSON> {
      const point = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
      const [x, y] = [point.slice(1, 33), point.slice(33)];
      // COSE_Key (RFC 9053 §7.1): kty 2, alg -7, crv 1.
      const key = concat(
        Uint8Array.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20),
        x,
        Uint8Array.of(0x22, 0x58, 0x20),
        y,
      );
      const attached = concat(new Uint8Array(16), Uint8Array.of(0, id.length), id, key);
      const authData = data(habits, attached);
      const client = clientData('webauthn.create', challenge, habits);
      const none = concat(
        Uint8Array.of(0xa3, 0x63),
        utf8('fmt'),
        Uint8Array.of(0x64),
        utf8('none'),
        Uint8Array.of(0x67),
        utf8('attStmt'),
        Uint8Array.of(0xa0, 0x68),
        utf8('authData'),
        Uint8Array.of(0x58, authData.length),
        authData,
      );
      const about = { keys, authData, clientDataHash: sha256(client) };
      const attestation = habits.attest ? await habits.attest(about) : none;
      return {
        id: name,
        rawId: name,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64urlText(client),
          attestationObject: base64urlText(attestation),
        },
      };
    },
    async get(challenge: string, habits: Habits = {}): Promise<AuthenticationResponseJSON> {
      const authenticatorData = data(habits);
      const type = habits.payment ? 'payment.get' : 'webauthn.get';
      const client = clientData(type, challenge, habits);
      const signed = concat(authenticatorData, sha256(client));
      const raw = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed);
      const r = derUnsigned(new Uint8Array(raw, 0, 32));
      const s = derUnsigned(new Uint8Array(raw, 32));
      return {
        id: name,
        rawId: name,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64urlText(client),
          authenticatorData: base64urlText(authenticatorData),
          signature: base64urlText(derSequence(r, s)),
          ...(habits.userHandle !== undefined && { userHandle: habits.userHandle }),
        },
      };
    },
  };
}
