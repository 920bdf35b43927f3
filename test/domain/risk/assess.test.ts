import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assessOrder } from '../../../src/domain/risk/assess.ts';
import { type ListedFacts, wholeFacts } from '../../../src/domain/risk/earlier.ts';
import {
  biometricUses,
  defaultRiskPolicy,
  policyErrors,
  policyHash,
  type RiskPolicy,
  wholePolicy,
} from '../../../src/domain/risk/policy.ts';
import { simulatePolicy } from '../../../src/domain/risk/simulate.ts';
import {
  type RiskReason,
  type RiskVerdict,
  type SealEvidence,
  weighedRules,
} from '../../../src/domain/risk/types.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
/** 16:00 in Beijing. */
const nowMs = Date.UTC(2026, 10, 27, 8);

/** Twenty orders of 100.00 at this time of day, the newest of them yesterday. */
const habit = Array.from({ length: 20 }, (_, i) => ({
  atMs: nowMs - (i + 1) * day,
  amountMinor: 10_000,
}));

const ordinary: ListedFacts = {
  nowMs,
  utcOffsetMinutes: 480,
  amountMinor: 12_000,
  certificate: 'active',
  limits: { singleMinor: 1_000_000, dailyMinor: 2_000_000, dailyCount: 20 },
  spentTodayMinor: 0,
  ordersToday: 0,
  payee: { listed: 'none', firstPaidAtMs: nowMs - 100 * day },
  device: { enrolledAtMs: nowMs - 100 * day, keyStore: 'hardware' },
  earlier: habit,
};

const assess = (more: Partial<ListedFacts>, policy: RiskPolicy = defaultRiskPolicy) =>
  assessOrder(policy, wholeFacts({ ...ordinary, ...more }));

const seal = (verdict: SealEvidence['verdict']) => ({
  seal: { verificationId: 'v', sealId: 's', verdict, atMs: nowMs },
});
const rulesOf = (reasons: readonly RiskReason[]) => reasons.map(({ rule }) => rule);
const severity: Record<RiskVerdict, number> = { allow: 0, challenge: 1, terminate: 2 };

