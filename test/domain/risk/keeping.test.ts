import { beforeEach, describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/domain/actor.ts';
import { listedPayees, listPayee, payeeListed } from '../../../src/domain/risk/payees.ts';
import {
  decideRiskPolicy,
  listRiskPolicyChanges,
  proposeRiskPolicy,
  riskPolicyInForce,
} from '../../../src/domain/risk/policies.ts';
import { defaultRiskPolicy, policyHash } from '../../../src/domain/risk/policy.ts';
import type { RiskRows } from '../../../src/domain/risk/ports.ts';
import { memoryAuditLog } from '../../../src/platform/memory/audit-log.ts';
import { memoryRowStore } from '../../../src/platform/memory/row-store.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const tenant = 'beichen-bank';
const actor = (id: string, at = tenant): Actor => ({
  id,
  tenant: at,
  branch: '0102',
  roles: ['risk_officer'],
  name: id,
});
const caller = (id: string, at = tenant) => ({ actor: actor(id, at), requestId: 'r' });
const [xu, lin] = [caller('xu'), caller('lin')];

const world = () => {
  const clock = tickingClock();
  return { clock, audit: memoryAuditLog(clock), riskRows: memoryRowStore<RiskRows>() };
};
let deps: ReturnType<typeof world>;
beforeEach(() => {
  deps = world();
});

const actions = async () =>
  (await deps.audit.list(tenant, { limit: 50 })).map(({ action, subject, outcome, detail }) => ({
    action,
    subject,
    outcome,
    detail,
  }));

describe('the risk policy in force', () => {
  const stricter = { ...defaultRiskPolicy, challengeAt: 20 };
  const proposal = { id: 'p1', policy: stricter, baseVersion: 0, reason: '春节' };

  test('E7: is the one of the product until two people change it', async () => {
    expect(await riskPolicyInForce(deps, tenant)).toEqual({
      version: 0,
      policy: defaultRiskPolicy,
    });
    const change = await proposeRiskPolicy(deps, xu, proposal);
    expect(change).toMatchObject({ id: 'p1', state: 'proposed', proposedBy: 'xu', reason: '春节' });
    expect((await riskPolicyInForce(deps, tenant)).version).toBe(0);
    const own = decideRiskPolicy(deps, xu, { id: 'p1', decision: 'approve', reason: '' });
    await expect(own).rejects.toMatchObject({ code: 'own_work' });
    await decideRiskPolicy(deps, lin, { id: 'p1', decision: 'approve', reason: 'yes' });
    expect(await riskPolicyInForce(deps, tenant)).toEqual({ version: 1, policy: stricter });
    expect((await riskPolicyInForce(deps, 'nanpu-bank')).version).toBe(0);
    const page = { limit: 5 };
    const listed = await listRiskPolicyChanges(deps, xu.actor, { state: 'approved' }, page);
    expect(listed.items).toMatchObject([{ id: 'p1', decision: { by: 'lin', reason: 'yes' } }]);
    const waiting = await listRiskPolicyChanges(deps, xu.actor, { state: 'proposed' }, page);
    expect(waiting.items).toEqual([]);
    expect(await actions()).toContainEqual({
      action: 'risk_policy.propose',
      subject: 'risk-policy:p1',
      outcome: 'done',
      detail: { base: 0, policyHash: policyHash(stricter) },
    });
  });

  test('E7: a policy that is wrong is pointed at, and one that could not say all is whole', async () => {
    const wrong = { ...proposal, policy: { ...stricter, terminateAt: 10 } };
    await expect(proposeRiskPolicy(deps, xu, wrong)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ pointer: '/body/policy/terminateAt', code: 'below_challenge' }],
    });
    const { biometric: _, ...earlier } = defaultRiskPolicy;
    const row = {
      tenant,
      id: 'current',
      revision: 1,
      policy: earlier as typeof defaultRiskPolicy,
      policyVersion: 3,
    };
    const places = { owner: '', parent: '', state: 'in-force' };
    await deps.riskRows.write(tenant, [{ kind: 'policy', row, ...places }]);
    expect(await riskPolicyInForce(deps, tenant)).toEqual({
      version: 3,
      policy: defaultRiskPolicy,
    });
  });
});

describe('payees that are watched or blocked', () => {
  const list = (account: string, listed: 'none' | 'watched' | 'blocked', reason = 'because') =>
    listPayee(deps, xu, { account, listed, reason });

  test('E7: are known however their account is written, in their own institution', async () => {
    expect(await payeeListed(deps, tenant, '6222-02')).toBe('none');
    const row = await list('de-12.ab/7', 'blocked', 'fraud');
    expect(row).toMatchObject({
      id: 'DE12AB7',
      listed: 'blocked',
      reason: 'fraud',
      listedBy: 'xu',
      listedAtMs: expect.any(Number),
    });
    for (const written of ['DE12AB7', 'de12ab7', 'DE-12-AB-7', 'de/12ab7']) {
      expect(await payeeListed(deps, tenant, written)).toBe('blocked');
    }
    expect(await payeeListed(deps, tenant, 'DE12AB8')).toBe('none');
    expect(await payeeListed(deps, 'nanpu-bank', 'DE12AB7')).toBe('none');
  });

  test('E7: are listed by their state, changed and taken off, and the record names no account', async () => {
    await list('A1', 'watched');
    await list('A2', 'blocked');
    await list('A1', 'blocked');
    const at = async (state: 'none' | 'watched' | 'blocked') => {
      const { items } = await listedPayees(deps, xu.actor, state, { limit: 9 });
      return items.map(({ id }) => id);
    };
    expect([await at('watched'), await at('blocked')]).toEqual([[], ['A2', 'A1']]);
    await list('A2', 'none');
    expect([await at('blocked'), await at('none')]).toEqual([['A1'], ['A2']]);
    expect(await payeeListed(deps, tenant, 'A2')).toBe('none');
    const first = await listedPayees(deps, caller('x', 'nanpu-bank').actor, 'blocked', {
      limit: 9,
    });
    expect(first.items).toEqual([]);
    const records = await actions();
    expect(records).toContainEqual({
      action: 'risk_payee.list',
      subject: 'risk-payee',
      outcome: 'done',
      detail: { listed: 'watched' },
    });
    expect(JSON.stringify(records)).not.toContain('A1');
  });
});
