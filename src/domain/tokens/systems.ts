import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { isSoundJwk, type PublicJwk, type SealingJwk, thumbprintOf } from '../../core/token/jwk.ts';
import { sealableLabels } from '../../core/token/open.ts';
import { sealText } from '../../core/token/sealing.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { ownAudience } from './mint.ts';
import type { TokenDeps } from './ports.ts';
import { changed, entryOf, settle } from './rows.ts';
import type { BusinessSystem, ReleasePolicy } from './types.ts';

export type SystemDeps = Pick<TokenDeps, 'audit' | 'clock' | 'random' | 'tokens' | 'issuer'>;

export interface NewSystem {
  /** Its name: the audience of its tokens. */
  readonly id: string;
  readonly title: string;
  /** Its public key on P-256, X25519 or SM2. */
  readonly key: PublicJwk;
  readonly release: ReleasePolicy;
}

const secretBytes = 32;
export const systemsMax = 100;
/** Subject and token of the challenge: not those of any token. */
const challengeName = 'registration';

/**
 * Registers a business system, and answers with a challenge that only the holder of the private key
 * can read.
 *
 * @throws CinnabarError `business_key_refused`, `business_system_state` for a name that is taken
 */
export async function registerSystem(
  deps: SystemDeps,
  caller: Caller,
  request: NewSystem,
): Promise<{ readonly system: BusinessSystem; readonly challenge: string }> {
  const { tenant } = caller.actor;
  if (request.id === ownAudience) throw new CinnabarError('business_system_state');
  const key = await sealingKey(request.key);
  assertRelease(request.release);
  const { challenge, challengeHash } = await challengeFor(deps, request.id, key);
  const operation = operationOf('business_system.register', request.id);
  const system = await audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const known = await deps.tokens.find(tenant, 'system', request.id);
      if (known && known.state !== 'pending') throw new CinnabarError('business_system_state');
      const fresh: BusinessSystem = {
        tenant,
        id: request.id,
        revision: (known?.revision ?? 0) + 1,
        title: request.title,
        state: 'pending',
        key,
        release: request.release,
        challengeHash,
        createdAtMs: deps.clock.now(),
      };
      return { result: fresh, write: [entryOf('system', fresh)] };
    }),
  );
  return { system, challenge };
}

/** Something that only the holder of `key` can read, and what tells that they have read it. */
export async function challengeFor(deps: SystemDeps, id: string, key: SealingJwk) {
  const secret = base64urlText(deps.random.bytes(secretBytes));
  const challenge = await sealText(JSON.stringify({ v: 1, challenge: secret }), key, {
    iss: deps.issuer,
    sub: challengeName,
    jti: challengeName,
    aud: id,
  });
  return { challenge, challengeHash: hashOf(secret) };
}

/** The key as it will stand in every token sealed to it. @throws CinnabarError `business_key_refused` */
export async function sealingKey(jwk: PublicJwk): Promise<SealingJwk> {
  const { kty, crv, x, y } = jwk;
  const key: PublicJwk = { kty, ...(crv && { crv }), ...(x && { x }), ...(y && { y }) };
  if (kty === 'RSA' || !(await isSoundJwk(key))) throw new CinnabarError('business_key_refused');
  return { ...key, kid: thumbprintOf(key), alg: crv === 'SM2' ? 'SM2' : 'ECDH-ES', use: 'enc' };
}

function assertRelease({ labels }: ReleasePolicy): void {
  const isKnown = labels.every((label) => sealableLabels.includes(label));
  if (isKnown && new Set(labels).size === labels.length) return;
  const fields = [{ pointer: '/body/release/labels', code: 'invalid' }];
  throw new CinnabarError('invalid_request', { fields });
}

/**
 * Puts a system into service that could read its challenge, and gives it the secret by which it
 * introspects and exchanges. The secret is not kept.
 *
 * @throws CinnabarError `business_system_not_found`, `business_system_state`,
 * `business_key_refused` for a wrong answer, after which another registration is needed
 */
