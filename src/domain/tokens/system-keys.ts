import type { PublicJwk } from '../../core/token/jwk.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { overlapMs } from './issuer-keys.ts';
import { changed, entryOf, settle } from './rows.ts';
import { challengeFor, getSystem, hashOf, type SystemDeps, sealingKey } from './systems.ts';
import type { BusinessSystem } from './types.ts';

/**
 * Names the key that is to follow at a system in service, and answers with a challenge that only
 * its holder can read. Nothing is sealed to it before `useNextKey`; one named before is forgotten.
 *
 * @throws CinnabarError `business_key_refused` also for the key in force and for one of the other
 * profiles, `business_system_state`, `business_system_not_found`
 */
export async function nameNextKey(
  deps: SystemDeps,
  caller: Caller,
  id: string,
  jwk: PublicJwk,
): Promise<{ readonly system: BusinessSystem; readonly challenge: string }> {
  const key = await sealingKey(jwk);
  const { challenge, challengeHash } = await challengeFor(deps, id, key);
  const system = await change(deps, caller, 'name_key', id, (known) => {
    const isOther = known.key.kid !== key.kid && known.key.alg === key.alg;
    if (!isOther) throw new CinnabarError('business_key_refused');
    return { nextKey: { key, challengeHash } };
  });
  return { system, challenge };
}

/**
 * Shows that the holder of the next key can read what is sealed to it.
 *
 * @throws CinnabarError `business_key_refused` for a wrong answer, after which the key must be named
 * again, `business_system_state` when no key waits for an answer
 */
export async function proveNextKey(
  deps: SystemDeps,
  caller: Caller,
  id: string,
  answer: string,
): Promise<BusinessSystem> {
  const system = await change(deps, caller, 'prove_key', id, ({ nextKey }) => {
    if (nextKey?.challengeHash === undefined) throw new CinnabarError('business_system_state');
    const isRight = nextKey.challengeHash === hashOf(answer);
    return { nextKey: isRight ? { key: nextKey.key } : undefined };
  });
  if (!system.nextKey) throw new CinnabarError('business_key_refused');
  return system;
}

/**
 * Seals to the next key from now on. The system keeps the old one until `oldKey.untilMs`, when the
 * last token that is sealed to it has ended.
 *
 * @throws CinnabarError `business_system_state` unless its holder has proved the next key
 */
export function useNextKey(deps: SystemDeps, caller: Caller, id: string): Promise<BusinessSystem> {
  return change(deps, caller, 'use_key', id, ({ key, nextKey }) => {
    if (!nextKey || nextKey.challengeHash !== undefined) {
      throw new CinnabarError('business_system_state');
    }
    const oldKey = { kid: key.kid, untilMs: deps.clock.now() + overlapMs };
    return { key: nextKey.key, nextKey: undefined, oldKey };
  });
}

type KeyChange = Partial<Pick<BusinessSystem, 'key' | 'oldKey'>> & {
  readonly nextKey: BusinessSystem['nextKey'] | undefined;
};

/** One step at a system that has been in service. */
function change(
  deps: SystemDeps,
  caller: Caller,
  step: 'name_key' | 'prove_key' | 'use_key',
  id: string,
  next: (known: BusinessSystem) => KeyChange,
): Promise<BusinessSystem> {
  const action = `business_system.${step}` as const;
  const operation: Operation = { action, subject: `business_system:${id}`, detail: {} };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, caller.actor.tenant, async () => {
      const known = await getSystem(deps, caller.actor, id);
      if (known.state === 'pending') throw new CinnabarError('business_system_state');
      const { nextKey: _, ...rest } = known;
      const { nextKey, ...more } = next(known);
      const system = changed<BusinessSystem>(rest, { ...more, ...(nextKey && { nextKey }) });
      return { result: system, write: [entryOf('system', system)] };
    }),
  );
}