describe('E7: the risk verdict', () => {
  test('an ordinary order is allowed, and nothing is said against it', () => {
    expect(assess({})).toEqual({ verdict: 'allow', score: 0, reasons: [] });
  });

  test.each<[string, Partial<ListedFacts>]>([
    ['certificate_not_active', { certificate: 'frozen' }],
    ['certificate_not_active', { certificate: 'revoked' }],
    ['certificate_not_active', { certificate: 'expired' }],
    ['certificate_not_active', { certificate: 'unknown' }],
    ['over_single_limit', { amountMinor: 1_000_001 }],
    ['over_daily_limit', { spentTodayMinor: 1_988_001 }],
    ['over_daily_count', { ordersToday: 20 }],
    ['payee_blocked', { payee: { listed: 'blocked' } }],
    ['seal_refused', seal('fail')],
    ['biometric_refused', { biometric: 'no_match' }],
    ['biometric_refused', { biometric: 'unavailable' }],
    ['second_person_impossible', { lacksSecondPerson: true }],
  ])('%s ends the order by itself, whatever the policy weighs', (rule, facts) => {
    const lenient = { ...defaultRiskPolicy, challengeAt: 1000, terminateAt: 1000 };
    const { verdict, reasons } = assess(facts, lenient);
    expect(verdict).toBe('terminate');
    expect(reasons[0]).toMatchObject({ rule, effect: 'terminate' });
  });

  test('limits are met exactly: the last cent passes, the next does not', () => {
    const atLimit = { amountMinor: 1_000_000, spentTodayMinor: 1_000_000, ordersToday: 19 };
    expect(rulesOf(assess(atLimit).reasons)).not.toContain('over_daily_limit');
    expect(assess({ ...atLimit, spentTodayMinor: 1_000_001 }).verdict).toBe('terminate');
    const { limits: _, ...unlimited } = ordinary;
    expect(assessOrder(defaultRiskPolicy, wholeFacts(unlimited)).verdict).toBe('terminate');
  });

  test.each<[string, Partial<ListedFacts>, number, number]>([
    ['payee_new', { payee: { listed: 'none' } }, 0, 2],
    ['payee_new', { payee: { listed: 'none', firstPaidAtMs: nowMs - 2 * day + 1 } }, 1, 2],
    ['payee_watched', { payee: { listed: 'watched', firstPaidAtMs: 0 } }, 1, 0],
    ['device_new', { device: { enrolledAtMs: nowMs - 6 * day, keyStore: 'hardware' } }, 6, 7],
    ['device_weak', { device: { enrolledAtMs: 0, keyStore: 'software' } }, 1, 0],
    ['device_weak', { device: { enrolledAtMs: 0, keyStore: 'unknown' } }, 1, 0],
    ['amount_unusual', { amountMinor: 110_000 }, 11, 10],
    ['amount_near_limit', { amountMinor: 920_000, earlier: [] }, 92, 90],
    ['hour_unusual', { nowMs: nowMs + 11 * hour }, 0, 2],
    ['travel_impossible', { movement: { km: 2000, sinceMs: hour } }, 2000, 900],
    ['seal_in_review', seal('review'), 1, 0],
  ])('%s is seen with its number and its threshold', (rule, facts, seen, threshold) => {
    const found = assess(facts).reasons.find((reason) => reason.rule === rule);
    expect(found).toMatchObject({ rule, effect: 'score', seen, threshold });
  });

  test('E7: what other institutions know of the payer weighs once a bank lets it', () => {
    expect(rulesOf(assess({ federatedTier: 6 }).reasons)).not.toContain('tier_low');
    const { rules } = defaultRiskPolicy;
    const tier_low = { points: 30, threshold: 4 };
    const listening = { ...defaultRiskPolicy, rules: { ...rules, tier_low } };
    expect(rulesOf(assess({ federatedTier: 4 }, listening).reasons)).not.toContain('tier_low');
    expect(assess({ federatedTier: 5 }, listening).reasons).toContainEqual({
      rule: 'tier_low',
      effect: 'score',
      points: 30,
      seen: 5,
      threshold: 4,
    });
    expect(rulesOf(assess({}, listening).reasons)).not.toContain('tier_low');
  });

  test('E7: what the business library finds unlike the payer weighs once a bank lets it', () => {
    const behaviour = ['unusual_amount', 'burst'] as const;
    expect(rulesOf(assess({ behaviour }).reasons)).not.toContain('behaviour_unusual');
    const { rules } = defaultRiskPolicy;
    const behaviour_unusual = { points: 30, threshold: 1 };
    const listening = { ...defaultRiskPolicy, rules: { ...rules, behaviour_unusual } };
    expect(assess({ behaviour }, listening).reasons).toContainEqual({
      rule: 'behaviour_unusual',
      effect: 'score',
      points: 30,
      seen: 2,
      threshold: 1,
    });
    expect(assess({ behaviour: ['burst'] }, listening).reasons).toEqual([]);
    expect(assess({}, listening).reasons).toEqual([]);
  });

  test('E7 E8: a policy can demand a passkey, always or above an amount', () => {
    const demanding = (points: number, threshold: number): RiskPolicy => ({
      ...defaultRiskPolicy,
      rules: { ...defaultRiskPolicy.rules, passkey_absent: { points, threshold } },
    });
    const order = (hasPasskey: boolean, amountUnits: number): Partial<ListedFacts> => ({
      device: { ...ordinary.device, hasPasskey },
      amountUnits,
    });
    const verdict = (hasPasskey: boolean, units: number, policy: RiskPolicy) =>
      assess(order(hasPasskey, units), policy).verdict;
    expect(verdict(false, 120, defaultRiskPolicy)).toBe('allow');
    expect(verdict(false, 120, demanding(1000, 0))).toBe('terminate');
    expect(verdict(true, 120, demanding(1000, 0))).toBe('allow');
    expect(verdict(false, 500, demanding(40, 500))).toBe('allow');
    expect(verdict(false, 501, demanding(40, 500))).toBe('challenge');
    expect(assess(order(false, 501), demanding(40, 500)).reasons).toEqual([
      { rule: 'passkey_absent', effect: 'score', points: 40, seen: 501, threshold: 500 },
    ]);
    // Orders of before it was known are judged as they were.
    expect(assess({}, demanding(1000, 0)).verdict).toBe('allow');
  });

  test('E7: policies stored before faces and tiers could be said stay what they were', () => {
    const { biometric: _, rules, ...marks } = defaultRiskPolicy;
    const { tier_low: __, behaviour_unusual: ___, passkey_absent: ____, ...earlier } = rules;
    const stored = { ...marks, rules: earlier } as unknown as typeof defaultRiskPolicy;
    expect(wholePolicy(stored)).toEqual(defaultRiskPolicy);
    expect(policyHash(defaultRiskPolicy)).toBe(
      '41eac24ccd5375cf7520a71e49b8381fe53898e43782dff216a8455e8b8c8fde',
    );
  });

  test('many orders in an hour are seen, those of other hours are not', () => {
    const burst = Array.from({ length: 5 }, (_, i) => ({
      atMs: nowMs - i * 60_000,
      amountMinor: 250_000,
    }));
    const { reasons } = assess({ earlier: [...habit, ...burst] });
    expect(rulesOf(reasons)).toEqual(expect.arrayContaining(['velocity_count', 'velocity_amount']));
    const old = burst.map((order) => ({ ...order, atMs: order.atMs - 2 * hour }));
    expect(rulesOf(assess({ earlier: [...habit, ...old] }).reasons)).not.toContain(
      'velocity_count',
    );
  });

  test('two unusual things ask for more, a heap of them ends the order', () => {
    const newDevice = { enrolledAtMs: nowMs, keyStore: 'hardware' } as const;
    const newPayee = { listed: 'none' } as const;
    expect(assess({ device: newDevice }).verdict).toBe('allow');
    expect(assess({ device: newDevice, payee: newPayee }).verdict).toBe('challenge');
    const heap = { device: newDevice, payee: newPayee, amountMinor: 950_000 };
    const far = { movement: { km: 8000, sinceMs: hour } };
    expect(assess({ ...heap, ...far }).verdict).toBe('terminate');
  });

  test('clocks that are wrong by ten minutes do not turn new things old', () => {
    for (const drift of [-10 * 60_000, 10 * 60_000]) {
      const device = { enrolledAtMs: nowMs + drift, keyStore: 'hardware' } as const;
      expect(rulesOf(assess({ device }).reasons)).toContain('device_new');
    }
  });

  test('what ends an order comes first, then the heavier reasons', () => {
    const facts: Partial<ListedFacts> = {
      certificate: 'frozen',
      payee: { listed: 'watched' },
      device: { enrolledAtMs: nowMs, keyStore: 'software' },
    };
    expect(assess(facts).reasons.map(({ points }) => points)).toEqual([0, 60, 25, 20, 15]);
    const rules = { ...defaultRiskPolicy.rules, payee_watched: { points: 1000, threshold: 0 } };
    const [first] = assess(facts, { ...defaultRiskPolicy, rules }).reasons;
    expect(first).toMatchObject({ rule: 'certificate_not_active', effect: 'terminate' });
  });

  test('a score at its mark is over it', () => {
    const facts: Partial<ListedFacts> = {
      payee: { listed: 'none' },
      device: { enrolledAtMs: nowMs, keyStore: 'hardware' },
    };
    const at = (challengeAt: number, terminateAt: number) =>
      assess(facts, { ...defaultRiskPolicy, challengeAt, terminateAt });
    expect(at(46, 47)).toMatchObject({ score: 45, verdict: 'allow' });
    expect(at(45, 46).verdict).toBe('challenge');
    expect(at(45, 45).verdict).toBe('terminate');
  });

  test('a limit that is met is not passed, and a match refuses nothing', () => {
    const full = { amountMinor: 1_000_000, spentTodayMinor: 1_000_000, ordersToday: 19 };
    const { reasons } = assess({ ...full, biometric: 'match' });
    expect(reasons.filter(({ effect }) => effect === 'terminate')).toEqual([]);
    const [first] = assess({ ordersToday: 20 }).reasons;
    expect(first).toMatchObject({ rule: 'over_daily_count', seen: 21, threshold: 20 });
    const { limits: _, ...unlimited } = ordinary;
    const rules = rulesOf(assessOrder(defaultRiskPolicy, wholeFacts(unlimited)).reasons);
    expect(rules).not.toContain('velocity_amount');
    expect(rules).not.toContain('amount_near_limit');
  });

  const ago = (ms: number, amountMinor = 10_000) => ({ atMs: nowMs - ms, amountMinor });
  const burst = (count: number) => Array.from({ length: count }, (_, i) => ago(i * 60_000, 1));
  test.each<[string, Partial<ListedFacts>, Partial<ListedFacts>]>([
    [
      'payee_new',
      { payee: { listed: 'none', firstPaidAtMs: nowMs - 2 * day + 1 } },
      { payee: { listed: 'none', firstPaidAtMs: nowMs - 2 * day } },
    ],
    [
      'device_new',
      { device: { enrolledAtMs: nowMs - 7 * day + 1, keyStore: 'hardware' } },
      { device: { enrolledAtMs: nowMs - 7 * day, keyStore: 'hardware' } },
    ],
    ['velocity_count', { earlier: burst(5) }, { earlier: burst(4) }],
    ['velocity_count', { earlier: burst(5) }, { earlier: [...burst(4), ago(hour, 1)] }],
    ['velocity_count', { earlier: burst(5) }, { earlier: [...burst(4), ago(-1, 1)] }],
    ['velocity_amount', { earlier: [ago(1, 1_208_000)] }, { earlier: [ago(1, 1_207_999)] }],
    ['amount_unusual', { amountMinor: 110_000 }, { amountMinor: 109_999 }],
    ['amount_near_limit', { amountMinor: 910_000 }, { amountMinor: 909_999 }],
    [
      'travel_impossible',
      { movement: { km: 1802, sinceMs: 2 * hour } },
      { movement: { km: 1801, sinceMs: 2 * hour } },
    ],
  ])('%s begins behind its threshold and not before', (rule, over, under) => {
    expect(rulesOf(assess(over).reasons)).toContain(rule);
    expect(rulesOf(assess(under).reasons)).not.toContain(rule);
  });

  test('a rule without points says nothing', () => {
    const rules = { ...defaultRiskPolicy.rules, payee_watched: { points: 0, threshold: 0 } };
    const facts = { payee: { listed: 'watched', firstPaidAtMs: 0 } } as const;
    expect(assess(facts, { ...defaultRiskPolicy, rules }).reasons).toEqual([]);
  });

  test('a habit takes eight orders, and its middle is that of the amounts, not of the days', () => {
    const orders = (...amountsMinor: number[]) =>
      amountsMinor.map((amountMinor, i) => ({ atMs: nowMs - (i + 1) * day, amountMinor }));
    const isUnusual = (amountMinor: number, earlier: ListedFacts['earlier']) =>
      rulesOf(assess({ amountMinor, earlier }).reasons).includes('amount_unusual');
    const same = (count: number, amountMinor: number) =>
      orders(...Array.from({ length: count }, () => amountMinor));
    const mixed = orders(9_000, 11_000, 10_000, 1, 900_000, 10_000, 2, 900_000);
    const large = orders(900_000, 1, 20_000, 900_000, 2, 20_000, 1, 900_000);
    expect(isUnusual(110_000, same(8, 10_000))).toBe(true);
    expect(isUnusual(110_000, same(7, 10_000))).toBe(false);
    expect(isUnusual(110_000, mixed)).toBe(true);
    expect(isUnusual(110_000, large)).toBe(false);
    expect(isUnusual(110_000, same(8, 0))).toBe(false);
  });

  test("an hour is one of the bank's day, next to midnight too, and a habit before it is unusual", () => {
    const at = (...instants: number[]) => instants.map((atMs) => ({ atMs, amountMinor: 10_000 }));
    const isUnusual = (more: Partial<ListedFacts>) =>
      rulesOf(assess(more).reasons).includes('hour_unusual');
    const daysBefore = (instant: number, offsetMs: number, count = 8) =>
      at(...Array.from({ length: count }, (_, i) => instant - (i + 1) * day + offsetMs));
    const daysAgo = (offsetMs: number, count = 8) => daysBefore(nowMs, offsetMs, count);
    expect(isUnusual({ earlier: daysAgo(5 * hour) })).toBe(true);
    expect(isUnusual({ earlier: daysAgo(5 * hour, 7) })).toBe(false);
    expect(isUnusual({ earlier: daysAgo(hour) })).toBe(false);
    expect(isUnusual({ earlier: daysAgo(2 * hour) })).toBe(true);
    const nearMidnight = Date.UTC(2026, 10, 27, 15, 30);
    const after = daysBefore(nearMidnight, hour);
    expect(isUnusual({ nowMs: nearMidnight, earlier: after })).toBe(false);
    // 15:50 and 17:10 where the clocks differ by five hours and a half.
    const now = Date.UTC(2026, 10, 27, 10, 20);
    const later = daysBefore(now, hour + 20 * 60_000);
    expect(isUnusual({ nowMs: now, utcOffsetMinutes: 330, earlier: later })).toBe(true);
  });

  test('a short way is no journey, however fast', () => {
    const isJourney = (km: number) =>
      rulesOf(assess({ movement: { km, sinceMs: 1 } }).reasons).includes('travel_impossible');
    expect(isJourney(99)).toBe(false);
    expect(isJourney(100)).toBe(true);
  });

  const amounts = fc.integer({ min: 1, max: 3_000_000 });
  test('a larger amount never meets a milder verdict', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const milder = severity[assess({ amountMinor: less }).verdict];
        expect(severity[assess({ amountMinor: more }).verdict]).toBeGreaterThanOrEqual(milder);
      }),
    );
  });

  test('a heavier rule never makes a verdict milder', () => {
    const facts: Partial<ListedFacts> = {
      payee: { listed: 'watched' },
      device: { enrolledAtMs: nowMs, keyStore: 'unknown' },
      amountMinor: 990_000,
    };
    const before = assess(facts);
    for (const rule of weighedRules) {
      const { points, threshold } = defaultRiskPolicy.rules[rule];
      const rules = { ...defaultRiskPolicy.rules, [rule]: { points: points + 50, threshold } };
      const after = assess(facts, { ...defaultRiskPolicy, rules });
      expect(severity[after.verdict]).toBeGreaterThanOrEqual(severity[before.verdict]);
    }
  });
});

