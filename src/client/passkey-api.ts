import type { Transport } from './transport.ts';
import type { Passkey, PasskeyOptions, TokenAnswer } from './types.ts';

const base = '/v1/auth/passkeys';
const one = (id: string) => `${base}/${encodeURIComponent(id)}`;

/** What an authenticator answered, as JSON; never with the results of extensions. */
export interface PasskeyAnswer {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: Readonly<Record<string, unknown>>;
  readonly clientExtensionResults: Readonly<Record<never, never>>;
}

/** An answer and the question that it answers. */
export interface PasskeyGesture {
  readonly challengeId: string;
  readonly response: PasskeyAnswer;
}

/** Passkeys, and getting in with one. The ceremonies themselves are the browser's. */
export function passkeyCalls({ getJson, write }: Transport) {
  return {
    list: () => getJson<{ items: Passkey[] }>(base),
    startRegistration: () =>
      write<PasskeyOptions>('POST', `${base}/registration/options`, undefined),
    register: (registration: { id: string; label: string; response: PasskeyAnswer }) =>
      write<Passkey>('POST', `${base}/registration`, registration),
    rename: (id: string, label: string) => write<Passkey>('PATCH', one(id), { label }),
    revoke: (id: string) => write<Passkey>('POST', `${one(id)}/revoke`, undefined),
    startSignIn: (institution: string) =>
      write<PasskeyOptions>('POST', `${base}/authentication/options`, { institution }),
    /** A token for this service itself. */
    signIn: (institution: string, gesture: PasskeyGesture) =>
      write<TokenAnswer>('POST', '/v1/tokens', {
        grantType: 'urn:cinnabar:grant:passkey',
        institution,
        ...gesture,
        audiences: ['cinnabar'],
      }),
    staySignedIn: (refreshToken: string) =>
      write<TokenAnswer>('POST', '/v1/tokens', { grantType: 'refresh_token', refreshToken }),
  };
}
