import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import type { Tier } from '../federation/settings.ts';
import { getApplication } from './apply.ts';
import type { CertificateDeps } from './ports.ts';
import { assertOther } from './review.ts';
import { isSamePolicy, overrideHash, type ScoringTrust, usableDecision } from './scored.ts';
import type { Application, OverrideSignature, TierOverride } from './types.ts';

export interface OverrideDeps extends CertificateDeps {
  /** Absent where nothing is scored. */
  readonly scoring?: ScoringTrust;
}

/** Why a tier is not given. Codes are public and stable. */
export type OverrideFault = 'not_scored' | 'same_tier' | 'hard_rule' | 'too_high' | 'other_policy';

const refused = (code: OverrideFault) =>
  new CinnabarError('override_refused', { fields: [{ pointer: '/body/tier', code }] });

export interface OverrideVerdict {
  readonly decision: 'confirm' | 'refuse';
  /** Of the proposal that the checker read. */
  readonly proposedAtMs: number;
}

export interface OverrideProposal {
  readonly tier: Tier;
  readonly reason: string;
}

/**
 * Proposes another tier than the score gave, and signs for it (maker). Lower is free; higher goes one
 * step, and never against a hard rule. A proposal before a second person has signed may be made anew.
 *
 * @throws CinnabarError `application_not_found`, `application_state`, `same_person` for the
 * applicant, `override_refused`, `decision_unusable`, `chips_unavailable`
 */
export async function proposeOverride(
  deps: OverrideDeps,
  caller: Caller,
  id: string,
  { tier, reason }: OverrideProposal,
): Promise<Application> {
  const application = await openApplication(deps, caller.actor, id);
  assertOther(caller.actor, [application.applicant]);
  const { scoring } = deps;
  if (!scoring || !application.scored) throw refused('not_scored');
  const decided = await usableDecision(scoring, application);
  const { tier: fromTier } = decided.settings;
  if (!isSamePolicy(scoring.policy, decided)) throw refused('other_policy');
  if (tier === fromTier) throw refused('same_tier');
  if (decided.isFinal && tier < fromTier) throw refused('hard_rule');
  if (tier < fromTier - 1) throw refused('too_high');
  const { requestId, decisionId } = decided;
  const proposedAtMs = deps.clock.now();
  const maker = caller.actor.id;
  const statement = canonicalJson({
    type: 'cinnabar settings override 1',
    application: id,
    requestId,
    decisionId,
    fromTier,
    tier,
    reason,
    maker,
    proposedAt: instantText(proposedAtMs),
  });
  const signatures = [await signAs(deps, caller.actor, statement)];
  const override = { fromTier, tier, reason, maker, proposedAtMs, statement, signatures };
  return store(deps, caller, 'certificate.override.propose', { ...application, override });
}

/**
 * Signs for a proposed override (checker), writes its hash into the ledger, and lets it count. Or
 * refuses it, and the tier of the score stays.
 *
 * @throws CinnabarError `application_not_found`, `application_state` where nothing is proposed,
 * `application_changed` when something else is proposed by now,
 * `same_person` for the applicant and the maker, `chips_unavailable`, `ledger_unavailable`
 */
export async function decideOverride(
  deps: OverrideDeps,
  caller: Caller,
  id: string,
  { decision, proposedAtMs }: OverrideVerdict,
): Promise<Application> {
  const { override, ...application } = await openApplication(deps, caller.actor, id);
  if (!override) throw new CinnabarError('application_state');
  assertOther(caller.actor, [application.applicant, override.maker]);
  // Nobody signs for a proposal that took the place of the one that was read.
  if (override.proposedAtMs !== proposedAtMs) throw new CinnabarError('application_changed');
  if (decision === 'refuse') {
    return store(deps, caller, 'certificate.override.refuse', application);
  }
  const signature = await signAs(deps, caller.actor, override.statement);
  await logOverride(deps, application, override);
  const signed = {
    ...override,
    checker: caller.actor.id,
    signatures: [...override.signatures, signature],
  };
  return store(deps, caller, 'certificate.override.confirm', { ...application, override: signed });
}

/** One whose settings are not decided yet, and whose tier no second person has signed for. */
async function openApplication(deps: OverrideDeps, actor: Actor, id: string): Promise<Application> {
  const application = await getApplication(deps, actor, id);
  const isOpen = application.state === 'identified' && application.override?.checker === undefined;
  if (!isOpen) throw new CinnabarError('application_state');
  return application;
}

/** Each officer signs with a key of the chips that nothing but this officer's calls use. */
async function signAs(
  { keys }: OverrideDeps,
  { tenant, id }: Actor,
  statement: string,
): Promise<OverrideSignature> {
  const keyId = derivedUuid(`cinnabar/officer/${tenant}/${id}`);
  const owner = `officer:${id}`;
  const key = await keys.create({ tenant, id: keyId, algorithm: 'sm2', uses: ['sign'], owner });
  const message = utf8ToBytes(statement);
  const { signature } = await keys.sign({
    tenant,
    keyId,
    requestId: `override:${bytesToHex(sha256(message))}`,
    scheme: 'sm2-sm3',
    message,
  });
  return { by: id, publicKey: base64urlText(key.publicKey), value: base64urlText(signature) };
}

/** After the decision that it changes. The event of an attempt that was cut off is found again. */
async function logOverride(
  { ledger, clock, scoring }: OverrideDeps,
  application: Application,
  override: TierOverride,
): Promise<void> {
  if (!scoring) throw refused('not_scored');
  const { requestId } = await usableDecision(scoring, application);
  const outcome = (await scoring.requests.find(application.tenant, requestId))?.outcome;
  if (!outcome) throw new Error('a decided request has no outcome');
  const overrideSha256 = overrideHash(override);
  const subject = `scoring/${requestId}`;
  const history = await ledger.history(subject);
  const isLogged = history.some(
    ({ event }) => event.type === 'overridden' && event.overrideSha256 === overrideSha256,
  );
  if (isLogged) return;
  await ledger.append(
    {
      v: 1,
      type: 'overridden',
      subject,
      prev: history.at(-1)?.leafHash ?? null,
      at: instantText(clock.now()),
      decisionSha256: outcome.record.decisionHash,
      overrideSha256,
    },
    { requestId: `override:${overrideSha256}` },
  );
}

async function store(
  deps: OverrideDeps,
  caller: Caller,
  action: string,
  changed: Application,
): Promise<Application> {
  const { revision, override } = changed;
  const next = { ...changed, changedAtMs: deps.clock.now(), revision: revision + 1 };
  const detail = override ? { fromTier: override.fromTier, tier: override.tier } : {};
  const operation: Operation = { action, subject: `application:${changed.id}`, detail };
  await audited(deps.audit, caller, operation, () => deps.certificates.replaceApplication(next));
  return next;
}
