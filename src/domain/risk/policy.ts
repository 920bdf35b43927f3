import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type {
  PolicyChange as PolicyChangeOf,
  PolicyHead as PolicyHeadOf,
} from '../audit/policy-changes.ts';
import type { FieldError } from '../errors.ts';
import { type WeighedRule, weighedRules } from './types.ts';

/** What a weighed rule holds its number against, and how much it weighs. */
export interface RuleWeight {
  /** 0 switches the rule off. */
  readonly points: number;
  /** In the unit that `thresholdUnits` gives for the rule. */
  readonly threshold: number;
}

/**
 * What a biometric match is to a challenged order: `none`, nobody is asked for one; `clears`, it is
 * as good as an officer's word; `demanded`, without one no officer can allow the order.
 */
export const biometricUses = ['none', 'clears', 'demanded'] as const;
export type BiometricUse = (typeof biometricUses)[number];

/** How a bank weighs what it sees. Orders are assessed by the version in force. */
export interface RiskPolicy {
  /** From this score on the person is asked for more. */
  readonly challengeAt: number;
  /** From this score on the order ends. */
  readonly terminateAt: number;
  readonly biometric: BiometricUse;
  readonly rules: Readonly<Record<WeighedRule, RuleWeight>>;
}

/** What each threshold counts, for those who edit a policy and read a reason. */
export const thresholdUnits: Readonly<Record<WeighedRule, string>> = {
  payee_new: 'days',
  payee_watched: 'none',
  device_new: 'days',
  device_weak: 'none',
  velocity_count: 'orders_per_hour',
  velocity_amount: 'percent_of_daily_limit_per_hour',
  amount_unusual: 'times_the_median',
  amount_near_limit: 'percent_of_single_limit',
  hour_unusual: 'percent_of_earlier_orders',
  travel_impossible: 'km_per_hour',
  seal_in_review: 'none',
  tier_low: 'tier',
  behaviour_unusual: 'behaviour_hints',
  passkey_absent: 'currency_units',
};

/**
 * What is in force until a bank decides otherwise: one unusual thing is allowed, two together ask
 * for more, and only a heap of them ends the order.
 */
export const defaultRiskPolicy: RiskPolicy = {
  challengeAt: 40,
  terminateAt: 100,
  biometric: 'none',
  rules: {
    payee_new: { points: 20, threshold: 2 },
    payee_watched: { points: 60, threshold: 0 },
    device_new: { points: 25, threshold: 7 },
    device_weak: { points: 15, threshold: 0 },
    velocity_count: { points: 30, threshold: 5 },
    velocity_amount: { points: 25, threshold: 60 },
    amount_unusual: { points: 25, threshold: 10 },
    amount_near_limit: { points: 15, threshold: 90 },
    hour_unusual: { points: 10, threshold: 2 },
    travel_impossible: { points: 50, threshold: 900 },
    seal_in_review: { points: 45, threshold: 0 },
    // Off until a bank decides to hear other institutions on payments.
    tier_low: { points: 0, threshold: 4 },
    // Off until a bank decides to weigh the business library's profile beside its own rules.
    behaviour_unusual: { points: 0, threshold: 0 },
    // Off until a bank decides that a PIN is not enough, or not above so much.
    passkey_absent: { points: 0, threshold: 0 },
  },
};

/** A policy as it was stored, whole: what policies could not say then is as if it were not there. */
export function wholePolicy(stored: RiskPolicy): RiskPolicy {
  const { biometric, rules } = defaultRiskPolicy;
  const own = {
    ...stored.rules,
    tier_low: stored.rules.tier_low ?? rules.tier_low,
    behaviour_unusual: stored.rules.behaviour_unusual ?? rules.behaviour_unusual,
    passkey_absent: stored.rules.passkey_absent ?? rules.passkey_absent,
  };
  return { ...stored, biometric: stored.biometric ?? biometric, rules: own };
}

export const scoreMax = 1000;
const thresholdMax = 1_000_000;

/** What is wrong with a policy: nothing, or where and what. */
export function policyErrors(policy: RiskPolicy): FieldError[] {
  const errors: FieldError[] = [];
  const expect = (holds: boolean, pointer: string, code: string) => {
    if (!holds) errors.push({ pointer, code });
  };
  expect(isWhole(policy.challengeAt, 1, scoreMax), '/challengeAt', 'out_of_range');
  expect(isWhole(policy.terminateAt, 1, scoreMax), '/terminateAt', 'out_of_range');
  expect(policy.challengeAt <= policy.terminateAt, '/terminateAt', 'below_challenge');
  for (const rule of weighedRules) {
    const { points, threshold } = policy.rules[rule];
    expect(isWhole(points, 0, scoreMax), `/rules/${rule}/points`, 'out_of_range');
    expect(isWhole(threshold, 0, thresholdMax), `/rules/${rule}/threshold`, 'out_of_range');
  }
  return errors;
}

/** Rules that policies could not say at first. */
const laterRules: readonly WeighedRule[] = ['tier_low', 'behaviour_unusual', 'passkey_absent'];

/** A later rule as it is by default, and so as if it could not be said. */
function isUnsaid(rule: WeighedRule, { points, threshold }: RuleWeight): boolean {
  const unsaid = defaultRiskPolicy.rules[rule];
  return laterRules.includes(rule) && points === unsaid.points && threshold === unsaid.threshold;
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

/** SHA-256 over the policy's numbers in a fixed order: two policies share it when they are equal. */
export function policyHash(policy: RiskPolicy): string {
  const rules = weighedRules.flatMap((rule) => {
    const weight = policy.rules[rule];
    return isUnsaid(rule, weight) ? [] : [`${rule} ${weight.points} ${weight.threshold}`];
  });
  // What policies could not say at first stands in it only once it is said: older hashes hold.
  const biometric = policy.biometric === 'none' ? [] : [`biometric ${policy.biometric}`];
  const marks = [policy.challengeAt, policy.terminateAt];
  const text = ['cinnabar risk policy 1', ...marks, ...rules, ...biometric];
  return bytesToHex(sha256(utf8ToBytes(text.join('\n'))));
}

export type PolicyHead = PolicyHeadOf<RiskPolicy>;

export type PolicyChange = PolicyChangeOf<RiskPolicy>;
