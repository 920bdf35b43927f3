import { ApiError, type PasskeyAnswer, type PasskeyGesture } from '../../client/index.ts';
import type { PasskeyOptions } from '../../client/types.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { confirmedByBrowser, type ShownPayment } from './spc.ts';

// WebAuthn in this browser. The JSON forms (WebAuthn Level 3 §5.1.8) are read and written here, as
// browsers of the last years do not all do it themselves.

interface CredentialName {
  readonly id: string;
  readonly transports?: AuthenticatorTransport[];
}

interface CreationOptions {
  readonly challenge: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly excludeCredentials?: readonly CredentialName[];
}

interface RequestOptions {
  readonly challenge: string;
  readonly allowCredentials?: readonly CredentialName[];
}

/** Whether this page can ask for a passkey at all: needs a secure context. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential !== 'undefined';
}

/**
 * Has an authenticator make a passkey, with the person verified, and ready to derive secrets.
 *
 * @throws ApiError `passkey_unsupported`, `passkey_cancelled`, `passkey_known`
 */
export async function createPasskey({ options }: PasskeyOptions): Promise<PasskeyAnswer> {
  const asked = options as unknown as CreationOptions;
  const publicKey = {
    ...asked,
    challenge: bytesOf(asked.challenge),
    user: { ...asked.user, id: bytesOf(asked.user.id) },
    excludeCredentials: (asked.excludeCredentials ?? []).map(described),
    extensions: { prf: {} },
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await ceremony(() => navigator.credentials.create({ publicKey }));
  const response = made.response as AuthenticatorAttestationResponse;
  return answer(made, {
    clientDataJSON: textOf(response.clientDataJSON),
    attestationObject: textOf(response.attestationObject),
    transports: response.getTransports(),
  });
}

/**
 * Has a passkey answer a challenge of the service, and with `salt` derive a secret of 32 bytes that
 * nobody but this passkey can, with the person verified (WebAuthn Level 3 §10.1.4). A `payment` is
 * shown by the browser itself where it has Secure Payment Confirmation.
 *
 * @throws ApiError `passkey_unsupported`, `passkey_cancelled`, `passkey_without_prf`
 */
export async function askPasskey(
  { id: challengeId, options }: PasskeyOptions,
  salt?: Uint8Array,
  payment?: ShownPayment,
): Promise<{ readonly gesture: PasskeyGesture; readonly prf: Uint8Array }> {
  const asked = options as unknown as RequestOptions;
  const publicKey = {
    ...asked,
    challenge: bytesOf(asked.challenge),
    allowCredentials: (asked.allowCredentials ?? []).map(described),
    ...(salt ? { extensions: { prf: { eval: { first: new Uint8Array(salt) } } } } : {}),
  } as unknown as PublicKeyCredentialRequestOptions;
  const made = await ceremony(
    async () =>
      (payment && (await confirmedByBrowser(publicKey, payment))) ??
      navigator.credentials.get({ publicKey }),
  );
  const response = made.response as AuthenticatorAssertionResponse;
  const { prf } = made.getClientExtensionResults();
  // A browser that confirmed the payment need not derive secrets on the way: asked apart then.
  const apart = salt && payment && !prf?.results;
  const opened = apart ? await askPasskey(ownQuestion(made.id), salt) : undefined;
  if (salt && !opened && !prf?.results) throw new ApiError('passkey_without_prf');
  const fields = {
    clientDataJSON: textOf(response.clientDataJSON),
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    ...(response.userHandle ? { userHandle: textOf(response.userHandle) } : {}),
  };
  return {
    gesture: { challengeId, response: answer(made, fields) },
    prf: opened?.prf ?? new Uint8Array((prf?.results?.first as ArrayBuffer | undefined) ?? []),
  };
}

/** A question of this page itself, where only the derived secret matters. */
export function ownQuestion(credentialId: string): PasskeyOptions {
  const options = {
    challenge: base64urlText(crypto.getRandomValues(new Uint8Array(32))),
    rpId: location.hostname,
    userVerification: 'required',
    allowCredentials: [{ id: credentialId, type: 'public-key' }],
  };
  return { id: '', options };
}

async function ceremony(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!hasPasskeys()) throw new ApiError('passkey_unsupported');
  try {
    const made = await ask();
    if (!(made instanceof PublicKeyCredential)) throw new ApiError('passkey_cancelled');
    return made;
  } catch (cause) {
    const name = cause instanceof DOMException ? cause.name : '';
    // Refused, timed out or not there: browsers tell these apart on purpose for nobody.
    if (name === 'NotAllowedError' || name === 'AbortError')
      throw new ApiError('passkey_cancelled', { cause });
    if (name === 'InvalidStateError') throw new ApiError('passkey_known', { cause });
    if (name !== '') throw new ApiError('passkey_unsupported', { cause });
    throw cause;
  }
}

/** The results of extensions stay here: that of `prf` is the secret. */
function answer({ id }: PublicKeyCredential, response: PasskeyAnswer['response']): PasskeyAnswer {
  return { id, rawId: id, type: 'public-key', response, clientExtensionResults: {} };
}

function described({ id, transports }: CredentialName): PublicKeyCredentialDescriptor {
  return { type: 'public-key', id: bytesOf(id), ...(transports ? { transports } : {}) };
}

const bytesOf = (text: string) => new Uint8Array(base64urlBytes(text) ?? []);
const textOf = (bytes: ArrayBuffer) => base64urlText(new Uint8Array(bytes));
