import type { RiskCode } from '../../core/business/hints.ts';

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
  'second_person_impossible',
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
  'behaviour_unusual',
  'passkey_absent',
] as const;
export type WeighedRule = (typeof weighedRules)[number];

export type RiskRule = HardRule | WeighedRule;

/** What stands for a rule in what the payer is told: that the bank must look, and not at what. */
export const needsLook = 'needs_look';
/** Rules whose name would warn the wrong person: they say what the bank knows of somebody else. */
export const confidentialRules: readonly RiskRule[] = ['payee_watched'];

/** Limits of the payer's certificate settings, in the currency of the order. */
export interface PaymentLimits {
  readonly singleMinor: number;
  readonly dailyMinor: number;
  readonly dailyCount: number;
}

/** What is usual for a payer: the executed orders of the last 90 days, in the order's currency. */
export interface Habit {
  readonly orders: number;
  /** How many of them fell within an hour of this order's time of day, by the bank's clocks. */
  readonly nearHour: number;
  /** The middle one of the amounts, the upper of two; 0 without orders. */
  readonly medianMinor: number;
}

/** A place on earth. Coordinates are whole tenths of a degree: about 11 km, and no street. */
export interface Place {
  /** ISO 3166-1 alpha-2, or `T1` for Tor. */
  readonly country: string;
  /** -900 to 900. */
  readonly latitudeTenths: number;
  /** -1800 to 1800. */
  readonly longitudeTenths: number;
}

/** A verification of the seal on the paper that an order leans on. */
export interface SealEvidence {
  readonly verificationId: string;
  readonly sealId: string;
  /** Of the vendors, or of the people who looked after them. */
  readonly verdict: 'pass' | 'review' | 'fail';
  readonly atMs: number;
}

/**
 * Everything that an assessment looks at. It is stored with the order, so that the same assessment
 * can be made again, and another policy be tried on it.
 */
export interface RiskFacts {
  readonly nowMs: number;
  readonly amountMinor: number;
  /** The same in whole units of its currency, rounded up; absent of earlier builds. */
  readonly amountUnits?: number;
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
    /** Whether a passkey confirms what is paid from it, or whoever has its PIN; absent as above. */
    readonly hasPasskey?: boolean;
  };
  /** Whether somebody else must agree who cannot exist: the certificate names no organisation. */
  readonly lacksSecondPerson?: true;
  readonly habit: Habit;
  /** What the business library finds unlike the payer; absent of earlier builds. */
  readonly behaviour?: readonly RiskCode[];
  /** Executed within the last hour, in the order's currency. */
  readonly lastHour: { readonly orders: number; readonly amountMinor: number };
  /** Where the request came from, as the network says; absent when it does not know. */
  readonly place?: Place;
  /** How far that is from the payer's last executed order of a known place, and how long after it. */
  readonly movement?: { readonly km: number; readonly sinceMs: number };
  /**
   * The tier, 1 the best, that the federation's decision gave the payer; absent where nobody scored
   * them. It says what other institutions know, without saying what.
   */
  readonly federatedTier?: number;
  /** Absent for an order without paper. */
  readonly seal?: SealEvidence;
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

/** An account that orders to are watched or blocked. */
export interface ListedPayee {
  /** The account, as `payeeAccount` writes it. */
  readonly id: string;
  readonly listed: PayeeListing;
  readonly reason: string;
  readonly listedBy: string;
  readonly listedAtMs: number;
}

export type PayeeListing = RiskFacts['payee']['listed'];
