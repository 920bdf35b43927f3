/**
 * What a certificate permits, and the words for it. `policy.ts` has the table that says what a tier
 * may have, `grant.ts` the rule that grants from it.
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
  /** SHA-256 in hex of what both signed, as the ledger has it. */
  readonly statementSha256: string;
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

/** @throws RangeError */
export function amount(text: string): bigint {
  if (!/^(?:0|[1-9][0-9]{0,17})$/.test(text)) {
    throw new RangeError('an amount is a decimal text of whole minor units');
  }
  return BigInt(text);
}
