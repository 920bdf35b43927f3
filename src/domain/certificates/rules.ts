import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import { grantSettings } from '../federation/grant.ts';
import { type PolicyTable, referencePolicy } from '../federation/policy.ts';
import type { Caps, Tier } from '../federation/settings.ts';
import type { Clock } from '../ports.ts';
import type { SettingsSource } from './ports.ts';
import { signedOverride, unusable } from './scored.ts';
import type { Application } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;

export interface Rules {
  readonly table: PolicyTable;
  /** Of everybody whom nobody scored. */
  readonly tier: Tier;
  /** The institution's own table, and what enterprise and account allow the applicant today. */
  readonly own?: (tenant: string, applicant: string) => Promise<OwnRules>;
}

interface OwnRules {
  readonly table: PolicyTable;
  readonly caps: Caps;
}

/**
 * Settings by rule alone, for applications that nobody scored: everybody is in `tier`, or in the one
 * that two officers gave instead, and gets the least of what was asked for, what the tier allows,
 * and the caps. Officers go no further than the table goes for somebody about whom a part is missing
 * (rule R2): what nobody scored is not known better than that.
 */
export function rulesSettings(
  { clock }: { readonly clock: Clock },
  { table: common, tier, own }: Rules,
): SettingsSource {
  const rulesFor = async ({ tenant, applicant }: Application): Promise<OwnRules> =>
    own ? own(tenant, applicant) : { table: common, caps: {} };
  const rangeBy = ({ bestTierWithMissingPart }: PolicyTable) => ({
    tier,
    bestTier: Math.min(tier, bestTierWithMissingPart) as Tier,
    isFinal: false,
  });
  return {
    async tierRange(application) {
      return rangeBy((await rulesFor(application)).table);
    },
    async tierBasis(application) {
      const { table } = await rulesFor(application);
      const policyHash = policyHashHex(table);
      const { id } = application;
      const decision = canonicalJson({ application: id, policyHash, tier });
      return {
        ...rangeBy(table),
        names: { policyHash },
        ledgerSubject: `application/${id}`,
        decisionSha256: bytesToHex(sha256(utf8ToBytes(decision))),
      };
    },
    async accept({ scored }) {
      // There is nobody here whose signature it could carry.
      if (scored) throw unusable('not_signed');
    },
    async settingsFor(application) {
      const { requested, id } = application;
      const { table, caps } = await rulesFor(application);
      const override = signedOverride(application);
      const given = override?.tier ?? tier;
      const { grant, reasons } = grantSettings(table, given, requested, caps);
      const nowMs = clock.now();
      return {
        settings: {
          ...grant,
          validFrom: instantText(nowMs),
          validTo: instantText(nowMs + table.validDays * dayMs),
          policyHash: policyHashHex(table),
          decisionId: id,
          ...(override ? { override: override.note } : {}),
        },
        reasons,
      };
    },
  };
}

/** Where nobody scores: the reference table, and everybody in its lowest tier. */
export const referenceRules = { table: referencePolicy, tier: 6 } as const;

/** SHA-256 of the canonical JSON of a policy table, hex. */
export function policyHashHex(table: PolicyTable): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson({ ...table } as unknown as Json))));
}
