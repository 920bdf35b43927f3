import { utf8ToBytes } from '@noble/hashes/utils.js';
import { newId } from '../../src/domain/id.ts';
import { approveGrantChange, grantChangeBytes } from '../../src/domain/signing/grant-changes.ts';
import { type NewGrant, proposeGrant } from '../../src/domain/signing/grants.ts';
import {
  applyForInstitutionKeys,
  registerInstitution,
} from '../../src/domain/signing/institutions.ts';
import { type NewOperation, prepareActivation } from '../../src/domain/signing/operations.ts';
import type { SigningDeps } from '../../src/domain/signing/ports.ts';
import type { InstitutionKey } from '../../src/domain/signing/types.ts';
import { completeOperation, executeOperation, outcomeOf } from '../../src/domain/signing/use.ts';
import { base64Text } from '../../src/lib/base64.ts';
import { requestedSettings } from './certificates.ts';
import { callerOf, certifiedTerminal, inForce, signingDeps, type Terminal } from './signing.ts';

const day = 24 * 60 * 60 * 1000;
export const message = utf8ToBytes('担保函 No. 42, Beichen Bank, 2026-11-27');

/** A bank whose keys three officers govern, two of them together. */
export interface Bank {
  readonly deps: SigningDeps & { readonly clock: { advance(ms: number): void } };
  readonly officers: readonly [Terminal, Terminal, Terminal];
  readonly clerk: Terminal;
  readonly signing: InstitutionKey;
  readonly encryption: InstitutionKey;
}

/** Who takes part; over HTTP they must be people that can sign in. */
const everybody = { officers: ['officer-a', 'officer-b', 'officer-c'], clerk: 'clerk' };

export async function bank(
  deps: Bank['deps'] = signingDeps(),
  names: Partial<typeof everybody> & { readonly algorithm?: 'sm2' | 'p256' } = {},
): Promise<Bank> {
  const who = { ...everybody, ...names };
  const [a, b, c] = await Promise.all(who.officers.map((id) => certifiedTerminal(deps, id)));
  const clerk = await certifiedTerminal(deps, who.clerk);
  if (!a || !b || !c) throw new Error('no officers');
  const administrator = callerOf('administrator-zhao', 'administrator');
  const institution = await registerInstitution(deps, administrator, {
    id: newId(deps),
    subject: { commonName: '北辰银行', organization: '北辰银行', country: 'CN' },
    officerKeyIds: [a, b, c].map(({ key }) => key.id),
    threshold: 2,
  });
  const { application, keys } = await applyForInstitutionKeys(deps, administrator, {
    id: newId(deps),
    institutionId: institution.id,
    algorithm: who.algorithm ?? 'sm2',
    requested: requestedSettings,
  });
  await inForce(deps, application.id);
  const [signing, encryption] = keys;
  if (!signing || !encryption) throw new Error('no keys');
  return { deps, officers: [a, b, c], clerk, signing, encryption };
}

/** A grant that two officers approved, or just a proposal; gives its id. `amountMax: null` sets no limit. */
export async function granted(
  { deps, officers, signing }: Bank,
  person: Terminal,
  more: Partial<Omit<NewGrant, 'amountMax'>> & {
    readonly amountMax?: NewGrant['amountMax'] | null;
  } = {},
  how?: 'propose only',
): Promise<string> {
  const { amountMax = { currency: 'CNY', minor: 1_000_000 }, ...terms } = more;
  const nowMs = deps.clock.now();
  const proposer = callerOf('administrator-zhao', 'administrator');
  const { grant, change } = await proposeGrant(deps, proposer, {
    id: newId(deps),
    institutionKeyId: signing.id,
    actor: person.caller.actor.id,
    personalKeyId: person.key.id,
    operations: ['sign'],
    validFromMs: nowMs,
    validUntilMs: nowMs + 30 * day,
    usesMax: 5,
    documentTypes: ['guarantee'],
    approvalsNeeded: 0,
    ...(amountMax ? { amountMax } : {}),
    ...terms,
  });
  for (const officer of how ? [] : officers.slice(0, 2)) {
    const signature = await officer.sign(grantChangeBytes(change));
    await approveGrantChange(deps, officer.caller, { id: change.id, signature });
  }
  return grant.id;
}

/** A request that `granted` allows. */
export function asking(
  { deps, signing }: Bank,
  person: Terminal,
  grantId: string,
  more: Partial<NewOperation> = {},
): NewOperation {
  return {
    id: newId(deps),
    institutionKeyId: signing.id,
    grantId,
    personalKeyId: person.key.id,
    request: { kind: 'sign', scheme: 'sm2-sm3', messageB64: base64Text(message) },
    documentType: 'guarantee',
    amount: { currency: 'CNY', minor: 500_000 },
    reason: 'guarantee for a supplier',
    ...more,
  };
}

/** From the statement to the result, as a terminal does it. */
export async function finish({ deps }: Bank, person: Terminal, id: string) {
  const { caller } = person;
  const { statement = '' } = await prepareActivation(deps, caller, id);
  const executed = await executeOperation(deps, caller, {
    id,
    signature: await person.signText(statement),
  });
  const outcome = await outcomeOf(executed);
  return completeOperation(deps, caller, { id, signature: await person.signText(outcome) });
}
