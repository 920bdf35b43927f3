import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import { grantSettings } from '../federation/grant.ts';
import { type PolicyTable, referencePolicy } from '../federation/policy.ts';
import type { Caps, Tier } from '../federation/settings.ts';
import type { Clock } from '../ports.ts';
import type { SettingsSource } from './ports.ts';
import { unusable } from './scored.ts';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Settings by rule alone, for applications that nobody scores: everybody is in `tier`, and gets the
 * least of what was asked for, what the tier allows, and the caps.
 */
export function rulesSettings(
  { clock }: { readonly clock: Clock },
  rules: { readonly table: PolicyTable; readonly tier: Tier; readonly caps?: Caps },
): SettingsSource {
  const { table, tier, caps } = rules;
  const policyHash = policyHashHex(table);
  return {
    async accept({ scored }) {
      // There is nobody here whose signature it could carry.
      if (scored) throw unusable('not_signed');
    },
    async settingsFor(application) {
      const { grant, reasons } = grantSettings(table, tier, application.requested, caps);
      const nowMs = clock.now();
      return {
        settings: {
          ...grant,
          validFrom: instantText(nowMs),
          validTo: instantText(nowMs + table.validDays * dayMs),
          policyHash,
          decisionId: application.id,
        },
        reasons,
      };
    },
  };
}

/** Where nobody scores: the reference table, and everybody in its middle tier. */
export const referenceRules = { table: referencePolicy, tier: 3 } as const;

/** SHA-256 of the canonical JSON of a policy table, hex. */
export function policyHashHex(table: PolicyTable): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson({ ...table } as unknown as Json))));
}
