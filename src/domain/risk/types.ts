/** What the risk engine says of an order (E7). `terminate` ends it before any key moves. */
export const riskVerdicts = ['allow', 'challenge', 'terminate'] as const;
export type RiskVerdict = (typeof riskVerdicts)[number];

/**
 * Rules that no policy can soften: each one that applies ends the order.
 *
 * A missing answer is never a good one: a certificate whose state is not known is not active, and
 * an order without limits has none that allow it.
 */
export const hardRules = [
  'certificate_not_active',
  'over_single_limit',
  'over_daily_limit',
  'over_daily_count',
  'payee_blocked',
  'seal_refused',
  'biometric_refused',
] as const;
export type HardRule = (typeof hardRules)[number];

/** Rules that a policy weighs with points. */
export const weighedRules = [
  'payee_new',
  'payee_watched',
  'device_new',
  'device_weak',
  'velocity_count',
  'velocity_amount',
  'amount_unusual',
  'amount_near_limit',
  'hour_unusual',
  'travel_impossible',
  'seal_in_review',
  'tier_low',
] as const;
export type WeighedRule = (typeof weighedRules)[number];

export type RiskRule = HardRule | WeighedRule;

/** Limits of the payer's certificate settings, in the currency of the order. */
export interface PaymentLimits {
  readonly singleMinor: number;
  readonly dailyMinor: number;
  readonly dailyCount: number;
}

export interface EarlierOrder {
  readonly atMs: number;
  readonly amountMinor: number;
}

/**
 * Everything that an assessment looks at. It is stored with the order, so that the same assessment
 * can be made again, and another policy be tried on it.
 */
export interface RiskFacts {
  readonly nowMs: number;
  /** Of the payer's bank, for the hour of the day. */
  readonly utcOffsetMinutes: number;
  readonly amountMinor: number;
  readonly certificate: 'active' | 'frozen' | 'revoked' | 'expired' | 'unknown';
  /** Absent when the settings allow nothing in this currency. */
  readonly limits?: PaymentLimits;
  /** Today so far, this order not counted. */
  readonly spentTodayMinor: number;
  readonly ordersToday: number;
  readonly payee: {
    readonly listed: 'none' | 'watched' | 'blocked';
    /** When an order to this payee was first executed; absent for a new one. */
    readonly firstPaidAtMs?: number;
  };
  readonly device: {
    readonly enrolledAtMs: number;
    /** Where its passkey lives, as its attestation says. */
    readonly keyStore: 'hardware' | 'software' | 'unknown';
  };
  /** The payer's executed orders of the last 90 days, in any order. */
  readonly earlier: readonly EarlierOrder[];
  /** Where the device is and was, when it told. */
  readonly movement?: { readonly km: number; readonly sinceMs: number };
  /**
   * The tier, 1 the best, that the federation's decision gave the payer; absent where nobody scored
   * them. It says what other institutions know, without saying what.
   */
  readonly federatedTier?: number;
  readonly sealVerification?: 'pass' | 'review' | 'fail';
  /** `unavailable` is not a match. */
  readonly biometric?: 'match' | 'no_match' | 'unavailable';
}

/** One rule that applied, with the number that was seen and the one that it was held against. */
export interface RiskReason {
  readonly rule: RiskRule;
  readonly effect: 'terminate' | 'score';
  readonly points: number;
  readonly seen: number;
  readonly threshold: number;
}

export interface Assessment {
  readonly verdict: RiskVerdict;
  /** 0 to 1000; the sum of the points of the weighed rules that applied. */
  readonly score: number;
  /** Heaviest first. */
  readonly reasons: readonly RiskReason[];
}
