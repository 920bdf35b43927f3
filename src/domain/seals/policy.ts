import type { Random } from '../ports.ts';
import type { Money, PolicyChoice, Vendor, VendorDraw } from './types.ts';

/** How many vendors must agree; `all` that are installed. */
export type VendorDemand = number | 'all';

/** From `fromMinor` of `currency` on, this holds. */
export interface PolicyLevel {
  readonly currency: string;
  readonly fromMinor: number;
  readonly vendorCount: VendorDemand;
  /** A review of such an amount takes a second person. */
  readonly secondReviewer?: boolean;
}

/** How many vendors an institution demands, by branch and by business level (B5). */
export interface SealPolicy {
  /** For a branch that is not listed, which gets no less than any listed one. */
  readonly defaultCount: VendorDemand;
  readonly branches: Readonly<Record<string, VendorDemand>>;
  readonly levels: readonly PolicyLevel[];
  /** Enrolments and changes of seals take effect when a second person approved them. */
  readonly approveChanges?: boolean;
}

/** What holds for an institution that has set nothing: every installed vendor. */
export const defaultPolicy: SealPolicy = { defaultCount: 'all', branches: {}, levels: [] };

/**
 * Chooses between the policies of branch and business level: the one with more vendors wins (B5).
 *
 * On a tie the branch is named, since it is the requester's own rule. A branch that the policy does
 * not list gets the largest of the default and every listed branch; a currency that no level knows
 * gets the strictest level. So a slip or a forged field never asks fewer vendors.
 */
export function choosePolicy(
  policy: SealPolicy,
  branch: string,
  money: Money,
  installedCount: number,
): PolicyChoice {
  const countOf = (demand: VendorDemand) =>
    demand === 'all' ? Math.max(1, installedCount) : Math.max(1, demand);
  const isListed = Object.hasOwn(policy.branches, branch);
  const listed = isListed ? policy.branches[branch] : undefined;
  const everyBranch = [policy.defaultCount, ...Object.values(policy.branches)];
  const ofBranch = listed === undefined ? Math.max(...everyBranch.map(countOf)) : countOf(listed);
  const levels = levelsOf(policy, money);
  const strictest = levels.reduce<PolicyLevel | undefined>(
    (most, level) =>
      most && countOf(most.vendorCount) >= countOf(level.vendorCount) ? most : level,
    undefined,
  );
  const ofLevel = strictest ? countOf(strictest.vendorCount) : 0;
  return {
    source: ofLevel > ofBranch ? 'level' : isListed ? 'branch' : 'default',
    vendorCount: Math.max(ofBranch, ofLevel),
    branch: { isListed, vendorCount: ofBranch },
    level: strictest && {
      currency: strictest.currency,
      fromMinor: strictest.fromMinor,
      vendorCount: ofLevel,
    },
    secondReviewer: levels.some((level) => level.secondReviewer === true),
  };
}

function levelsOf(policy: SealPolicy, money: Money): readonly PolicyLevel[] {
  const ofCurrency = policy.levels.filter((level) => level.currency === money.currency);
  if (ofCurrency.length === 0) return policy.levels;
  return ofCurrency.filter((level) => level.fromMinor <= money.amountMinor);
}

/**
 * Draws `count` of the vendors, every choice equally likely; all of them when there are no more.
 *
 * Drawn from strong randomness: who knows beforehand which vendors will look at a forgery can
 * prepare it for those. The random bytes that decided are kept, so that an auditor can draw again
 * (`replayDraw`) and find the same.
 */
export function drawVendors(
  count: number,
  vendors: readonly Vendor[],
  random: Random,
): { readonly drawn: readonly Vendor[]; readonly draw: VendorDraw } {
  const left = [...vendors];
  const drawn: Vendor[] = [];
  const used: number[] = [];
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(below(left.length, random, used), 1));
  }
  const bytesHex = used.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { drawn, draw: { candidates: vendors.map(({ code }) => code), bytesHex } };
}

/** Draws again from the bytes on record. @throws RangeError when they do not suffice */
export function replayDraw(count: number, draw: VendorDraw): readonly string[] {
  const bytes = (draw.bytesHex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const vendors = draw.candidates.map((code) => ({ code, name: code, version: '' }));
  const random: Random = {
    bytes() {
      const byte = bytes.shift();
      if (byte === undefined) throw new RangeError('the draw on record is too short');
      return Uint8Array.of(byte);
    },
  };
  return drawVendors(count, vendors, random).drawn.map(({ code }) => code);
}

/** A uniform number in [0, limit), by rejection; every byte looked at goes to `used`. */
function below(limit: number, random: Random, used: number[]): number {
  const fair = 256 - (256 % limit);
  for (;;) {
    const [byte] = random.bytes(1);
    if (byte === undefined) continue;
    used.push(byte);
    if (byte < fair) return byte % limit;
  }
}
