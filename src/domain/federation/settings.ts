/**
 * From a tier to what a certificate permits: the policy table and the rule that grants from it.
 *
 * Amounts are decimal texts of integer minor units of their currency, because JSON numbers end at
 * 2^53 and a signed object must have one form. Ratios such as a probability of default are
 * integers of one millionth, so that every machine draws the same line.
 */

/** In rising order of what they let a person do; a tier's set is always a subset of a better one's. */
export const permissions = ['view', 'make', 'check', 'payroll', 'fx', 'authorise'] as const;
export type Permission = (typeof permissions)[number];

/** The part a person plays on an item. Maker and checker of one item are never the same person. */
export const settingsRoles = ['viewer', 'maker', 'checker', 'authoriser'] as const;
export type SettingsRole = (typeof settingsRoles)[number];

export const channels = ['counter', 'online', 'mobile', 'direct'] as const;
export type Channel = (typeof channels)[number];

/** What may be moved through one channel in one currency: each time, a day, and how often a day. */
export interface ChannelLimit {
  readonly channel: Channel;
  /** ISO 4217. */
  readonly currency: string;
  readonly single: string;
  readonly daily: string;
  readonly count: number;
}

/** Who else must agree above `dualControlAbove`. */
export interface Approvers {
  readonly min: number;
  readonly ordered: boolean;
}

/** What a person asks for. Nothing that is not asked for is ever granted. */
export interface RequestedSettings {
  readonly role: SettingsRole;
  readonly permissions: readonly Permission[];
  readonly limits: readonly ChannelLimit[];
  /** CNY; asks for a second person earlier than the policy would. */
  readonly dualControlAbove?: string;
}

/** A ceiling from outside the score. A channel and currency that `limits` does not name gets 0. */
export interface Cap {
  readonly permissions?: readonly Permission[];
  readonly limits?: readonly ChannelLimit[];
}

/** What the enterprise and the account allow at most; an absent one sets no ceiling. */
export interface Caps {
  readonly enterprise?: Cap;
  readonly account?: Cap;
}

