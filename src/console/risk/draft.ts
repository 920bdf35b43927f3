import type { RiskPolicy } from '../../client/index.ts';

export type Rule = keyof RiskPolicy['rules'];

/** A policy as it is typed. */
export interface PolicyDraft {
  readonly challengeAt: string;
  readonly terminateAt: string;
  readonly biometric: NonNullable<RiskPolicy['biometric']>;
  readonly rules: Readonly<Record<Rule, { readonly points: string; readonly threshold: string }>>;
}

const scoreMax = 1000;
const thresholdMax = 1_000_000;

export function draftOf({
  challengeAt,
  terminateAt,
  biometric = 'none',
  rules,
}: RiskPolicy): PolicyDraft {
  const typed = Object.entries(rules).map(([rule, { points, threshold }]) => [
    rule,
    { points: String(points), threshold: String(threshold) },
  ]);
  return {
    challengeAt: String(challengeAt),
    terminateAt: String(terminateAt),
    biometric,
    rules: Object.fromEntries(typed) as PolicyDraft['rules'],
  };
}

export function rulesOf({ rules }: PolicyDraft) {
  return Object.entries(rules) as [Rule, PolicyDraft['rules'][Rule]][];
}

/** The policy that was typed; undefined while it is none. */
export function policyOf(draft: PolicyDraft): RiskPolicy | undefined {
  const challengeAt = whole(draft.challengeAt, 1, scoreMax);
  const terminateAt = whole(draft.terminateAt, 1, scoreMax);
  const rules = rulesOf(draft).map(
    ([rule, { points, threshold }]) =>
      [
        rule,
        { points: whole(points, 0, scoreMax), threshold: whole(threshold, 0, thresholdMax) },
      ] as const,
  );
  const isWhole = rules.every(([, weight]) => Object.values(weight).every((n) => n !== undefined));
  if (!isWhole || challengeAt === undefined || terminateAt === undefined) return undefined;
  if (challengeAt > terminateAt) return undefined;
  const { biometric } = draft;
  const marks = { challengeAt, terminateAt, biometric };
  return { ...marks, rules: Object.fromEntries(rules) as RiskPolicy['rules'] };
}

function whole(text: string, least: number, most: number): number | undefined {
  const plain = text.normalize('NFKC').trim();
  const value = /^\d{1,7}$/.test(plain) ? Number(plain) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}

const units = [
  'none',
  'days',
  'orders_per_hour',
  'percent_of_daily_limit_per_hour',
  'times_the_median',
  'percent_of_single_limit',
  'percent_of_earlier_orders',
  'km_per_hour',
  'tier',
] as const;

/** What the service calls the unit of a threshold, if there are words for it here. */
export function unitOf(name: string | undefined): (typeof units)[number] {
  return units.find((unit) => unit === name) ?? 'none';
}

export function isUnitless(name: string | undefined): boolean {
  return unitOf(name) === 'none';
}
