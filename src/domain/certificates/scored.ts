import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { nameCommitment } from '../../core/federation/consent.ts';
import { canonicalName } from '../../core/federation/identity.ts';
import { base64urlBytes } from '../../lib/base64url.ts';
import { instantMs } from '../../lib/time.ts';
import { CinnabarError } from '../errors.ts';
import { grantSettings, narrowGrant } from '../federation/grant.ts';
import type { Federation } from '../federation/parties.ts';
import type { PolicyTable } from '../federation/policy.ts';
import { capsFor, type ScoringPolicyDeps, tableOfHash } from '../federation/scoring-policy.ts';
import type { ScoringStore } from '../federation/scoring-request.ts';
import type { SettingsOverride, Tier } from '../federation/settings.ts';
import { readStatement, type SettingsStatement } from '../federation/statement.ts';
import type { Clock } from '../ports.ts';
import type { IdentityCheck, SettingsSource, TierRange } from './ports.ts';
import type { Application, TierOverride } from './types.ts';

/** What it takes to believe a federated decision. */
interface ScoringTrust extends ScoringPolicyDeps {
  readonly clock: Clock;
  readonly federation: Pick<Federation, 'suite' | 'roster'>;
  readonly requests: Pick<ScoringStore, 'find'>;
}

/** Why a decision does not count for an application. Codes are public and stable. */
export const decisionFaults = [
  'not_signed',
  'expired',
  'key_differs',
  'name_differs',
  'not_yours',
] as const;
export type DecisionFault = (typeof decisionFaults)[number];

export function unusable(code: DecisionFault): CinnabarError {
  return new CinnabarError('decision_unusable', { fields: [{ pointer: '/body/scored', code }] });
}

/** Why a tier is not given. Codes are public and stable. */
export type OverrideFault = 'same_tier' | 'hard_rule' | 'too_high' | 'other_policy';

export function overrideRefused(code: OverrideFault): CinnabarError {
  return new CinnabarError('override_refused', { fields: [{ pointer: '/body/tier', code }] });
}

/** Lower is free; higher goes one step, and never against a hard rule. */
function rangeOf({ settings: { tier }, isFinal }: SettingsStatement): TierRange {
  return { tier, bestTier: isFinal || tier === 1 ? tier : ((tier - 1) as Tier), isFinal };
}

/**
 * Settings from federated decisions (A5, A6, A10). An application that carries none goes by
 * `unscored`.
 *
 * Granted is the least of what the application asks for, what was decided, and what enterprise and
 * account allow today; or by the tier that two officers gave instead.
 */
function scoredSettings(trust: ScoringTrust, unscored: SettingsSource): SettingsSource {
  return {
    async tierRange(application) {
      const { scored } = application;
      if (!scored) return unscored.tierRange(application);
      // Its form was checked when the application was accepted.
      return rangeOf(JSON.parse(scored.statement) as SettingsStatement);
    },
    async tierBasis(application) {
      if (!application.scored) return unscored.tierBasis(application);
      const decided = await usableDecision(trust, application);
      await tableOfDecision(trust, application, decided);
      const { requestId, decisionId } = decided;
      const outcome = (await trust.requests.find(application.tenant, requestId))?.outcome;
      if (!outcome) throw new Error('a decided request has no outcome');
      return {
        ...rangeOf(decided),
        names: { requestId, decisionId },
        ledgerSubject: `scoring/${requestId}`,
        decisionSha256: outcome.record.decisionHash,
      };
    },
    async accept(application) {
      if (application.scored) await usableDecision(trust, application);
      else await unscored.accept(application);
    },
    async settingsFor(application) {
      if (!application.scored) return unscored.settingsFor(application);
      const statement = await usableDecision(trust, application);
      const { requested, tenant, applicant } = application;
      const caps = await capsFor(trust, tenant, applicant);
      const override = signedOverride(application);
      const { grant, reasons } = override
        ? grantSettings(
            await tableOfDecision(trust, application, statement),
            override.tier,
            requested,
            caps,
          )
        : narrowGrant(statement.settings, requested, caps);
      const note = override ? { override: override.note } : {};
      return { settings: { ...statement.settings, ...grant, ...note }, reasons };
    },
  };
}

/** What a service with a federation asks about applications; without one, `unscored` says all. */
export function scoringLinks(
  clock: Clock,
  federation: Omit<ScoringTrust, 'clock'> | undefined,
  unscored: SettingsSource,
) {
  if (!federation) return { settingsSource: unscored };
  const scoring: ScoringTrust = { clock, ...federation };
  const settingsSource = scoredSettings(scoring, unscored);
  return { settingsSource, identityCheck: scoredIdentity(scoring) };
}

/** Identities that the parties of the federation proved. */
function scoredIdentity(trust: ScoringTrust): IdentityCheck {
  return {
    async check(application) {
      if (!application.scored) throw new CinnabarError('identity_check_absent');
      const { identity, decisionId } = await usableDecision(trust, application);
      return { passed: identity === 'proven', reference: decisionId };
    },
  };
}

/**
 * The decision that an application carries, if it is signed by the decision service, in time, about
 * the application's one key and its name, and was made for the same applicant here.
 *
 * @throws CinnabarError `decision_unusable`
 */
async function usableDecision(
  { clock, federation, requests }: Pick<ScoringTrust, 'clock' | 'federation' | 'requests'>,
  { tenant, applicant, scored, subject, keys }: Application,
): Promise<SettingsStatement> {
  const statement = scored && readStatement(federation, scored);
  if (!scored || !statement) throw unusable('not_signed');
  if (clock.now() >= instantMs(statement.expiresAt)) throw unusable('expired');
  const [key, ...others] = keys;
  const isKey = key && bytesToHex(sha256(key.spki)) === statement.subjectKeySha256;
  if (!isKey || others.length > 0) throw unusable('key_differs');
  const nameKey = base64urlBytes(scored.nameKey) ?? new Uint8Array();
  if (nameCommitment(nameKey, canonicalName(subject.commonName)) !== statement.name) {
    throw unusable('name_differs');
  }
  const request = await requests.find(tenant, statement.requestId);
  if (request?.requestedBy !== applicant || request.state !== 'decided') {
    throw unusable('not_yours');
  }
  return statement;
}

/** SHA-256 in hex of what both officers signed. */
export function overrideHash({ statement }: Pick<TierOverride, 'statement'>): string {
  return bytesToHex(sha256(utf8ToBytes(statement)));
}

/** An override counts once it has both signatures. */
export function signedOverride({ override }: Application) {
  if (override?.checker === undefined) return undefined;
  const { fromTier, tier, reason, maker, checker } = override;
  const statementSha256 = overrideHash(override);
  const note: SettingsOverride = { fromTier, reason, maker, checker, statementSha256 };
  return { tier, note };
}

/**
 * The table that a decision was made by; an override of its tier goes by the same one.
 *
 * @throws CinnabarError `override_refused` for one that was never in force here
 */
async function tableOfDecision(
  trust: ScoringTrust,
  { tenant }: Application,
  { settings }: SettingsStatement,
): Promise<PolicyTable> {
  const table = await tableOfHash(trust, tenant, settings.policyHash);
  if (!table) throw overrideRefused('other_policy');
  return table;
}
