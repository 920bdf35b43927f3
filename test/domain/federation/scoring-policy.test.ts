import { describe, expect, test } from 'vitest';
import { policyHash } from '../../../src/domain/federation/decide.ts';
import { type PolicyTable, referencePolicy } from '../../../src/domain/federation/policy.ts';
import { parsePolicy, policyFaults } from '../../../src/domain/federation/policy-check.ts';
import {
  capsFor,
  decideScoringPolicy,
  proposeScoringPolicy,
  scoringPolicyInForce,
  tableOfHash,
} from '../../../src/domain/federation/scoring-policy.ts';
import {
  caller,
  rulePolicy,
  samplePerson,
  startFederation,
  type TestFederation,
} from '../../helpers/federation.ts';

const person = samplePerson(1);
const other = { ...caller, actor: { ...caller.actor, id: 'administrator-lin' } };
const tenant = caller.actor.tenant;

/** The reference table with one row changed. */
function withRow(tier: number, change: Partial<PolicyTable['rows'][number]>): PolicyTable {
  const rows = referencePolicy.rows.map((row) => (row.tier === tier ? { ...row, ...change } : row));
  return { ...referencePolicy, rows };
}

/** The `policy` events of a ledger. */
async function policiesIn({ coordinator }: TestFederation) {
  const entries = await coordinator.ledger.entries(0, 256);
  return entries.flatMap(({ event }) =>
    event.type === 'policy' ? [{ policySha256: event.policySha256, version: event.version }] : [],
  );
}

