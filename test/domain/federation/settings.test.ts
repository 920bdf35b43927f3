import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grantSettings } from '../../../src/domain/federation/grant.ts';
import {
  assertMonotone,
  type CaseFacts,
  decideTier,
  type PolicyTable,
  policyRow,
  referencePolicy,
  tierOfPd,
  tierWithPast,
} from '../../../src/domain/federation/policy.ts';
import {
  type Caps,
  channels,
  type GrantDecision,
  type Permission,
  permissions,
  type RequestedSettings,
  settingsRoles,
  type Tier,
  tiers,
} from '../../../src/domain/federation/settings.ts';

const everything: RequestedSettings = {
  role: 'authoriser',
  permissions,
  limits: [
    { channel: 'online', currency: 'CNY', single: '900000000', daily: '9000000000', count: 1000 },
  ],
};

const amount = fc.bigInt({ min: 0n, max: 10n ** 12n }).map(String);
const line = fc.record({
  channel: fc.constantFrom(...channels),
  currency: fc.constantFrom('CNY', 'USD', 'EUR'),
  single: amount,
  daily: amount,
  count: fc.nat(1000),
});
const somePermissions = fc.subarray<Permission>([...permissions]);
const someRequest = fc.record({
  role: fc.constantFrom(...settingsRoles),
  permissions: somePermissions,
  limits: fc.array(line, { maxLength: 6 }),
});
const someCap = fc.record(
  { permissions: somePermissions, limits: fc.array(line, { maxLength: 6 }) },
  { requiredKeys: [] },
);
const someCaps = fc.record({ enterprise: someCap, account: someCap }, { requiredKeys: [] });

const withDollars: PolicyTable = {
  ...referencePolicy,
  rates: [{ currency: 'USD', cnyMicros: '7083500', date: '2026-11-20' }],
};

function isNoMore(worse: GrantDecision, better: GrantDecision): boolean {
  const [a, b] = [worse.grant, better.grant];
  return (
    a.permissions.every((permission) => b.permissions.includes(permission)) &&
    a.limits.every((limit, index) => {
      const other = b.limits[index];
      return (
        other !== undefined &&
        BigInt(limit.single) <= BigInt(other.single) &&
        BigInt(limit.daily) <= BigInt(other.daily) &&
        limit.count <= other.count
      );
    }) &&
    BigInt(a.dualControlAbove) <= BigInt(b.dualControlAbove) &&
    a.approvers.min >= b.approvers.min &&
    settingsRoles.indexOf(a.role) <= settingsRoles.indexOf(b.role)
  );
}