export async function proveSystem(
  deps: SystemDeps,
  caller: Caller,
  id: string,
  answer: string,
): Promise<{ readonly system: BusinessSystem; readonly secret: string }> {
  const { tenant } = caller.actor;
  const secret = base64urlText(deps.random.bytes(secretBytes));
  const operation = operationOf('business_system.prove', id);
  return audited(deps.audit, caller, operation, async () => {
    const { system, isRight } = await settle(deps, tenant, async () => {
      const known = await getSystem(deps, caller.actor, id);
      if (known.state !== 'pending' || known.challengeHash === undefined) {
        throw new CinnabarError('business_system_state');
      }
      const { challengeHash, ...rest } = known;
      // Hashes of secrets may be compared as texts: where they differ tells nothing about them.
      const isRight = challengeHash === hashOf(answer);
      const proven = isRight ? ({ state: 'active', secretHash: hashOf(secret) } as const) : {};
      const next = changed<BusinessSystem>(rest, proven);
      return { result: { system: next, isRight }, write: [entryOf('system', next)] };
    });
    if (!isRight) throw new CinnabarError('business_key_refused');
    return { system, secret };
  });
}

/** Changes what may be released to a system, or takes it out of service and back. */
export function changeSystem(
  deps: SystemDeps,
  caller: Caller,
  id: string,
  change: { readonly release?: ReleasePolicy; readonly state?: 'active' | 'suspended' },
): Promise<BusinessSystem> {
  if (change.release) assertRelease(change.release);
  const labels = change.release?.labels.join(' ');
  const detail = {
    ...(labels === undefined ? {} : { labels }),
    ...(change.state && { state: change.state }),
  };
  const operation = { ...operationOf('business_system.change', id), detail };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, caller.actor.tenant, async () => {
      const known = await getSystem(deps, caller.actor, id);
      if (known.state === 'pending') throw new CinnabarError('business_system_state');
      const next = changed(known, change);
      return { result: next, write: [entryOf('system', next)] };
    }),
  );
}

/** @throws CinnabarError `business_system_not_found` */
export async function getSystem(
  deps: Pick<TokenDeps, 'tokens'>,
  actor: Actor,
  id: string,
): Promise<BusinessSystem> {
  const found = await deps.tokens.find(actor.tenant, 'system', id);
  if (!found) throw new CinnabarError('business_system_not_found');
  return found;
}

/** @throws CinnabarError `business_system_not_found` also for one that is not in service */
export async function activeSystem(
  deps: Pick<TokenDeps, 'tokens'>,
  tenant: string,
  id: string,
): Promise<BusinessSystem> {
  const found = await deps.tokens.find(tenant, 'system', id);
  if (found?.state !== 'active') throw new CinnabarError('business_system_not_found');
  return found;
}

export function listSystems(
  deps: Pick<TokenDeps, 'tokens'>,
  actor: Actor,
): Promise<readonly BusinessSystem[]> {
  return deps.tokens.list(actor.tenant, 'system', {}, { limit: systemsMax });
}

/** A business system by its secret. @throws CinnabarError `unauthenticated` */
export async function authenticateSystem(
  deps: Pick<TokenDeps, 'tokens'>,
  credentials: { readonly institution: string; readonly id: string; readonly secret: string },
): Promise<BusinessSystem> {
  const found = await deps.tokens.find(credentials.institution, 'system', credentials.id);
  const isTheirs = found?.state === 'active' && found.secretHash === hashOf(credentials.secret);
  if (!isTheirs) throw new CinnabarError('unauthenticated');
  return found;
}

export function hashOf(secret: string): string {
  return bytesToHex(sha256(utf8ToBytes(secret)));
}

function operationOf(action: AuditAction, id: string) {
  return { action, subject: `business_system:${id}`, detail: {} };
}