describe('risk policies', () => {
  test('the default one is valid, and what is out of range is pointed at', () => {
    expect(policyErrors(defaultRiskPolicy)).toEqual([]);
    const { rules } = defaultRiskPolicy;
    const wrong = {
      challengeAt: 200,
      terminateAt: 100,
      biometric: 'none' as const,
      rules: { ...rules, payee_new: { points: -1, threshold: 1.5 } },
    };
    expect(policyErrors(wrong)).toEqual([
      { pointer: '/terminateAt', code: 'below_challenge' },
      { pointer: '/rules/payee_new/points', code: 'out_of_range' },
      { pointer: '/rules/payee_new/threshold', code: 'out_of_range' },
    ]);
  });

  test('marks lie between 1 and 1000, the one that ends not below the one that asks', () => {
    const errors = (challengeAt: number, terminateAt: number) =>
      policyErrors({ ...defaultRiskPolicy, challengeAt, terminateAt });
    expect(errors(1, 1)).toEqual([]);
    expect(errors(1000, 1000)).toEqual([]);
    const out = (pointer: string) => ({ pointer, code: 'out_of_range' });
    expect(errors(0, 1000)).toEqual([out('/challengeAt')]);
    expect(errors(1, 1001)).toEqual([out('/terminateAt')]);
    expect(errors(1001, 1001)).toEqual([out('/challengeAt'), out('/terminateAt')]);
    expect(errors(2, 1)).toEqual([{ pointer: '/terminateAt', code: 'below_challenge' }]);
  });

  test('the hash is that of the text that receipts name', () => {
    // What policies could not say at first is in it only once it is said.
    const later = ['tier_low', 'behaviour_unusual', 'passkey_absent'];
    const said = weighedRules.filter((rule) => !later.includes(rule));
    const rules = said.map((rule) => {
      const { points, threshold } = defaultRiskPolicy.rules[rule];
      return `${rule} ${points} ${threshold}`;
    });
    const text = ['cinnabar risk policy 1', '40', '100', ...rules].join('\n');
    expect(policyHash(defaultRiskPolicy)).toBe(createHash('sha256').update(text).digest('hex'));
  });

  test('the hash changes with every number and with nothing else', () => {
    const { rules, ...scores } = defaultRiskPolicy;
    const reversed = Object.fromEntries(Object.entries(rules).toReversed()) as typeof rules;
    expect(policyHash({ rules: reversed, ...scores })).toBe(policyHash(defaultRiskPolicy));
    const hashes = new Set(
      weighedRules.flatMap((rule) =>
        (['points', 'threshold'] as const).map((member) => {
          const weight = { ...rules[rule], [member]: rules[rule][member] + 1 };
          return policyHash({ ...scores, rules: { ...rules, [rule]: weight } });
        }),
      ),
    );
    expect(hashes.size).toBe(2 * weighedRules.length);
    const uses = biometricUses.map((biometric) => policyHash({ ...defaultRiskPolicy, biometric }));
    expect(new Set(uses).size).toBe(biometricUses.length);
    expect(uses[0]).toBe(policyHash(defaultRiskPolicy));
  });

  test('a simulation says which past orders another verdict would have met', () => {
    const past = [
      { id: 'ordinary', facts: wholeFacts(ordinary) },
      { id: 'new payee', facts: wholeFacts({ ...ordinary, payee: { listed: 'none' as const } }) },
      { id: 'frozen', facts: wholeFacts({ ...ordinary, certificate: 'frozen' as const }) },
    ];
    const strict = { ...defaultRiskPolicy, challengeAt: 20 };
    const simulation = simulatePolicy(defaultRiskPolicy, strict, past);
    expect(simulation.changed).toEqual([
      { id: 'new payee', before: 'allow', after: 'challenge', scoreBefore: 20, scoreAfter: 20 },
    ]);
    expect(simulation.orders).toBe(3);
    expect(simulation.verdicts).toEqual({
      allow: { allow: 1, challenge: 1, terminate: 0 },
      challenge: { allow: 0, challenge: 0, terminate: 0 },
      terminate: { allow: 0, challenge: 0, terminate: 1 },
    });
    expect(simulation.scoresBefore.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(simulatePolicy(strict, strict, past).changed).toEqual([]);
  });

  test('a simulation counts scores in tenths of twice the higher mark, the last one open above', () => {
    const { rules } = defaultRiskPolicy;
    const heavy = {
      ...defaultRiskPolicy,
      terminateAt: 200,
      rules: { ...rules, payee_watched: { points: 1000, threshold: 0 } },
    };
    const device = { enrolledAtMs: nowMs, keyStore: 'hardware' } as const;
    // 0, 20, 45 and 60 points; the watched one 1,000 by the other policy.
    const past = [
      {},
      { payee: { listed: 'none' } as const },
      { payee: { listed: 'none' } as const, device },
      { payee: { listed: 'watched', firstPaidAtMs: 0 } as const },
    ].map((more, i) => ({ id: `order-${i}`, facts: wholeFacts({ ...ordinary, ...more }) }));
    const wide = simulatePolicy(defaultRiskPolicy, heavy, past);
    expect(wide.scoresBefore).toEqual([2, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(wide.scoresAfter).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    const narrow = simulatePolicy(defaultRiskPolicy, defaultRiskPolicy, past);
    expect(narrow.scoresBefore).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
  });
});