describe('A10: an institution rules the scoring of its people', () => {
  test('a table of its own decides, is named in the decision and stands in the ledger', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -4);
    const before = await federation.decisionFor(federation.apply(person));
    expect(before.explanation.policy).toEqual({ name: 'reference', version: 1 });
    expect(before.statement.settings.tier).toBe(1);

    // Nobody reaches the first tier any more.
    const { name: _, version: __, ...table } = withRow(1, { pdBelowMicros: 0 });
    const rates = [{ currency: 'USD', cnyMicros: '7100000', date: '2026-11-27' }];
    await rulePolicy(federation.coordinator, () => ({ table: { ...table, rates } }));
    federation.clock.advance(61_000);
    const { explanation, statement } = await federation.decisionFor(federation.apply(person));
    expect(explanation.policy).toEqual({ name: tenant, version: 1 });
    expect(statement.settings.tier).toBe(2);
    const { table: own } = await scoringPolicyInForce(federation.coordinator, tenant);
    expect(statement.settings.policyHash).toBe(policyHash(own));
    expect(await policiesIn(federation)).toContainEqual({
      policySha256: policyHash(own),
      version: `${tenant}.1`,
    });
    // Decisions of the day before still find their table.
    const hash = before.statement.settings.policyHash;
    expect(await tableOfHash(federation.coordinator, tenant, hash)).toEqual(referencePolicy);
    expect(await tableOfHash(federation.coordinator, tenant, policyHash(own))).toEqual(own);
    expect(await tableOfHash(federation.coordinator, 'bank-b', policyHash(own))).toBeUndefined();
  });

  test('nobody approves an own proposal, and an overtaken one never comes into force', async () => {
    const { coordinator } = await startFederation();
    const { policy } = await scoringPolicyInForce(coordinator, tenant);
    const propose = (id: string) =>
      proposeScoringPolicy(coordinator, caller, { id, policy, baseVersion: 0, reason: 'r' });
    const approve = { decision: 'approve', reason: 'r' } as const;
    await propose('one');
    await propose('two');
    await expect(
      decideScoringPolicy(coordinator, caller, { id: 'one', ...approve }),
    ).rejects.toMatchObject({ code: 'own_work' });
    await decideScoringPolicy(coordinator, other, { id: 'one', ...approve });
    await expect(
      decideScoringPolicy(coordinator, other, { id: 'two', ...approve }),
    ).rejects.toMatchObject({ code: 'policy_changed' });
    expect((await scoringPolicyInForce(coordinator, tenant)).version).toBe(1);
    expect((await scoringPolicyInForce(coordinator, 'bank-b')).version).toBe(0);
  });

  test('a table that gives more than the federation is refused when proposed and when used', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -4);
    const generous: readonly PolicyTable[] = [
      withRow(1, { single: '999999999900' }),
      withRow(6, { permissions: ['view', 'make'] }),
      withRow(3, { pdBelowMicros: 200_000 }),
      withRow(2, { dualControlAbove: '99999999' }),
      { ...referencePolicy, validDays: 366 },
      { ...referencePolicy, hysteresisMicros: 0 },
      { ...referencePolicy, bestTierWithMissingPart: 2 },
      { ...referencePolicy, rows: referencePolicy.rows.slice(1) },
    ];
    for (const table of generous) {
      expect(policyFaults(table, referencePolicy), JSON.stringify(table)).not.toEqual([]);
      const { policy } = await scoringPolicyInForce(federation.coordinator, tenant);
      const proposal = { id: 'more', policy: { ...policy, table }, baseVersion: 0, reason: 'r' };
      await expect(
        proposeScoringPolicy(federation.coordinator, caller, proposal),
      ).rejects.toMatchObject({ code: 'invalid_request' });
    }
    // The federation's table became stricter than what was approved here.
    await rulePolicy(federation.coordinator, ({ requestsPerHour }) => ({ requestsPerHour }));
    Object.assign(federation.decision, { policy: withRow(1, { single: '1' }) });
    await expect(federation.score(federation.apply(person))).rejects.toMatchObject({
      code: 'federation_refused',
      fields: [{ pointer: '/decide/decision', code: 'policy_invalid' }],
    });
  });

  test('an account has the cap that names it, and else the one of all accounts', async () => {
    const { coordinator } = await startFederation();
    const caps = {
      enterprise: { permissions: ['view', 'make'] },
      account: { permissions: ['view'] },
      accounts: { 'customer-1': { permissions: ['view', 'make', 'check'] } },
    } as const;
    await rulePolicy(coordinator, () => ({ caps }));
    expect(await capsFor(coordinator, tenant, 'customer-1')).toEqual({
      enterprise: caps.enterprise,
      account: caps.accounts['customer-1'],
    });
    for (const applicant of ['customer-2', 'constructor']) {
      expect(await capsFor(coordinator, tenant, applicant)).toMatchObject({
        account: caps.account,
      });
    }
    expect(await capsFor(coordinator, 'bank-b', 'customer-1')).toEqual({});
  });

  test('the requests of an hour are as many as the institution allows', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    await rulePolicy(federation.coordinator, () => ({ requestsPerHour: 1 }));
    await federation.score(federation.apply(person));
    await expect(federation.score(federation.apply(person))).rejects.toMatchObject({
      code: 'rate_limited',
    });
    const { policy } = await scoringPolicyInForce(federation.coordinator, tenant);
    const proposal = {
      id: 'x',
      policy: { ...policy, requestsPerHour: 61 },
      baseVersion: 1,
      reason: 'r',
    };
    await expect(
      proposeScoringPolicy(federation.coordinator, caller, proposal),
    ).rejects.toMatchObject({ fields: [{ pointer: '/body/policy/requestsPerHour' }] });
  });

  test('a table from another party is read strictly', () => {
    const sent = JSON.parse(JSON.stringify(referencePolicy));
    expect(parsePolicy(sent)).toEqual(referencePolicy);
    for (const wrong of [
      { ...sent, extra: 1 },
      { ...sent, version: -1 },
      { ...sent, rows: [...sent.rows, sent.rows[0]] },
      { ...sent, rates: [{ currency: 'USD', cnyMicros: '0', date: '2026-01-01' }] },
      { ...sent, bestTierWithMissingPart: 7 },
      { ...sent, name: 'a\nb' },
    ]) {
      expect(() => parsePolicy(wrong)).toThrow(TypeError);
    }
  });
});