/** What one minor unit of a currency cost on a day, in millionths of a minor unit of CNY. */
export interface Rate {
  readonly currency: string;
  readonly cnyMicros: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

export const tiers = [1, 2, 3, 4, 5, 6] as const;
/** 1 is the best, 6 means that a person must decide. */
export type Tier = (typeof tiers)[number];

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

/** Why settings are what they are. Codes are public and stable. */
export const reasonCodes = [
  'identity_failed',
  'sanction_hit',
  'consent_expired',
  'mandatory_part_missing',
  'part_missing',
  'tier_kept',
  'permission_not_in_tier',
  'permission_capped_by_enterprise',
  'permission_capped_by_account',
  'role_lowered',
  'limit_capped_by_tier',
  'limit_capped_by_enterprise',
  'limit_capped_by_account',
  'currency_without_rate',
  'dual_control_always',
  'manual_review',
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

/** Which ceiling decided a limit. */
export type BindingCap = 'requested' | 'tier' | 'enterprise' | 'account';

export interface Grant {
  readonly tier: Tier;
  readonly role: SettingsRole;
  readonly permissions: readonly Permission[];
  readonly limits: readonly ChannelLimit[];
  /** CNY; `0` means that a second person is always needed. */
  readonly dualControlAbove: string;
  readonly approvers: Approvers;
  /** The rates that limits in other currencies were converted with. */
  readonly rates: readonly Rate[];
}

export interface GrantDecision {
  readonly grant: Grant;
  /** For each granted limit, in its order, the ceiling that decided the single amount. */
  readonly binding: readonly BindingCap[];
  readonly reasons: readonly ReasonCode[];
}

/** A person raised or lowered what the score gave; two persons signed for it. */
export interface SettingsOverride {
  readonly fromTier: Tier;
  readonly reason: string;
  readonly maker: string;
  readonly checker: string;
}

/**
 * What a certificate permits. Its issuer signs these fields in canonical JSON together with the
 * hash of the certificate.
 */
export interface Settings extends Grant {
  /** RFC 3339, UTC. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 in hex of the model that scored; absent where rules alone decided. */
  readonly modelHash?: string;
  readonly policyHash: string;
  readonly decisionId: string;
  readonly override?: SettingsOverride;
}

const home = 'CNY';
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
  readonly previousTier?: Tier;
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
 * Grants the least of what was requested, what the tier allows, and what enterprise and account
 * allow, each for itself: permission by permission, amount by amount.
 *
 * @throws RangeError when an amount or count is not a whole number of zero or more
 */
export function grantSettings(
  table: PolicyTable,
  tier: Tier,
  requested: RequestedSettings,
  caps: Caps = {},
): GrantDecision {
  const policy = policyRow(table, tier);
  const reasons = new Set<ReasonCode>();
  const granted = grantPermissions(policy, requested, caps, reasons);
  const role = roleFor(requested.role, granted);
  if (role !== requested.role) reasons.add('role_lowered');

  const limits: ChannelLimit[] = [];
  const binding: BindingCap[] = [];
  const rates = new Map<string, Rate>();
  for (const wish of mergeLimits(requested.limits)) {
    const rate = rateOf(table, wish.currency);
    if (rate === undefined) {
      reasons.add('currency_without_rate');
      continue;
    }
    if (rate !== homeRate) rates.set(rate.currency, rate);
    const line = grantLimit(policy, wish, caps, rate);
    limits.push(line.limit);
    binding.push(line.binding);
    if (line.binding !== 'requested') reasons.add(`limit_capped_by_${line.binding}`);
  }

  const dualControlAbove = least(policy.dualControlAbove, requested.dualControlAbove);
  if (dualControlAbove === '0') reasons.add('dual_control_always');
  const grant: Grant = {
    tier,
    role,
    permissions: granted,
    limits,
    dualControlAbove,
    approvers: policy.approvers,
    rates: [...rates.values()],
  };
  return { grant, binding, reasons: [...reasons] };
}

function grantPermissions(
  policy: TierPolicy,
  requested: RequestedSettings,
  caps: Caps,
  reasons: Set<ReasonCode>,
): Permission[] {
  return permissions.filter((permission) => {
    if (!requested.permissions.includes(permission)) return false;
    const refusals: ReasonCode[] = [];
    if (!policy.permissions.includes(permission)) refusals.push('permission_not_in_tier');
    for (const source of ['enterprise', 'account'] as const) {
      const allowed = caps[source]?.permissions;
      if (allowed && !allowed.includes(permission)) {
        refusals.push(`permission_capped_by_${source}`);
      }
    }
    for (const refusal of refusals) reasons.add(refusal);
    return refusals.length === 0;
  });
}

const roleNeeds: Readonly<Record<SettingsRole, Permission>> = {
  viewer: 'view',
  maker: 'make',
  checker: 'check',
  authoriser: 'authorise',
};

/** The role asked for, or the highest below it for which the permission was granted. */
function roleFor(requested: SettingsRole, granted: readonly Permission[]): SettingsRole {
  const from = settingsRoles.indexOf(requested);
  const fitting = settingsRoles
    .slice(0, from + 1)
    .findLast((candidate) => granted.includes(roleNeeds[candidate]));
  return fitting ?? 'viewer';
}

/** One line per channel and currency: of two wishes for the same the smaller counts. */
function mergeLimits(limits: readonly ChannelLimit[]): ChannelLimit[] {
  const lines = new Map<string, ChannelLimit>();
  for (const limit of limits) {
    const key = `${limit.channel} ${limit.currency}`;
    const known = lines.get(key);
    lines.set(key, known ? smaller(known, limit) : checked(limit));
  }
  return [...lines.values()];
}

function smaller(a: ChannelLimit, b: ChannelLimit): ChannelLimit {
  return {
    ...a,
    single: least(a.single, b.single),
    daily: least(a.daily, b.daily),
    count: Math.min(wholeCount(a.count), wholeCount(b.count)),
  };
}

const homeRate: Rate = { currency: home, cnyMicros: '1000000', date: '' };

function rateOf(table: PolicyTable, currency: string): Rate | undefined {
  if (currency === home) return homeRate;
  return table.rates.find((rate) => rate.currency === currency);
}

function grantLimit(
  policy: TierPolicy,
  wish: ChannelLimit,
  caps: Caps,
  rate: Rate,
): { readonly limit: ChannelLimit; readonly binding: BindingCap } {
  const ceilings: (readonly [BindingCap, ChannelLimit])[] = [
    [
      'tier',
      {
        ...wish,
        single: converted(policy.single, rate),
        daily: converted(policy.daily, rate),
        count: policy.count,
      },
    ],
  ];
  for (const source of ['enterprise', 'account'] as const) {
    const lines = caps[source]?.limits;
    if (lines) ceilings.push([source, capLine(lines, wish)]);
  }
  let limit = wish;
  let binding: BindingCap = 'requested';
  for (const [source, ceiling] of ceilings) {
    const next = smaller(limit, ceiling);
    if (next.single !== limit.single) binding = source;
    limit = next;
  }
  // More in one payment than in a day would be a promise that cannot be kept.
  return { limit: { ...limit, single: least(limit.single, limit.daily) }, binding };
}

function capLine(lines: readonly ChannelLimit[], wish: ChannelLimit): ChannelLimit {
  const { channel, currency } = wish;
  const found = lines.filter((line) => line.channel === channel && line.currency === currency);
  return mergeLimits(found)[0] ?? { channel, currency, single: '0', daily: '0', count: 0 };
}

/** Rounded down: a converted ceiling never exceeds the one in CNY. */
function converted(cny: string, rate: Rate): string {
  const micros = amount(rate.cnyMicros);
  if (micros === 0n) throw new RangeError(`rate of ${rate.currency} is zero`);
  return String((amount(cny) * 1_000_000n) / micros);
}

function least(a: string, b: string | undefined): string {
  const first = amount(a);
  if (b === undefined) return String(first);
  const second = amount(b);
  return String(first < second ? first : second);
}

function checked(limit: ChannelLimit): ChannelLimit {
  return {
    ...limit,
    single: String(amount(limit.single)),
    daily: String(amount(limit.daily)),
    count: wholeCount(limit.count),
  };
}

function amount(text: string): bigint {
  if (!/^(?:0|[1-9][0-9]{0,17})$/.test(text)) {
    throw new RangeError('an amount is a decimal text of whole minor units');
  }
  return BigInt(text);
}

function wholeCount(count: number): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError('a count is 0 or more');
  return count;
}

/**
 * Proves that a worse tier never gives more: permissions are a chain of subsets, amounts and counts
 * never rise, a second person is asked for no later, and boundaries ascend to certainty.
 *
 * @throws RangeError naming the first tier that breaks it
 */
export function assertMonotone(table: PolicyTable): void {
  const order = table.rows.map(({ tier }) => tier).join();
  if (order !== tiers.join()) throw new RangeError('a policy has one row per tier, best first');
  for (const [index, next] of table.rows.entries()) {
    const better = table.rows[index - 1];
    if (better && !isNoMoreThan(next, better)) {
      throw new RangeError(`policy ${table.name}: tier ${next.tier} gives more than the one above`);
    }
  }
  const last = table.rows.at(-1);
  if (!last || last.pdBelowMicros <= 1_000_000) {
    throw new RangeError(`policy ${table.name}: the last tier does not reach certainty`);
  }
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
