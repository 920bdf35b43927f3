import {
  type Approvers,
  amount,
  type Permission,
  permissions,
  type Rate,
  type ReasonCode,
  type Tier,
  tiers,
} from './settings.ts';

export interface TierPolicy {
  readonly tier: Tier;
  /** The tier holds for a probability of default below this, in millionths. */
  readonly pdBelowMicros: number;
  readonly permissions: readonly Permission[];
  /** CNY. */
  readonly single: string;
  readonly daily: string;
  readonly count: number;
  readonly dualControlAbove: string;
  readonly approvers: Approvers;
}

export interface PolicyTable {
  readonly name: string;
  readonly version: number;
  /** Tier 1 first; `assertMonotone` says what must hold from row to row. */
  readonly rows: readonly TierPolicy[];
  /** How far below a boundary a better tier begins for someone who was in the next worse one. */
  readonly hysteresisMicros: number;
  /** The best tier for someone about whom an ordinary party's part is missing (rule R2). */
  readonly bestTierWithMissingPart: Tier;
  readonly validDays: number;
  readonly rates: readonly Rate[];
}

const row = (
  tier: Tier,
  pdBelowMicros: number,
  permissions: readonly Permission[],
  [single, daily, dualControlAbove]: readonly [number, number, number],
  count: number,
  approvers: Approvers,
): TierPolicy => ({
  tier,
  pdBelowMicros,
  permissions,
  single: fen(single),
  daily: fen(daily),
  count,
  dualControlAbove: fen(dualControlAbove),
  approvers,
});

function fen(yuan: number): string {
  return String(BigInt(yuan) * 100n);
}

/** The table that is used where an institution has not set its own. Amounts in yuan below. */
export const referencePolicy: PolicyTable = {
  name: 'reference',
  version: 1,
  rows: [
    row(1, 50_000, permissions, [5_000_000, 20_000_000, 1_000_000], 500, {
      min: 1,
      ordered: false,
    }),
    row(
      2,
      100_000,
      ['view', 'make', 'check', 'payroll', 'fx'],
      [1_000_000, 5_000_000, 200_000],
      200,
      { min: 1, ordered: false },
    ),
    row(3, 160_000, ['view', 'make', 'check', 'payroll'], [200_000, 1_000_000, 50_000], 100, {
      min: 1,
      ordered: false,
    }),
    row(4, 250_000, ['view', 'make', 'check'], [50_000, 200_000, 10_000], 50, {
      min: 1,
      ordered: true,
    }),
    row(5, 450_000, ['view', 'make'], [10_000, 20_000, 0], 10, { min: 2, ordered: true }),
    row(6, 1_000_001, ['view'], [0, 0, 0], 0, { min: 2, ordered: true }),
  ],
  hysteresisMicros: 10_000,
  bestTierWithMissingPart: 3,
  validDays: 365,
  rates: [],
};

/** The row of a tier. A table without it is a defect of the table. */
export function policyRow(table: PolicyTable, tier: Tier): TierPolicy {
  const found = table.rows.find((candidate) => candidate.tier === tier);
  if (!found) throw new RangeError(`policy ${table.name} has no row for tier ${tier}`);
  return found;
}

/** The tier of a probability of default, in millionths, for someone without a past. */
export function tierOfPd(table: PolicyTable, pdMicros: number): Tier {
  if (!Number.isSafeInteger(pdMicros) || pdMicros < 0 || pdMicros > 1_000_000) {
    throw new RangeError('a probability in millionths is an integer from 0 to 1000000');
  }
  return table.rows.find(({ pdBelowMicros }) => pdMicros < pdBelowMicros)?.tier ?? 6;
}

/**
 * The tier for someone who was in `previous`: a worse one counts at once, a better one only from
 * `hysteresisMicros` below its boundary on, so that a score on the line does not flap.
 */
export function tierWithPast(table: PolicyTable, pdMicros: number, previous: Tier): Tier {
  const plain = tierOfPd(table, pdMicros);
  if (plain >= previous) return plain;
  const careful = tierOfPd(table, Math.min(1_000_000, pdMicros + table.hysteresisMicros));
  return careful < previous ? careful : previous;
}

