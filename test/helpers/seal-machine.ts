import type { Caller, Role } from '../../src/domain/actor.ts';
import { openAccount } from '../../src/domain/seals/accounts.ts';
import { addCard } from '../../src/domain/seals/cards.ts';
import { submitRevision } from '../../src/domain/seals/changes.ts';
import { type NewSeal, prepareSeal } from '../../src/domain/seals/enrol.ts';
import { defaultPolicy, type SealPolicy } from '../../src/domain/seals/policy.ts';
import type { SealDeps, SealEngine } from '../../src/domain/seals/ports.ts';
import type { Seal } from '../../src/domain/seals/types.ts';
import { verifyImprint } from '../../src/domain/seals/verify.ts';
import { memoryPlatform } from '../../src/platform/memory/platform.ts';
import { gridEngine } from './grid-engine.ts';
import { ringWithCross } from './imprints.ts';
import { seededRandom, tickingClock } from './time-and-chance.ts';

export function personOf(id: string, role: Role = 'teller'): Caller {
  const actor = { id, tenant: 'bank', branch: '0102', roles: [role], name: id };
  return { actor, requestId: `request-of-${id}` };
}

const teller = personOf('teller-1');
const money = { currency: 'CNY', amountMinor: 100 };

/** Enrols a seal where the policy wants no second person. */
export async function enrolled(deps: SealDeps, caller: Caller, request: NewSeal): Promise<Seal> {
  const ids = { sealId: request.id, revisionId: request.id };
  const made = await submitRevision(deps, caller, ids, () => prepareSeal(deps, caller, request));
  if (!('seal' in made)) throw new Error('the enrolment waits for a second person');
  return made.seal;
}

/** Verifies an imprint in the teller's name. */
export function verifyWith(deps: SealDeps, id: string, bytes: Uint8Array, sealId: string) {
  const request = { id, sealId, money, branch: '0102', imprint: { bytes } };
  return verifyImprint(deps, teller, request);
}

/** The seal domain over the memory platform, with one account and one card. */
export async function sealMachine(
  options: { engine?: SealEngine; policy?: SealPolicy; deps?: Partial<SealDeps> } = {},
) {
  const clock = tickingClock();
  const platform = memoryPlatform({
    clock,
    random: seededRandom(4),
    engine: options.engine ?? (await gridEngine()),
    policy: options.policy ?? defaultPolicy,
    requestsPerMinute: 1,
  });
  const deps: SealDeps = { ...platform, ...options.deps };
  await openAccount(deps, teller, { id: 'a', number: '1', name: 'n', contact: 'c' });
  const dates = { startDate: '2026-01-01', endDate: '2030-12-31' };
  await addCard(deps, teller, { id: 'c', accountId: 'a', number: '1', ...dates });
  const enrol = (id: string, bytes = ringWithCross): Promise<Seal> =>
    enrolled(deps, teller, {
      id,
      cardId: 'c',
      serial: id,
      shape: 'round',
      remark: '',
      imprint: { bytes },
    });
  const verify = (id: string, bytes = ringWithCross, sealId = 's') =>
    verifyWith(deps, id, bytes, sealId);
  return {
    deps,
    clock,
    enrol,
    verify,
    /** The messages that are due; each is given out once. */
    queue: () => platform.workQueue.takeDue(),
    audit: () => platform.audit.list('bank', { limit: 1000 }),
  };
}
