import type { Raster } from '../../core/raster.ts';
import { SealError } from '../../core/seal-error.ts';
import type { SealMatch } from '../../core/seal-vendor.ts';
import { conclude, dpiRemarks } from '../../core/seal-verdict.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { getCard, isActive } from './cards.ts';
import { storeObjects } from './orphans.ts';
import { type Picture, readImprint, serviceError } from './picture.ts';
import { policyInForce } from './policies.ts';
import { choosePolicy, drawVendors } from './policy.ts';
import type { SealDeps, SealEngine } from './ports.ts';
import { reviewFor } from './reviews.ts';
import { getSeal } from './seals.ts';
import { type DecryptedTemplate, decryptTemplates, encryptTemplates } from './templates.ts';
import type {
  AppliedPolicy,
  Money,
  PolicyChoice,
  Reason,
  Seal,
  StoredTemplate,
  VendorResult,
  Verdict,
  Verification,
} from './types.ts';
import { vendorsOf } from './vendors.ts';

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
 * @throws CinnabarError `seal_not_found`; `seal_card_inactive` outside the card's dates and
 * `seal_not_active` for a suspended or closed seal, nothing is computed then; `picture_…`, `imprint_not_found`, `template_unreadable`, `chips_unavailable`,
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
  await assertUsable(deps, caller, seal);

  const { policy, drawn } = await applyPolicy(deps, tenant, seal, request);
  const reserved = await decryptTemplates(deps, tenant, drawn);
  const { comparisons, match, verdict, reasons } = judge(deps.engine, reserved, request, policy);
  const fresh = await encryptTemplates(
    deps,
    tenant,
    { kind: 'verification', id: request.id },
    1,
    comparisons.flatMap(({ reserved: { vendor }, queryTemplate }) =>
      queryTemplate ? [{ vendor, specimen: 1, bytes: queryTemplate }] : [],
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
    vendors: comparisons.map(resultOf),
    reasons,
    elapsedMs: decidedAtMs - startedAtMs,
    requestedBy: caller.actor.id,
    createdAtMs: decidedAtMs,
    templates: fresh.rows,
  };
  await audited(deps.audit, caller, operationOf(verification), async () => {
    await storeObjects(deps, tenant, fresh.objects);
    const needsPerson = verification.nextStep === 'review';
    await deps.seals.addVerification(
      verification,
      needsPerson ? reviewFor(verification) : undefined,
    );
  });
  return verification;
}

/** Neither a seal nor a card that is not active verifies anything (B4). */
async function assertUsable(deps: SealDeps, caller: Caller, seal: Seal): Promise<void> {
  const card = await getCard(deps, caller.actor, seal.cardId);
  const isCardActive = card.status === 'active' && isActive(card, deps.clock.now());
  if (isCardActive && seal.status === 'active') return;
  const code = isCardActive ? 'seal_not_active' : 'seal_card_inactive';
  const refusal: Operation = {
    action: 'seal.verify',
    subject: `seal:${seal.id}`,
    detail: { card: card.id, code },
  };
  await record(deps.audit, caller, refusal, 'refused');
  throw new CinnabarError(code);
}

/** Draws among the vendors that are installed and made a template of this seal. */
async function applyPolicy(
  deps: SealDeps,
  tenant: string,
  seal: Seal,
  request: Pick<VerificationRequest, 'branch' | 'money'>,
): Promise<{ policy: AppliedPolicy; drawn: readonly StoredTemplate[] }> {
  const [{ version, policy }, installed] = await Promise.all([
    policyInForce(deps, tenant),
    vendorsOf(deps, tenant),
  ]);
  const staying = installed.filter(({ state }) => state === 'active');
  const choice = choosePolicy(policy, request.branch, request.money, staying.length);
  // A leaving vendor still answers for the seals that it was not replaced in yet.
  const vendors = installed.flatMap(({ vendor, state }) => (state === 'retired' ? [] : [vendor]));
  const candidates = vendors.filter((vendor) =>
    seal.templates.some((template) => template.vendor.code === vendor.code),
  );
  const { drawn, draw } = drawVendors(choice.vendorCount, candidates, deps.random);
  // Nobody to ask is not unanimity.
  if (drawn.length === 0) throw new CinnabarError('vendor_not_found');
  const templates = seal.templates.filter((template) =>
    drawn.some((vendor) => vendor.code === template.vendor.code),
  );
  return { policy: { ...choice, version, draw }, drawn: templates };
}

