import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import {
  type Assessment,
  confidentialRules,
  needsLook,
  type RiskFacts,
  type RiskReason,
  type RiskRule,
} from '../risk/types.ts';

/** What of an order the risk engine saw and said. */
interface Judged {
  readonly facts: RiskFacts;
  readonly assessment: Assessment;
  readonly policyVersion: number;
  readonly policyHash: string;
}

/** Where an order came from and which paper it leans on, as risk officers and receipts have it. */
export function evidenceOf({ place, movement, seal }: Judged['facts']) {
  return {
    place: place ? { ...place } : ('unknown' as const),
    ...(movement ? { movement: { ...movement } } : {}),
    ...(seal
      ? {
          seal: {
            verificationId: seal.verificationId,
            sealId: seal.sealId,
            verdict: seal.verdict,
            at: instantText(seal.atMs),
          },
        }
      : {}),
  };
}

/** A reason as the payer is told it; officers see the rule. */
export interface ToldReason extends Omit<RiskReason, 'rule'> {
  readonly rule: RiskRule | typeof needsLook;
}

export function toldReasons(reasons: readonly RiskReason[]): ToldReason[] {
  return reasons.map(({ rule, ...reason }) => ({
    ...reason,
    rule: confidentialRules.includes(rule) ? needsLook : rule,
  }));
}

/**
 * What the risk engine said of an order, by which policy and on what, as the payer is told. Its hash
 * stands in the text that the person and the chip sign, so that nobody words the reasons anew
 * afterwards.
 */
export function assessmentRecord({ assessment, facts, policyVersion, policyHash }: Judged) {
  return {
    v: 1,
    verdict: assessment.verdict,
    score: assessment.score,
    reasons: toldReasons(assessment.reasons),
    policyVersion,
    policyHash,
    evidence: evidenceOf(facts),
  };
}

export type AssessmentRecord = ReturnType<typeof assessmentRecord>;

/** SHA-256 of the canonical JSON, hex. */
export function hashOf(value: object): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value as unknown as Json))));
}
