import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import type { AuditDetail } from '../audit/types.ts';
import { CinnabarError } from '../errors.ts';
import { getCard } from './cards.ts';
import { storeObjects } from './orphans.ts';
import { asking, type Picture, readImprint } from './picture.ts';
import type { SealDeps } from './ports.ts';
import { getSeal } from './seals.ts';
import { encryptTemplates, type PlainTemplate } from './templates.ts';
import type { Quality, Seal, SealShape, StoredTemplate } from './types.ts';

export interface NewSeal {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly cardId: string;
  readonly serial: string;
  readonly shape: SealShape;
  readonly remark: string;
  readonly imprint: Picture;
}

/**
 * Enrols a reserved imprint: every installed vendor makes its template, and all are stored, or
 * none (B2).
 *
 * @throws CinnabarError `card_not_found`, `seal_serial_taken`, `picture_…`, `imprint_not_found`,
 * `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function enrolSeal(deps: SealDeps, caller: Caller, request: NewSeal): Promise<Seal> {
  const { tenant } = caller.actor;
  const earlier = await deps.seals.findSeal(tenant, request.id);
  if (earlier) {
    await record(deps.audit, caller, operationOf('seal.enrol', earlier), 'done');
    return earlier;
  }
  const card = await getCard(deps, caller.actor, request.cardId);
  const { imprint, ...fields } = request;
  const nowMs = deps.clock.now();
  return writeRevision(
    deps,
    caller,
    'seal.enrol',
    {
      ...fields,
      tenant,
      accountId: card.accountId,
      status: 'active',
      revision: 1,
      revisionId: request.id,
      createdAtMs: nowMs,
      revisedAtMs: nowMs,
    },
    imprint,
    (seal) => deps.seals.addSeal(seal),
  );
}

export interface RebuiltSeal {
  readonly sealId: string;
  /** The id to give to the revision. A retry passes the same one. */
  readonly revisionId: string;
  /** The revision that the caller saw and means to replace. */
  readonly revision: number;
  readonly shape?: SealShape;
  readonly remark?: string;
  readonly imprint: Picture;
}

/**
 * Replaces the reserved imprint of a seal (B4). What it replaces is kept as an earlier revision.
 *
 * @throws CinnabarError `seal_not_found`, `seal_changed` when the seal has another revision by now,
 * otherwise as `enrolSeal`
 */
export async function rebuildSeal(
  deps: SealDeps,
  caller: Caller,
  request: RebuiltSeal,
): Promise<Seal> {
  const { sealId, imprint, revision, ...changes } = request;
  const seal = await getSeal(deps, caller.actor, sealId);
  if (seal.revisionId === request.revisionId) {
    await record(deps.audit, caller, operationOf('seal.rebuild', seal), 'done');
    return seal;
  }
  if (seal.revision !== revision) throw new CinnabarError('seal_changed');
  return writeRevision(
    deps,
    caller,
    'seal.rebuild',
    { ...seal, ...changes, revision: revision + 1, revisedAtMs: deps.clock.now() },
    imprint,
    (next) => deps.seals.replaceSeal(next),
  );
}

async function writeRevision(
  deps: SealDeps,
  caller: Caller,
  action: string,
  draft: Omit<Seal, 'templates' | 'quality'>,
  imprint: Picture,
  commit: (seal: Seal) => Promise<void>,
): Promise<Seal> {
  const { quality, templates } = makeTemplates(deps, imprint);
  const owner = { kind: 'seal', id: draft.id } as const;
  const fresh = await encryptTemplates(deps, draft.tenant, owner, draft.revision, templates);
  const seal: Seal = { ...draft, quality, templates: fresh.rows };
  await audited(deps.audit, caller, operationOf(action, seal), async () => {
    await storeObjects(deps, draft.tenant, fresh.objects);
    await commit(seal);
  });
  return seal;
}

function makeTemplates(
  deps: SealDeps,
  imprint: Picture,
): { quality: Quality; templates: readonly PlainTemplate[] } {
  const raster = readImprint(deps.engine, imprint);
  return asking(() => ({
    quality: qualityOf(deps.engine.precheck(raster)),
    templates: deps.engine.vendors.map((vendor) => ({
      vendor,
      bytes: deps.engine.enrol(raster, vendor.code),
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

function operationOf(action: string, seal: Seal): Operation {
  return {
    action,
    subject: `seal:${seal.id}`,
    detail: { card: seal.cardId, revision: seal.revision, ...digestsOf(seal.templates) },
  };
}

function digestsOf(templates: readonly StoredTemplate[]): AuditDetail {
  return Object.fromEntries(
    templates.map(({ vendor, digestHex }) => [
      `template.${vendor.code}@${vendor.version}`,
      digestHex,
    ]),
  );
}
