import { type PolicyTable, policyRow } from './policy.ts';
import {
  amount,
  type BindingCap,
  type Caps,
  type ChannelLimit,
  type Grant,
  type GrantDecision,
  type Permission,
  permissions,
  type Rate,
  type ReasonCode,
  type RequestedSettings,
  type SettingsRole,
  settingsRoles,
  type Tier,
} from './settings.ts';

const home = 'CNY';

/** What was decided before a request is looked at: the most that it can get. */
interface Ceiling extends Pick<Grant, 'tier' | 'permissions' | 'dualControlAbove' | 'approvers'> {
  readonly role?: SettingsRole;
  /** The rate of a currency; without one it gets nothing. */
  rateOf(currency: string): Rate | undefined;
  line(wish: ChannelLimit, rate: Rate): ChannelLimit;
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
  const row = policyRow(table, tier);
  const ceiling: Ceiling = {
    ...row,
    rateOf: (currency) =>
      currency === home ? homeRate : table.rates.find((rate) => rate.currency === currency),
    line: (wish, rate) => ({
      ...wish,
      single: converted(row.single, rate),
      daily: converted(row.daily, rate),
      count: row.count,
    }),
  };
  return grantUnder(ceiling, requested, caps);
}

/**
 * The least of what is requested now, what was decided before, and the caps of today: a decision is
 * never widened, whatever is asked for later.
 *
 * @throws RangeError as `grantSettings`
 */
export function narrowGrant(
  decided: Grant,
  requested: RequestedSettings,
  caps: Caps = {},
): GrantDecision {
  const ceiling: Ceiling = {
    ...decided,
    rateOf: (currency) =>
      currency === home ? homeRate : decided.rates.find((rate) => rate.currency === currency),
    line: (wish) => capLine(decided.limits, wish),
  };
  return grantUnder(ceiling, requested, caps);
}

function grantUnder(ceiling: Ceiling, requested: RequestedSettings, caps: Caps): GrantDecision {
  const reasons = new Set<ReasonCode>();
  const granted = grantPermissions(ceiling.permissions, requested, caps, reasons);
  const role = roleFor(lower(requested.role, ceiling.role), granted);
  if (role !== requested.role) reasons.add('role_lowered');

  const limits: ChannelLimit[] = [];
  const binding: BindingCap[] = [];
  const rates = new Map<string, Rate>();
  for (const wish of mergeLimits(requested.limits)) {
    const rate = ceiling.rateOf(wish.currency);
    if (rate === undefined) {
      reasons.add('currency_without_rate');
      continue;
    }
    if (rate !== homeRate) rates.set(rate.currency, rate);
    const line = grantLimit(ceiling.line(wish, rate), wish, caps);
    limits.push(line.limit);
    binding.push(line.binding);
    if (line.binding !== 'requested') reasons.add(`limit_capped_by_${line.binding}`);
  }

  const dualControlAbove = least(ceiling.dualControlAbove, requested.dualControlAbove);
  if (dualControlAbove === '0') reasons.add('dual_control_always');
  const { tier, approvers } = ceiling;
  const grant: Grant = {
    tier,
    role,
    permissions: granted,
    limits,
    dualControlAbove,
    approvers,
    rates: [...rates.values()],
  };
  return { grant, binding, reasons: [...reasons] };
}

function lower(role: SettingsRole, ceiling: SettingsRole = role): SettingsRole {
  return settingsRoles.indexOf(role) < settingsRoles.indexOf(ceiling) ? role : ceiling;
}

function grantPermissions(
  allowedByTier: readonly Permission[],
  requested: RequestedSettings,
  caps: Caps,
  reasons: Set<ReasonCode>,
): Permission[] {
  return permissions.filter((permission) => {
    if (!requested.permissions.includes(permission)) return false;
    const refusals: ReasonCode[] = [];
    if (!allowedByTier.includes(permission)) refusals.push('permission_not_in_tier');
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

function grantLimit(
  tier: ChannelLimit,
  wish: ChannelLimit,
  caps: Caps,
): { readonly limit: ChannelLimit; readonly binding: BindingCap } {
  const ceilings: (readonly [BindingCap, ChannelLimit])[] = [['tier', tier]];
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

function wholeCount(count: number): number {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError('a count is 0 or more');
  return count;
}
