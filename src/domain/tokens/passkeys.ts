import { sha256 } from '@noble/hashes/sha2.js';
import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { assertAttestable, attestationOf, keyStoreOf } from './attestation.ts';
import type { TokenDeps } from './ports.ts';
import { endFamiliesOf } from './revoke.ts';
import { changed, entryOf, settle } from './rows.ts';
import type { Account, Challenge, Passkey } from './types.ts';

type PasskeyDeps = Pick<TokenDeps, 'clock' | 'random' | 'audit' | 'tokens'>;

/** Where passkeys belong (WebAuthn §5.1.2): a host name, and the page that asks for them. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

export const passkeysMax = 10;
const challengeLifeMs = 5 * 60 * 1000;
const handleBytes = 32;
const nonceBytes = 32;
const nothing = new Uint8Array(0);

// Loaded on first use: it is a third of a megabyte that most requests do without.
const library = () => import('@simplewebauthn/server');

/**
 * Begins the registration of a passkey for the caller (first step of WebAuthn §7.1).
 *
 * @throws CinnabarError `passkeys_too_many`, `storage_unavailable`
 */
export async function startRegistration(
  deps: PasskeyDeps,
  actor: Actor,
  rp: RelyingParty,
): Promise<{ readonly id: string; readonly options: PublicKeyCredentialCreationOptionsJSON }> {
  const account = await accountOf(deps, actor);
  const known = await listPasskeys(deps, actor);
  if (known.length >= passkeysMax) throw new CinnabarError('passkeys_too_many');
  const challenge = await openChallenge(deps, actor.tenant, 'registration', actor.id);
  const { generateRegistrationOptions } = await library();
  const options = await generateRegistrationOptions({
    rpName: 'Cinnabar',
    rpID: rp.id,
    userName: actor.id,
    userDisplayName: actor.id,
    userID: bytesOf(account.userHandle),
    challenge: challengeBytes(challenge, nothing),
    timeout: challengeLifeMs,
    attestationType: 'direct',
    excludeCredentials: known.map(({ id, transports }) => ({
      id,
      transports: [...transports] as AuthenticatorTransport[],
    })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [coseEs256, coseEdDsa, coseRs256],
  });
  return { id: challenge.id, options };
}

const coseEs256 = -7;
const coseEdDsa = -8;
const coseRs256 = -257;

/**
 * Keeps the passkey that an authenticator made for the challenge (WebAuthn §7.1).
 *
 * @throws CinnabarError `passkey_refused` whatever is wrong, `audit_unavailable`
 */
export async function finishRegistration(
  deps: PasskeyDeps,
  caller: Caller,
  rp: RelyingParty,
  answer: {
    readonly id: string;
    readonly label: string;
    readonly response: RegistrationResponseJSON;
  },
): Promise<Passkey> {
  const { tenant, id: actor } = caller.actor;
  const challenge = await useChallenge(deps, tenant, answer.id, 'registration', actor);
  const { attestationObject } = answer.response.response;
  const { verifyRegistrationResponse } = await library();
  const { registrationInfo } = await refused(async () => {
    await assertAttestable(attestationObject);
    return verifyRegistrationResponse({
      response: answer.response,
      expectedChallenge: base64urlText(challengeBytes(challenge, nothing)),
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [coseEs256, coseEdDsa, coseRs256],
    });
  });
  if (!registrationInfo) throw new CinnabarError('passkey_refused');
  const { credential, credentialBackedUp } = registrationInfo;
  const passkey: Passkey = {
    tenant,
    id: credential.id,
    revision: 1,
    actor,
    label: answer.label,
    state: 'active',
    attestation: await attestationOf(registrationInfo, attestationObject),
    publicKey: base64urlText(credential.publicKey),
    counter: credential.counter,
    transports: credential.transports ?? [],
    backedUp: credentialBackedUp,
    createdAtMs: deps.clock.now(),
  };
  const operation: Operation = {
    action: 'passkey.register',
    subject: `actor:${actor}`,
    detail: {},
  };
  return audited(deps.audit, caller, operation, async () => {
    const isNew = await deps.tokens.write(tenant, [entryOf('passkey', passkey)]);
    if (!isNew) throw new CinnabarError('passkey_refused');
    return passkey;
  });
}

/** An ordinary assertion, or one of Secure Payment Confirmation. */
export type AssertionKind = 'webauthn.get' | 'payment.get';

export interface AssertionRequest {
  readonly tenant: string;
  /** Whose passkey must answer; anybody's of the institution when left out. */
  readonly actor?: string;
  /** What the person agrees to by the gesture: bound into the challenge. */
  readonly about?: Uint8Array;
  /** What the client data must be of; an ordinary assertion when left out. */
  readonly kind?: AssertionKind;
}

/**
 * Begins an authentication, or a confirmation of `about` (first step of WebAuthn §7.2); with any
 * passkey of the actor, or the one that is named.
 */
export async function startAssertion(
  deps: PasskeyDeps,
  rp: RelyingParty,
  { tenant, actor, about = nothing }: AssertionRequest,
  passkeyId?: string,
): Promise<{ readonly id: string; readonly options: PublicKeyCredentialRequestOptionsJSON }> {
  const challenge = await openChallenge(deps, tenant, 'authentication', actor);
  const known = actor === undefined ? [] : await passkeysOf(deps, tenant, actor);
  const allowed = passkeyId === undefined ? known : known.filter(({ id }) => id === passkeyId);
  const { generateAuthenticationOptions } = await library();
  const options = await generateAuthenticationOptions({
    rpID: rp.id,
    challenge: challengeBytes(challenge, about),
    timeout: challengeLifeMs,
    userVerification: 'required',
    allowCredentials: allowed.map(({ id, transports }) => ({
      id,
      transports: [...transports] as AuthenticatorTransport[],
    })),
  });
  return { id: challenge.id, options };
}

export interface AssertionAnswer {
  readonly id: string;
  readonly response: AuthenticationResponseJSON;
}

/**
 * Who confirmed, by the signature of a passkey with user verification (WebAuthn §7.2). The same
 * `about` as at the start must be given.
 *
 * @throws CinnabarError `passkey_refused` whatever is wrong, also for a counter that went backwards
 */
export async function finishAssertion(
  deps: PasskeyDeps,
  rp: RelyingParty,
  { tenant, actor, about = nothing, kind = 'webauthn.get' }: AssertionRequest,
  answer: AssertionAnswer,
): Promise<{ readonly actor: Actor; readonly passkey: Passkey; readonly amr: readonly string[] }> {
  const challenge = await useChallenge(deps, tenant, answer.id, 'authentication', actor);
  const passkey = await deps.tokens.find(tenant, 'passkey', answer.response.id);
  const isUsable = passkey?.state === 'active' && (actor ?? passkey.actor) === passkey.actor;
  if (!isUsable) {
    throw new CinnabarError('passkey_refused');
  }
  const account = await deps.tokens.find(tenant, 'account', passkey.actor);
  const handle = answer.response.response.userHandle;
  const isTheirs = account && (handle === undefined || handle === account.userHandle);
  if (!isTheirs) throw new CinnabarError('passkey_refused');
  const expected = { challenge: challengeBytes(challenge, about), kind };
  const counter = await verifiedCounter(passkey, rp, answer, expected);
  const used = changed(passkey, { counter, usedAtMs: deps.clock.now() });
  // Somebody who signed with the same passkey meanwhile may be a copy of it.
  const isWritten = await deps.tokens.write(tenant, [entryOf('passkey', used)]);
  if (!isWritten) throw new CinnabarError('passkey_refused');
  // RFC 8176 §2: a key of the person, who was verified on the spot; in hardware only where proved.
  const kept = keyStoreOf(passkey.attestation) === 'hardware' ? 'hwk' : 'swk';
  return { actor: account.actor, passkey: used, amr: [kept, 'user', 'mfa'] };
}

async function verifiedCounter(
  passkey: Passkey,
  rp: RelyingParty,
  { response }: AssertionAnswer,
  { challenge, kind }: { readonly challenge: Uint8Array; readonly kind: AssertionKind },
): Promise<number> {
  const { verifyAuthenticationResponse } = await library();
  const { verified, authenticationInfo } = await refused(() =>
    verifyAuthenticationResponse({
      response,
      expectedType: kind,
      expectedChallenge: base64urlText(challenge),
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: true,
      credential: {
        id: passkey.id,
        publicKey: bytesOf(passkey.publicKey),
        counter: passkey.counter,
        transports: [...passkey.transports] as AuthenticatorTransport[],
      },
    }),
  );
  if (!verified || !authenticationInfo.userVerified) throw new CinnabarError('passkey_refused');
  return authenticationInfo.newCounter;
}

/** The passkeys of the actor that are in use; those that were revoked answer for nobody. */
export function listPasskeys(
  deps: Pick<TokenDeps, 'tokens'>,
  { tenant, id }: Actor,
): Promise<readonly Passkey[]> {
  return passkeysOf(deps, tenant, id);
}

function passkeysOf(
  deps: Pick<TokenDeps, 'tokens'>,
  tenant: string,
  owner: string,
): Promise<readonly Passkey[]> {
  return deps.tokens.list(tenant, 'passkey', { owner, state: 'active' }, { limit: passkeysMax });
}

/** @throws CinnabarError `passkey_not_found`, also for one that is somebody else's or revoked */
export async function getPasskey(
  deps: Pick<TokenDeps, 'tokens'>,
  { tenant, id: owner }: Actor,
  id: string,
): Promise<Passkey> {
  const passkey = await deps.tokens.find(tenant, 'passkey', id);
  if (passkey?.actor !== owner || passkey.state !== 'active') {
    throw new CinnabarError('passkey_not_found');
  }
  return passkey;
}

/** @throws CinnabarError `passkey_not_found`, `audit_unavailable` */
export function renamePasskey(
  deps: PasskeyDeps,
  caller: Caller,
  id: string,
  label: string,
): Promise<Passkey> {
  return changePasskey(deps, caller, 'passkey.rename', id, { label });
}

/**
 * From now on it authenticates nobody and confirms nothing, and the tokens and refresh tokens that
 * were given for it are good no more. @throws as `renamePasskey`
 */
export async function revokePasskey(
  deps: PasskeyDeps,
  caller: Caller,
  id: string,
): Promise<Passkey> {
  const revoked = await changePasskey(deps, caller, 'passkey.revoke', id, { state: 'revoked' });
  await endFamiliesOf(deps, caller, revoked);
  return revoked;
}

async function changePasskey(
  deps: PasskeyDeps,
  caller: Caller,
  action: AuditAction,
  id: string,
  changes: Partial<Passkey>,
): Promise<Passkey> {
  const { actor } = caller;
  await getPasskey(deps, actor, id);
  const operation: Operation = { action, subject: `actor:${actor.id}`, detail: {} };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, actor.tenant, async () => {
      const result = changed(await getPasskey(deps, actor, id), changes);
      return { result, write: [entryOf('passkey', result)] };
    }),
  );
}