/** From the uploaded picture to the verdict, without waiting for anything (`readImprint`). */
function judge(
  engine: SealEngine,
  reserved: readonly DecryptedTemplate[],
  request: VerificationRequest,
  policy: PolicyChoice,
) {
  const raster = readImprint(engine, request.imprint);
  const byVendor = new Map<string, DecryptedTemplate[]>();
  for (const template of reserved) {
    const { code } = template.row.vendor;
    byVendor.set(code, [...(byVendor.get(code) ?? []), template]);
  }
  const comparisons = [...byVendor].map(([code, specimens]) =>
    compare(engine, code, specimens, raster),
  );
  return { comparisons, ...concludeAll(engine, comparisons, raster, policy) };
}

interface Comparison {
  /** The reserved imprint that the result is about. */
  readonly reserved: StoredTemplate;
  /** Absent when the vendor broke down before it made one. */
  readonly queryTemplate: Uint8Array | undefined;
  /** Absent when the vendor broke down. */
  readonly result: SealMatch | undefined;
}

/**
 * Asks one vendor about every reserved imprint of the seal; the likest counts. One that breaks down
 * has not agreed; the others are still asked.
 */
function compare(
  engine: SealEngine,
  code: string,
  specimens: readonly DecryptedTemplate[],
  raster: Raster,
): Comparison {
  const [first] = specimens;
  if (!first) throw new CinnabarError('vendor_not_found');
  let best: Comparison = { reserved: first.row, queryTemplate: undefined, result: undefined };
  try {
    const evidence = engine.enrol(raster, code, 'evidence');
    const queryTemplate = engine.keptPart(evidence);
    best = { ...best, queryTemplate };
    for (const { row, bytes } of specimens) {
      const result = engine.match(code, bytes, evidence);
      const isBetter = !best.result || result.score > best.result.score;
      if (isBetter) best = { reserved: row, queryTemplate, result };
    }
    return best;
  } catch (error) {
    const brokeDown = error instanceof SealError && error.code === 'core_failed';
    if (!brokeDown) throw serviceError(error);
    return { ...best, result: undefined };
  }
}

/** Fewer vendors than the policy wants cannot pass an imprint by themselves. */
function concludeAll(
  engine: SealEngine,
  comparisons: readonly Comparison[],
  raster: Raster,
  policy: PolicyChoice,
): { match: boolean; verdict: Verdict; reasons: readonly Reason[] } {
  const opinions = comparisons.map(({ reserved, result }) => ({
    code: reserved.vendor.code,
    result,
  }));
  const conclusion = conclude(opinions, engine.examine(raster), dpiRemarks(raster));
  if (comparisons.length >= policy.vendorCount) return conclusion;
  return {
    match: conclusion.match,
    verdict: conclusion.verdict === 'pass' ? 'review' : conclusion.verdict,
    reasons: [...conclusion.reasons, { code: 'too_few_vendors' }],
  };
}

function resultOf({ reserved, result }: Comparison): VendorResult {
  return {
    vendor: reserved.vendor,
    match: result?.match ?? false,
    score: result?.score ?? 0,
    threshold: result?.threshold ?? 0,
    transform: result?.transform ?? [1, 0, 0, 1, 0, 0],
    reservedTemplateId: reserved.id,
  };
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
      policyVersion: verification.policy.version,
      draw: verification.policy.draw.bytesHex,
      candidates: verification.policy.draw.candidates.join(' '),
      vendorCount: verification.policy.vendorCount,
      ...Object.fromEntries(scores),
    },
  };
}
