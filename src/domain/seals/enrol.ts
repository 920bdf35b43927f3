import type { Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation } from '../audit/record.ts';
import type { AuditDetail } from '../audit/types.ts';
import { CinnabarError } from '../errors.ts';
import { getCard } from './cards.ts';
import { storeObjects } from './orphans.ts';
import { asking, type Picture, readImprint } from './picture.ts';
import type { SealDeps } from './ports.ts';
import { getSeal } from './seals.ts';
import { decryptTemplates, encryptTemplates, type PlainTemplate } from './templates.ts';
import type { Quality, Seal, SealShape, SealStatus, StoredTemplate, Vendor } from './types.ts';
import { enrollingVendors } from './vendors.ts';
import type { RevisionAction } from './work-rows.ts';

/** Most reserved imprints of one seal. */
export const specimensMax = 5;

export interface NewSeal {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly cardId: string;
  readonly serial: string;
  readonly shape: SealShape;
  readonly remark: string;
  readonly imprint: Picture;
}

/** A revision that is ready to be stored: its templates are encrypted, nothing is written yet. */
export interface PreparedRevision {
  readonly action: RevisionAction;
  readonly seal: Seal;
  readonly objects: Awaited<ReturnType<typeof encryptTemplates>>['objects'];
}

/**
 * A reserved imprint to enrol: every installed vendor makes its template, and all will be stored,
 * or none (B2).
 *
 * @throws CinnabarError `card_not_found`, `seal_card_inactive` for a closed card, `picture_…`,
 * `imprint_not_found`, `chips_unavailable`
 */
export async function prepareSeal(
  deps: SealDeps,
  caller: Caller,
  request: NewSeal,
): Promise<PreparedRevision> {
  const { tenant } = caller.actor;
  const card = await getCard(deps, caller.actor, request.cardId);
  if (card.status === 'closed') throw new CinnabarError('seal_card_inactive');
  const { imprint, ...fields } = request;
  const nowMs = deps.clock.now();
  const draft = {
    ...fields,
    tenant,
    accountId: card.accountId,
    status: 'active',
    revision: 1,
    imprintRevision: 1,
    reason: '',
    revisionId: request.id,
    createdAtMs: nowMs,
    revisedAtMs: nowMs,
  } as const;
  const vendors = await enrollingVendors(deps, tenant);
  return prepareImprint(deps, 'seal.enrol', draft, makeTemplates(deps, vendors, imprint, 1));
}

export interface RevisionRequest {
  readonly sealId: string;
  /** The id to give to the revision. A retry passes the same one. */
  readonly revisionId: string;
  /** The revision that the caller saw and means to replace. */
  readonly revision: number;
}

export interface RebuiltSeal extends RevisionRequest {
  readonly shape?: SealShape;
  readonly remark?: string;
  readonly imprint: Picture;
}

/**
 * A new imprint in the place of the reserved one (B4). What it replaces stays as an earlier
 * revision.
 *
 * @throws CinnabarError `seal_not_found`, `seal_changed` when the seal has another revision by now,
 * `seal_not_active` for a closed seal, otherwise as `prepareSeal`
 */
export async function prepareRebuild(
  deps: SealDeps,
  caller: Caller,
  request: RebuiltSeal,
): Promise<PreparedRevision> {
  const { sealId: _id, imprint, revision: _seen, ...changes } = request;
  const seal = await revisable(deps, caller, request);
  const draft = nextRevision(deps, { ...seal, ...changes }, request, '');
  const vendors = await enrollingVendors(deps, seal.tenant);
  return prepareImprint(deps, 'seal.rebuild', draft, makeTemplates(deps, vendors, imprint, 1));
}

export interface AddedImprint extends RevisionRequest {
  readonly imprint: Picture;
}

/**
 * A further reserved imprint of the same seal: a query then matches when it matches one of them, as
 * a seal that was sometimes pressed softly needs.
 *
 * @throws CinnabarError `seal_imprints_full`, otherwise as `prepareRebuild`
 */
export async function prepareAddition(
  deps: SealDeps,
  caller: Caller,
  request: AddedImprint,
): Promise<PreparedRevision> {
  const seal = await revisable(deps, caller, request);
  const specimen = 1 + Math.max(0, ...seal.templates.map((template) => template.specimen));
  if (specimen > specimensMax) throw new CinnabarError('seal_imprints_full');
  const kept = await decryptTemplates(deps, seal.tenant, seal.templates);
  const vendors = await enrollingVendors(deps, seal.tenant);
  const added = makeTemplates(deps, vendors, request.imprint, specimen);
  const templates = [
    ...kept.map(({ row, bytes }) => ({ vendor: row.vendor, specimen: row.specimen, bytes })),
    ...added.templates,
  ];
  const draft = nextRevision(deps, seal, request, '');
  return prepareImprint(deps, 'seal.add-imprint', draft, { quality: added.quality, templates });
}