async function accountOf(deps: PasskeyDeps, actor: Actor): Promise<Account> {
  return settle(deps, actor.tenant, async () => {
    const known = await deps.tokens.find(actor.tenant, 'account', actor.id);
    if (known && JSON.stringify(known.actor) === JSON.stringify(actor)) {
      return { result: known, write: [] };
    }
    // Roles and branch are those of the last time that somebody vouched for the person.
    const account: Account = known
      ? changed(known, { actor })
      : {
          tenant: actor.tenant,
          id: actor.id,
          revision: 1,
          actor,
          userHandle: base64urlText(deps.random.bytes(handleBytes)),
        };
    return { result: account, write: [entryOf('account', account)] };
  });
}

async function openChallenge(
  deps: PasskeyDeps,
  tenant: string,
  purpose: Challenge['purpose'],
  actor: string | undefined,
): Promise<Challenge> {
  const challenge: Challenge = {
    tenant,
    id: newId(deps),
    revision: 1,
    purpose,
    nonce: base64urlText(deps.random.bytes(nonceBytes)),
    ...(actor === undefined ? {} : { actor }),
    state: 'open',
    expiresAtMs: deps.clock.now() + challengeLifeMs,
  };
  // Anybody may ask on behalf of any institution. Where there are no accounts no passkey can answer,
  // and nothing is kept for a name that nobody has; the answer looks the same.
  const isForAnybody = actor === undefined;
  const accounts = isForAnybody
    ? await deps.tokens.list(tenant, 'account', {}, { limit: 1 })
    : [actor];
  if (accounts.length > 0) await deps.tokens.write(tenant, [entryOf('challenge', challenge)]);
  return challenge;
}

/** Takes the challenge out of use before anything is verified: of many answers one is looked at. */
async function useChallenge(
  deps: PasskeyDeps,
  tenant: string,
  id: string,
  purpose: Challenge['purpose'],
  actor: string | undefined,
): Promise<Challenge> {
  const challenge = await deps.tokens.find(tenant, 'challenge', id);
  const isOpen =
    challenge?.purpose === purpose &&
    challenge.actor === actor &&
    challenge.state === 'open' &&
    challenge.expiresAtMs > deps.clock.now();
  if (!challenge || !isOpen) throw new CinnabarError('passkey_refused');
  const used = changed(challenge, { state: 'used' });
  const isFirst = await deps.tokens.write(tenant, [entryOf('challenge', used)]);
  if (!isFirst) throw new CinnabarError('passkey_refused');
  return challenge;
}

/** What the authenticator signs: random, and bound to what the person was shown. */
function challengeBytes({ id, nonce }: Challenge, about: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(sha256(tupleBytes('cinnabar passkey challenge 1', id, nonce, about)));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(base64urlBytes(text) ?? nothing);
}

/** The library throws for whatever does not hold. To callers it is one refusal. */
async function refused<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (cause) {
    throw new CinnabarError('passkey_refused', { cause });
  }
}