describe('A10: settings follow from the tier', () => {
  test('the reference table is monotone over every row', () => {
    expect(() => assertMonotone(referencePolicy)).not.toThrow();
  });

  test.each([
    ['a permission more', { permissions: ['view', 'make', 'fx'] as const }],
    ['a higher single amount', { single: '5000001' }],
    ['a higher daily amount', { daily: '99999999999' }],
    ['more payments a day', { count: 51 }],
    ['a second person later', { dualControlAbove: '1000001' }],
    ['fewer approvers', { approvers: { min: 0, ordered: true } }],
    ['approvers in any order', { approvers: { min: 2, ordered: false } }],
    ['a boundary below the one before', { pdBelowMicros: 250_000 }],
  ])('a table whose fifth tier has %s is refused', (_, change) => {
    const rows = referencePolicy.rows.map((row) => (row.tier === 5 ? { ...row, ...change } : row));
    expect(() => assertMonotone({ ...referencePolicy, rows })).toThrow(/tier 5/);
  });

  test('a table without a row, or that ends below certainty, is refused', () => {
    const rows = referencePolicy.rows.filter(({ tier }) => tier !== 3);
    expect(() => assertMonotone({ ...referencePolicy, rows })).toThrow(/one row per tier/);
    const short = referencePolicy.rows.map((row) =>
      row.tier === 6 ? { ...row, pdBelowMicros: 1_000_000 } : row,
    );
    expect(() => assertMonotone({ ...referencePolicy, rows: short })).toThrow(/certainty/);
  });

  test('a worse tier never grants more, whatever is asked for and capped', () => {
    fc.assert(
      fc.property(someRequest, someCaps, (request, caps) => {
        const grants = tiers.map((tier) => grantSettings(withDollars, tier, request, caps as Caps));
        return grants.every(
          (grant, index) => index === 0 || isNoMore(grant, grants[index - 1] ?? grant),
        );
      }),
    );
  });

  test('nothing is granted that was not requested, or that any cap refuses', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tiers), someRequest, someCaps, (tier, request, caps) => {
        const { grant } = grantSettings(withDollars, tier, request, caps as Caps);
        const policy = policyRow(withDollars, tier);
        const sets = [request.permissions, policy.permissions];
        for (const cap of [caps.enterprise, caps.account]) {
          if (cap?.permissions) sets.push(cap.permissions);
        }
        expect(grant.permissions).toEqual(
          permissions.filter((permission) => sets.every((set) => set.includes(permission))),
        );
        for (const limit of grant.limits) {
          const wishes = request.limits.filter(
            ({ channel, currency }) => channel === limit.channel && currency === limit.currency,
          );
          expect(wishes.every(({ single }) => BigInt(limit.single) <= BigInt(single))).toBe(true);
          expect(BigInt(limit.single)).toBeLessThanOrEqual(BigInt(limit.daily));
        }
      }),
    );
  });

  test('a smaller cap never gives more', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tiers), someRequest, someCap, (tier, request, cap) => {
        const free = grantSettings(withDollars, tier, request);
        const capped = grantSettings(withDollars, tier, request, { account: cap } as Caps);
        return isNoMore(capped, free);
      }),
    );
  });

  test.each([
    [1, 'authoriser', '500000000', '2000000000', '100000000'],
    [2, 'checker', '100000000', '500000000', '20000000'],
    [3, 'checker', '20000000', '100000000', '5000000'],
    [4, 'checker', '5000000', '20000000', '1000000'],
    [5, 'maker', '1000000', '2000000', '0'],
    [6, 'viewer', '0', '0', '0'],
  ] as const)('tier %i: role %s, single %s, daily %s', (tier, role, single, daily, dual) => {
    const { grant, binding } = grantSettings(referencePolicy, tier, everything);
    expect(grant).toMatchObject({ tier, role, dualControlAbove: dual });
    expect(grant.limits).toMatchObject([{ single, daily }]);
    expect(binding).toEqual(['tier']);
  });

  test('the cap that decided is named', () => {
    const limits = [
      { channel: 'online', currency: 'CNY', single: '7', daily: '70', count: 7 },
    ] as const;
    const byAccount = grantSettings(referencePolicy, 2, everything, { account: { limits } });
    expect(byAccount.binding).toEqual(['account']);
    expect(byAccount.reasons).toContain('limit_capped_by_account');
    const modest = grantSettings(referencePolicy, 2, { ...everything, limits });
    expect(modest.binding).toEqual(['requested']);
    expect(modest.grant.limits).toEqual(limits);
  });

  test('a channel that a cap does not name gets nothing', () => {
    const { grant } = grantSettings(referencePolicy, 1, everything, { enterprise: { limits: [] } });
    expect(grant.limits).toMatchObject([{ single: '0', daily: '0', count: 0 }]);
  });

  test('another currency is converted down with the dated rate, which goes on record', () => {
    const limits = [{ ...everything.limits[0], currency: 'USD' }] as RequestedSettings['limits'];
    const { grant } = grantSettings(withDollars, 3, { ...everything, limits });
    expect(grant.limits).toMatchObject([{ currency: 'USD', single: '2823462' }]);
    expect(grant.rates).toEqual(withDollars.rates);
    const without = grantSettings(referencePolicy, 3, { ...everything, limits });
    expect(without.grant.limits).toEqual([]);
    expect(without.reasons).toContain('currency_without_rate');
  });

  test.each(['-1', '1.5', '', '01', '1e3', ' 1', '9'.repeat(19)])(
    'amount %j is refused',
    (single) => {
      const limits = [{ ...everything.limits[0], single }] as RequestedSettings['limits'];
      expect(() => grantSettings(referencePolicy, 1, { ...everything, limits })).toThrow(
        RangeError,
      );
    },
  );
});

const good: CaseFacts = {
  identityProven: true,
  sanctionHit: false,
  consentValid: true,
  missingParts: 0,
  missingMandatoryParts: 0,
};

describe('A10: the tier of a case', () => {
  test('boundaries belong to the worse tier', () => {
    const at = [0, 49_999, 50_000, 99_999, 100_000, 160_000, 250_000, 449_999, 450_000, 1_000_000];
    expect(at.map((pd) => tierOfPd(referencePolicy, pd))).toEqual([1, 1, 2, 2, 3, 4, 5, 5, 6, 6]);
    for (const pd of [-1, 0.5, Number.NaN, 1_000_001]) {
      expect(() => tierOfPd(referencePolicy, pd)).toThrow(RangeError);
    }
  });

  test.each([
    ['identity_failed', { identityProven: false }],
    ['sanction_hit', { sanctionHit: true }],
    ['consent_expired', { consentValid: false }],
    ['mandatory_part_missing', { missingParts: 1, missingMandatoryParts: 1 }],
  ] as const)('%s goes to a person whatever the score', (reason, change) => {
    const { tier, reasons } = decideTier(referencePolicy, 0, { ...good, ...change });
    expect(tier).toBe(6);
    expect(reasons).toEqual([reason, 'manual_review']);
  });

  test('R2: with an ordinary part missing no tier is better than the third', () => {
    expect(decideTier(referencePolicy, 0, { ...good, missingParts: 1 })).toEqual({
      tier: 3,
      reasons: ['part_missing'],
    });
    expect(decideTier(referencePolicy, 300_000, { ...good, missingParts: 1 }).tier).toBe(5);
  });

  test('hysteresis: worse at once, better only clearly, and never above the plain tier', () => {
    expect(tierWithPast(referencePolicy, 50_000, 1)).toBe(2);
    expect(tierWithPast(referencePolicy, 45_000, 2)).toBe(2);
    expect(tierWithPast(referencePolicy, 39_999, 2)).toBe(1);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.constantFrom<Tier>(...tiers),
        (a, b, previous) => {
          const [low, high] = a < b ? [a, b] : [b, a];
          const better = tierWithPast(referencePolicy, low, previous);
          return (
            better <= tierWithPast(referencePolicy, high, previous) &&
            better >= tierOfPd(referencePolicy, low)
          );
        },
      ),
    );
  });
});