export interface StatusRequest extends RevisionRequest {
  readonly status: SealStatus;
  readonly reason: string;
}

/**
 * A seal suspended, active again or closed (B4). A closed seal stays closed.
 *
 * @throws CinnabarError `seal_not_found`, `seal_changed`, `seal_not_active` for a closed seal
 */
export async function prepareStatus(
  deps: SealDeps,
  caller: Caller,
  request: StatusRequest,
): Promise<PreparedRevision> {
  const seal = await revisable(deps, caller, request);
  const { templates, quality, imprintRevision } = seal;
  const draft = nextRevision(deps, { ...seal, status: request.status }, request, request.reason);
  return {
    action: 'seal.status',
    seal: { ...draft, templates, quality, imprintRevision },
    objects: [],
  };
}

/** Stores a prepared revision: objects first, on watch, then all rows in one step. */
export async function storeRevision(
  deps: SealDeps,
  caller: Caller,
  { action, seal, objects }: PreparedRevision,
): Promise<Seal> {
  await audited(deps.audit, caller, operationOf(action, seal), async () => {
    await storeObjects(deps, seal.tenant, objects);
    await commitRevision(deps, seal);
  });
  return seal;
}

/** @throws CinnabarError `seal_serial_taken`, `seal_changed` */
export function commitRevision(deps: SealDeps, seal: Seal): Promise<void> {
  return seal.revision === 1 ? deps.seals.addSeal(seal) : deps.seals.replaceSeal(seal);
}

async function revisable(deps: SealDeps, caller: Caller, request: RevisionRequest): Promise<Seal> {
  const seal = await getSeal(deps, caller.actor, request.sealId);
  if (seal.revision !== request.revision) throw new CinnabarError('seal_changed');
  if (seal.status === 'closed') throw new CinnabarError('seal_not_active');
  return seal;
}

type Draft = Omit<Seal, 'templates' | 'quality'>;

function nextRevision(
  deps: SealDeps,
  { templates: _old, quality: _before, ...seal }: Seal,
  request: RevisionRequest,
  reason: string,
): Draft {
  const revision = request.revision + 1;
  const { revisionId } = request;
  const revisedAtMs = deps.clock.now();
  return { ...seal, revision, imprintRevision: revision, reason, revisionId, revisedAtMs };
}

async function prepareImprint(
  deps: SealDeps,
  action: RevisionAction,
  draft: Draft,
  { quality, templates }: MadeTemplates,
): Promise<PreparedRevision> {
  const owner = { kind: 'seal', id: draft.id } as const;
  const fresh = await encryptTemplates(deps, draft.tenant, owner, draft.revision, templates);
  return { action, seal: { ...draft, quality, templates: fresh.rows }, objects: fresh.objects };
}

interface MadeTemplates {
  readonly quality: Quality;
  readonly templates: readonly PlainTemplate[];
}

function makeTemplates(
  deps: SealDeps,
  vendors: readonly Vendor[],
  imprint: Picture,
  specimen: number,
): MadeTemplates {
  const raster = readImprint(deps.engine, imprint);
  return asking(() => ({
    quality: qualityOf(deps.engine.precheck(raster)),
    templates: vendors.map((vendor) => ({
      vendor,
      specimen,
      bytes: deps.engine.enrol(raster, vendor.code, 'reserved'),
    })),
  }));
}

/** What is kept of the pre-check. */
function qualityOf({ ok, sharpness, completeness, reasons }: Quality): Quality {
  const kept = reasons.map(({ code, detail }) =>
    detail === undefined ? { code } : { code, detail },
  );
  return { ok, sharpness, completeness, reasons: kept };
}

export function operationOf(action: AuditAction, seal: Seal): Operation {
  return {
    action,
    subject: `seal:${seal.id}`,
    detail: {
      card: seal.cardId,
      revision: seal.revision,
      status: seal.status,
      ...digestsOf(seal.templates),
    },
  };
}

function digestsOf(templates: readonly StoredTemplate[]): AuditDetail {
  return Object.fromEntries(
    templates.map(({ vendor, specimen, digestHex }) => [
      `template.${vendor.code}@${vendor.version}${specimen === 1 ? '' : `#${specimen}`}`,
      digestHex,
    ]),
  );
}
