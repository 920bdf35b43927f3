import type { Raster } from '../../core/raster.ts';
import { SealError } from '../../core/seal-error.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { getCard, isActive } from './cards.ts';
import { storeObjects } from './orphans.ts';
import { asking, type Picture, readPicture, serviceError } from './picture.ts';
import { choosePolicy, defaultPolicy, drawVendors } from './policy.ts';
import type { SealDeps, SealEngine } from './ports.ts';
import { getSeal } from './seals.ts';
import { type DecryptedTemplate, decryptTemplates, encryptTemplates } from './templates.ts';
import type {
  Money,
  Reason,
  Seal,
  StoredTemplate,
  VendorResult,
  Verdict,
  Verification,
} from './types.ts';

export interface VerificationRequest {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly sealId: string;
  readonly money: Money;
  /** Whose policy applies besides that of the amount. */
  readonly branch: string;
  readonly imprint: Picture;
}

/**
 * Decides whether a query imprint is the reserved one (B5, B6).
 *
 * Every vendor that the policy draws must agree. The rest still run after a first "no": the
 * reviewer needs all the scores, and an early return would tell a forger which vendor refused.
 * Query templates are kept encrypted; the uploaded picture is not kept.
 *
 * @throws CinnabarError `seal_not_found`; `seal_card_inactive` outside the card's dates, nothing is
 * computed then; `picture_…`, `imprint_not_found`, `template_unreadable`, `chips_unavailable`,
 * `storage_unavailable`, `audit_unavailable`
 */
export async function verifyImprint(
  deps: SealDeps,
  caller: Caller,
  request: VerificationRequest,
): Promise<Verification> {
  const { tenant } = caller.actor;
  const startedAtMs = deps.clock.now();
  const earlier = await deps.seals.findVerification(tenant, request.id);
  if (earlier) {
    await record(deps.audit, caller, operationOf(earlier), 'done');
    return earlier;
  }
  const seal = await getSeal(deps, caller.actor, request.sealId);
  await assertCardActive(deps, caller, seal);

  const raster = readPicture(deps.engine, request.imprint);
  const policy = choosePolicy(defaultPolicy, request.branch, request.money);
  const reserved = drawTemplates(deps, seal, policy.vendorCount);
  const decrypted = await decryptTemplates(deps, tenant, reserved);
  const comparisons = decrypted.map((item) => compare(deps.engine, item, raster));
  const quality = asking(() => deps.engine.precheck(raster));
  const reasons = [...quality.reasons, ...comparisons.flatMap((comparison) => comparison.reasons)];
  if (reserved.length < policy.vendorCount) reasons.push({ code: 'too_few_vendors' });

  const match = comparisons.every((comparison) => comparison.result.match);
  const isClear = quality.ok && reserved.length >= policy.vendorCount;
  const verdict = decide(match, isClear);
  const fresh = await encryptTemplates(
    deps,
    tenant,
    { kind: 'verification', id: request.id },
    1,
    comparisons.flatMap(({ result, queryTemplate }) =>
      queryTemplate ? [{ vendor: result.vendor, bytes: queryTemplate }] : [],
    ),
  );
  const decidedAtMs = deps.clock.now();
  const verification: Verification = {
    id: request.id,
    tenant,
    sealId: seal.id,
    sealRevision: seal.revision,
    money: request.money,
    branch: request.branch,
    policy,
    match,
    verdict,
    nextStep: verdict === 'pass' ? 'none' : 'review',
    vendors: comparisons.map((comparison) => comparison.result),
    reasons,
    elapsedMs: decidedAtMs - startedAtMs,
    requestedBy: caller.actor.id,
    createdAtMs: decidedAtMs,
    templates: fresh.rows,
  };
  await audited(deps.audit, caller, operationOf(verification), async () => {
    await storeObjects(deps, tenant, fresh.objects);
    await deps.seals.addVerification(verification);
  });
  return verification;
}

async function assertCardActive(deps: SealDeps, caller: Caller, seal: Seal): Promise<void> {
  const card = await getCard(deps, caller.actor, seal.cardId);
  if (isActive(card, deps.clock.now())) return;
  const refusal: Operation = {
    action: 'seal.verify',
    subject: `seal:${seal.id}`,
    detail: { card: card.id, code: 'seal_card_inactive' },
  };
  await record(deps.audit, caller, refusal, 'refused');
  throw new CinnabarError('seal_card_inactive');
}

/** Draws among the vendors that are installed and made a template of this seal. */
function drawTemplates(deps: SealDeps, seal: Seal, count: number): readonly StoredTemplate[] {
  const candidates = deps.engine.vendors.filter((vendor) =>
    seal.templates.some((template) => template.vendor.code === vendor.code),
  );
  const drawn = drawVendors(count, candidates, deps.random);
  // Nobody to ask is not unanimity.
  if (drawn.length === 0) throw new CinnabarError('vendor_not_found');
  return seal.templates.filter((template) =>
    drawn.some((vendor) => vendor.code === template.vendor.code),
  );
}

interface Comparison {
  readonly result: VendorResult;
  /** Absent when the vendor failed before it made one. */
  readonly queryTemplate: Uint8Array | undefined;
  readonly reasons: readonly Reason[];
}

/** A vendor that breaks down has not agreed. */
function compare(engine: SealEngine, reserved: DecryptedTemplate, raster: Raster): Comparison {
  const { vendor, id: reservedTemplateId } = reserved.row;
  let queryTemplate: Uint8Array | undefined;
  try {
    queryTemplate = engine.enrol(raster, vendor.code);
    const { match, score, threshold, transform } = engine.match(
      vendor.code,
      reserved.bytes,
      queryTemplate,
    );
    return {
      result: { vendor, match, score, threshold, transform, reservedTemplateId },
      queryTemplate,
      reasons: [],
    };
  } catch (error) {
    const brokeDown = error instanceof SealError && error.code === 'core_failed';
    if (!brokeDown) throw serviceError(error);
    return {
      result: {
        vendor,
        match: false,
        score: 0,
        threshold: 0,
        transform: [1, 0, 0, 1, 0, 0],
        reservedTemplateId,
      },
      queryTemplate,
      reasons: [{ code: 'vendor_failed', detail: vendor.code }],
    };
  }
}

/** An agreement on a picture that is not fit for a decision waits for a person. */
function decide(match: boolean, isClear: boolean): Verdict {
  if (!match) return 'fail';
  return isClear ? 'pass' : 'review';
}

function operationOf(verification: Verification): Operation {
  const scores = verification.vendors.map(({ vendor, score }) => [`score.${vendor.code}`, score]);
  return {
    action: 'seal.verify',
    subject: `verification:${verification.id}`,
    detail: {
      seal: verification.sealId,
      revision: verification.sealRevision,
      verdict: verification.verdict,
      match: verification.match,
      policy: verification.policy.source,
      vendorCount: verification.policy.vendorCount,
      ...Object.fromEntries(scores),
    },
  };
}
