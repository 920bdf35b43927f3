import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import { derivedUuid } from '../../lib/uuid.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import type { Tier } from '../federation/settings.ts';
import { getApplication } from './apply.ts';
import type { CertificateDeps } from './ports.ts';
import { assertOther } from './review.ts';
import { overrideHash, overrideRefused } from './scored.ts';
import type { Application, OverrideSignature, TierOverride } from './types.ts';

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
 * Proposes another tier than the score or the rule gave, and signs for it (maker). Lower is free; how
 * far up it may go is the policy's to say, and never against a hard rule. A proposal before a second person has signed may be made anew.
 *
 * @throws CinnabarError `application_not_found`, `application_state`, `same_person` for the
 * applicant, `override_refused`, `decision_unusable`, `chips_unavailable`
 */
export async function proposeOverride(
  deps: CertificateDeps,
  caller: Caller,
  id: string,
  { tier, reason }: OverrideProposal,
): Promise<Application> {
  const application = await openApplication(deps, caller.actor, id);
  assertOther(caller.actor, [application.applicant]);
  const {
    tier: fromTier,
    bestTier,
    isFinal,
    names,
  } = await deps.settingsSource.tierBasis(application);
  if (tier === fromTier) throw overrideRefused('same_tier');
  if (tier < bestTier) throw overrideRefused(isFinal ? 'hard_rule' : 'too_high');
  const proposedAtMs = deps.clock.now();
  const maker = caller.actor.id;
  const statement = canonicalJson({
    type: 'cinnabar settings override 1',
    application: id,
    ...names,
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
  deps: CertificateDeps,
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
async function openApplication(
  deps: CertificateDeps,
  actor: Actor,
  id: string,
): Promise<Application> {
  const application = await getApplication(deps, actor, id);
  const isOpen = application.state === 'identified' && application.override?.checker === undefined;
  if (!isOpen) throw new CinnabarError('application_state');
  return application;
}

/** Each officer signs with a key of the chips that nothing but this officer's calls use. */
async function signAs(
  { keys }: CertificateDeps,
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
  { ledger, clock, settingsSource }: CertificateDeps,
  application: Application,
  override: TierOverride,
): Promise<void> {
  const { ledgerSubject: subject, decisionSha256 } = await settingsSource.tierBasis(application);
  const overrideSha256 = overrideHash(override);
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
      decisionSha256,
      overrideSha256,
    },
    { requestId: `override:${overrideSha256}` },
  );
}

async function store(
  deps: CertificateDeps,
  caller: Caller,
  action: AuditAction,
  changed: Application,
): Promise<Application> {
  const { revision, override } = changed;
  const next = { ...changed, changedAtMs: deps.clock.now(), revision: revision + 1 };
  const detail = override ? { fromTier: override.fromTier, tier: override.tier } : {};
  const operation: Operation = { action, subject: `application:${changed.id}`, detail };
  await audited(deps.audit, caller, operation, () => deps.certificates.replaceApplication(next));
  return next;
}
