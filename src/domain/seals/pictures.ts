import type { Bitmap1 } from '../../core/raster.ts';
import type { TileEvidence } from '../../core/seal-vendor.ts';
import type { Actor, Caller } from '../actor.ts';
import { type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { asking } from './picture.ts';
import type { SealDeps } from './ports.ts';
import { getSeal, getVerification } from './seals.ts';
import { decryptTemplates } from './templates.ts';
import type { StoredTemplate, VendorResult, Verification } from './types.ts';

/** Restored pictures are at this resolution. */
export const pictureDpi = 300;

export interface PicturePair {
  readonly result: VendorResult;
  readonly reserved: Bitmap1;
  readonly query: Bitmap1;
  /** Where the vendor saw a difference, in pixels of the reserved picture. */
  readonly tiles: readonly TileEvidence[];
}

/**
 * The reserved imprint of a seal as a PNG, restored from one vendor's template; from the first
 * vendor's when none is named. That it was seen goes on record first.
 *
 * @throws CinnabarError `seal_not_found`, `vendor_not_found`, `template_unreadable`,
 * `chips_unavailable`, `audit_unavailable`
 */
export async function sealPicture(
  deps: SealDeps,
  caller: Caller,
  id: string,
  vendorCode: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const seal = await getSeal(deps, caller.actor, id);
  const template = seal.templates.find(
    ({ vendor }) => vendorCode === undefined || vendor.code === vendorCode,
  );
  if (!template) throw new CinnabarError('vendor_not_found');
  const png = await restoredPng(deps, template);
  await recordView(deps, caller, `seal:${id}`, template.vendor.code, 'reserved');
  return png;
}

/**
 * Both imprints of a verification as one vendor saw them (B7): the one that is named, else the
 * first that did not match, else the first.
 *
 * @throws CinnabarError `verification_not_found`, `vendor_not_found`, `template_unreadable`,
 * `chips_unavailable`
 */
export async function verificationPictures(
  deps: SealDeps,
  actor: Actor,
  id: string,
  vendorCode: string | undefined,
): Promise<PicturePair> {
  const { result, rows } = await findPair(deps, actor, id, vendorCode);
  const [reserved, query] = await decryptTemplates(deps, actor.tenant, [rows.reserved, rows.query]);
  if (!reserved || !query) throw new CinnabarError('template_unreadable');
  return asking(() => {
    const { code } = result.vendor;
    return {
      result,
      reserved: deps.engine.restore(code, reserved.bytes),
      query: deps.engine.restore(code, query.bytes),
      tiles: deps.engine.match(code, reserved.bytes, query.bytes).tiles,
    };
  });
}

/** One of both pictures as a PNG, to be looked at: that goes on record first. @throws as above */
export async function verificationPicture(
  deps: SealDeps,
  caller: Caller,
  id: string,
  which: 'reserved' | 'query',
  vendorCode: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const { rows } = await findPair(deps, caller.actor, id, vendorCode);
  const png = await restoredPng(deps, rows[which]);
  await recordView(deps, caller, `verification:${id}`, rows[which].vendor.code, which);
  return png;
}

async function findPair(
  deps: SealDeps,
  actor: Actor,
  id: string,
  vendorCode: string | undefined,
): Promise<{
  result: VendorResult;
  rows: { readonly reserved: StoredTemplate; readonly query: StoredTemplate };
}> {
  const verification = await getVerification(deps, actor, id);
  const result = chooseResult(verification, vendorCode);
  const query = verification.templates.find(({ vendor }) => vendor.code === result?.vendor.code);
  if (!result || !query) throw new CinnabarError('vendor_not_found');
  const reserved = await deps.seals.findTemplate(actor.tenant, result.reservedTemplateId);
  if (!reserved) throw new CinnabarError('template_unreadable');
  return { result, rows: { reserved, query } };
}

async function restoredPng(deps: SealDeps, row: StoredTemplate): Promise<Uint8Array<ArrayBuffer>> {
  const [plain] = await decryptTemplates(deps, row.tenant, [row]);
  if (!plain) throw new CinnabarError('template_unreadable');
  return asking(() => {
    const picture = deps.engine.restore(row.vendor.code, plain.bytes);
    return deps.engine.encodeBitmapPng(picture, pictureDpi);
  });
}

function chooseResult(
  verification: Verification,
  vendorCode: string | undefined,
): VendorResult | undefined {
  const { vendors } = verification;
  if (vendorCode !== undefined) return vendors.find(({ vendor }) => vendor.code === vendorCode);
  return vendors.find((result) => !result.match) ?? vendors[0];
}

function recordView(
  deps: SealDeps,
  caller: Caller,
  subject: string,
  vendor: string,
  which: 'reserved' | 'query',
): Promise<void> {
  const view: Operation = { action: 'imprint.view', subject, detail: { vendor, which } };
  return record(deps.audit, caller, view, 'done');
}
