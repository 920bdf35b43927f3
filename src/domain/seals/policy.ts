import type { Random } from '../ports.ts';
import type { Money, PolicyChoice, Vendor } from './types.ts';

/** From `fromMinor` of `currency` on, this many vendors must agree. */
export interface PolicyLevel {
  readonly currency: string;
  readonly fromMinor: number;
  readonly vendorCount: number;
}

/** How many vendors an institution demands, by branch and by business level (B5). */
export interface SealPolicy {
  readonly defaultCount: number;
  readonly branches: Readonly<Record<string, number>>;
  readonly levels: readonly PolicyLevel[];
}

/** What holds for an institution that has set nothing: one vendor, never none. */
export const defaultPolicy: SealPolicy = { defaultCount: 1, branches: {}, levels: [] };

/**
 * Chooses between the policies of branch and business level: the one with more vendors wins (B5).
 *
 * On a tie the branch is named, since it is the requester's own rule. What neither covers falls to
 * the default, and no rule can go below it.
 */
export function choosePolicy(policy: SealPolicy, branch: string, money: Money): PolicyChoice {
  const ofBranch = Object.hasOwn(policy.branches, branch) ? (policy.branches[branch] ?? 0) : 0;
  const ofLevel = policy.levels
    .filter((level) => level.currency === money.currency && level.fromMinor <= money.amountMinor)
    .reduce((most, level) => Math.max(most, level.vendorCount), 0);
  if (Math.max(ofBranch, ofLevel) < policy.defaultCount) {
    return { source: 'default', vendorCount: policy.defaultCount };
  }
  return ofBranch >= ofLevel
    ? { source: 'branch', vendorCount: ofBranch }
    : { source: 'level', vendorCount: ofLevel };
}

/**
 * Draws `count` of the vendors, every choice equally likely; all of them when there are no more.
 *
 * Drawn from strong randomness: who knows beforehand which vendors will look at a forgery can
 * prepare it for those.
 */
export function drawVendors(
  count: number,
  vendors: readonly Vendor[],
  random: Random,
): readonly Vendor[] {
  const left = [...vendors];
  const drawn: Vendor[] = [];
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(below(left.length, random), 1));
  }
  return drawn;
}

/** A uniform number in [0, limit), by rejection. `limit` is 1 to 256. */
function below(limit: number, random: Random): number {
  const fair = 256 - (256 % limit);
  for (;;) {
    const [byte] = random.bytes(1);
    if (byte !== undefined && byte < fair) return byte % limit;
  }
}