/** What is known about a case beside its score. Any of these comes before the score. */
export interface CaseFacts {
  readonly identityProven: boolean;
  readonly sanctionHit: boolean;
  readonly consentValid: boolean;
  readonly missingParts: number;
  readonly missingMandatoryParts: number;
  /** The newest that came by the score; an outage or a failed identity is nobody's past. */
  readonly previousTier?: Tier;
}

/** Whether something decides that comes before any score, and that no person may set aside. */
export function isHardRule({
  identityProven,
  sanctionHit,
  consentValid,
}: Pick<CaseFacts, 'identityProven' | 'sanctionHit' | 'consentValid'>): boolean {
  return !identityProven || sanctionHit || !consentValid;
}

/** Whether the tier says something of the person: nothing came before the score or was missing. */
export function isByScore(facts: CaseFacts): boolean {
  return !isHardRule(facts) && facts.missingParts + facts.missingMandatoryParts === 0;
}

/** Hard rules first, then the score, then what is missing. `pdMicros` is not looked at under a hard rule. */
export function decideTier(
  table: PolicyTable,
  pdMicros: number,
  facts: CaseFacts,
): { readonly tier: Tier; readonly reasons: readonly ReasonCode[] } {
  const hard: ReasonCode[] = [];
  if (!facts.identityProven) hard.push('identity_failed');
  if (facts.sanctionHit) hard.push('sanction_hit');
  if (!facts.consentValid) hard.push('consent_expired');
  if (facts.missingMandatoryParts > 0) hard.push('mandatory_part_missing');
  if (hard.length > 0) return { tier: 6, reasons: [...hard, 'manual_review'] };

  const reasons: ReasonCode[] = [];
  const plain = tierOfPd(table, pdMicros);
  const { previousTier } = facts;
  let tier = previousTier === undefined ? plain : tierWithPast(table, pdMicros, previousTier);
  if (tier !== plain) reasons.push('tier_kept');
  if (facts.missingParts > 0) {
    reasons.push('part_missing');
    tier = worse(tier, table.bestTierWithMissingPart);
  }
  if (tier === 6) reasons.push('manual_review');
  return { tier, reasons };
}

function worse(a: Tier, b: Tier): Tier {
  return a > b ? a : b;
}

/**
 * Proves that a worse tier never gives more: permissions are a chain of subsets, amounts and counts
 * never rise, a second person is asked for no later, and boundaries ascend to certainty.
 *
 * @throws RangeError naming the first tier that breaks it
 */
export function assertMonotone(table: PolicyTable): void {
  const fault = monotoneFault(table.rows);
  if (fault) throw new RangeError(`policy ${table.name}: ${fault.text}`);
}

/** The first row that breaks it, and why. */
export function monotoneFault(
  rows: readonly TierPolicy[],
): { readonly index: number; readonly code: string; readonly text: string } | undefined {
  if (rows.map(({ tier }) => tier).join() !== tiers.join()) {
    return { index: 0, code: 'tiers', text: 'there is one row per tier, best first' };
  }
  const index = rows.findIndex((next, i) => {
    const better = rows[i - 1];
    return better !== undefined && !isNoMoreThan(next, better);
  });
  if (index >= 0) {
    const text = `tier ${rows[index]?.tier} gives more than the one above`;
    return { index, code: 'not_monotone', text };
  }
  const last = rows.length - 1;
  if ((rows[last]?.pdBelowMicros ?? 0) <= 1_000_000) {
    return { index: last, code: 'not_certain', text: 'the last tier does not reach certainty' };
  }
  return undefined;
}

function isNoMoreThan(next: TierPolicy, better: TierPolicy): boolean {
  return (
    next.pdBelowMicros > better.pdBelowMicros &&
    next.permissions.every((permission) => better.permissions.includes(permission)) &&
    amount(next.single) <= amount(better.single) &&
    amount(next.daily) <= amount(better.daily) &&
    next.count <= better.count &&
    amount(next.dualControlAbove) <= amount(better.dualControlAbove) &&
    next.approvers.min >= better.approvers.min &&
    (next.approvers.ordered || !better.approvers.ordered)
  );
}
