import strokeSource from '#wasm/vendor-stroke';
import { moduleOf } from './load.ts';
import { loadPictures, type Pictures } from './pictures.ts';
import type { Bitmap1, Raster } from './raster.ts';
import { SealError } from './seal-error.ts';
import { openVendor, type SealMatch, type SealVendor } from './seal-vendor.ts';

export type { Bitmap1, Raster } from './raster.ts';
export { SealError, type SealErrorCode } from './seal-error.ts';
export type { SealMatch, SealTransform, SealVendor, TileEvidence } from './seal-vendor.ts';

/** Why a verification was not a plain pass. */
export interface SealReason {
  /**
   * `vendor_failed`: a vendor broke down and so has not agreed. `vendor_doubts`: its score lies
   * between rejection and agreement. `imprint_covered`: print hides too much of the strokes.
   * `dpi_assumed`: a picture names no resolution, 300 dpi was taken.
   */
  readonly code: 'vendor_failed' | 'vendor_doubts' | 'imprint_covered' | 'dpi_assumed';
  readonly detail: string;
}

export interface SealVerification {
  /** All vendors agree. */
  readonly match: boolean;
  /** `pass` only when all agree and nothing speaks for a second look. */
  readonly verdict: 'pass' | 'fail' | 'review';
  readonly vendors: readonly {
    readonly code: string;
    readonly score: number;
    readonly threshold: number;
    readonly match: boolean;
  }[];
  readonly reasons: readonly SealReason[];
  readonly elapsedMs: number;
}

export interface SealOptions {
  /** Modules of other vendors, used beside the built-in ones. */
  readonly vendors?: readonly WebAssembly.Module[];
}

/** One imprint's templates by vendor code. */
export type SealTemplates = ReadonlyMap<string, Uint8Array>;

/** Functions of `cinnabar/seal`. All but `verify` answer for one vendor. */
export interface Seal extends Pictures {
  readonly vendors: readonly Pick<SealVendor, 'code' | 'name' | 'version'>[];
  /**
   * Makes the vendor's template of an imprint, not yet encrypted. Reserved and query imprints have
   * the same kind of template. Throws `imprint_not_found`, `picture_too_large`, `picture_invalid`,
   * `vendor_unknown`, `core_failed`.
   */
  enrol(raster: Raster, vendorCode: string): Uint8Array<ArrayBuffer>;
  /** Throws `template_invalid` for bytes that are not this vendor's, `core_failed` on a breakdown. */
  match(vendorCode: string, reservedTemplate: Uint8Array, queryTemplate: Uint8Array): SealMatch;
  /** The canonical picture in a template, 300 dpi, bit for bit as it was enrolled. */
  restore(vendorCode: string, template: Uint8Array): Bitmap1;
  /**
   * One verification from pixels to verdict, by the named vendors or all. A vendor that breaks down
   * has not agreed. Throws like `enrol` when a picture holds no imprint or is unfit. The reserved
   * imprint may be given as the templates that `enrol` made of it, one for each vendor that is
   * asked: then only the query is enrolled.
   */
  verify(
    reserved: Raster | SealTemplates,
    queryRaster: Raster,
    options?: { readonly vendors?: readonly string[] },
  ): SealVerification;
}

/** Above this share of hidden strokes an agreement goes to a person. */
const COVERED_SHARE_MAX = 0.35;

/** Loads the picture functions, the built-in vendors and the given ones. */
export async function loadSeal(options: SealOptions = {}): Promise<Seal> {
  const [pictures, strokeModule] = await Promise.all([loadPictures(), moduleOf(strokeSource)]);
  const vendors = [strokeModule, ...(options.vendors ?? [])].map(openVendor);
  const codes = vendors.map(({ code }) => code);
  if (new Set(codes).size !== codes.length) {
    throw new SealError('core_failed', 'Two vendor modules have the same code.');
  }

  function vendorOf(code: string): SealVendor {
    const found = vendors.find((vendor) => vendor.code === code);
    if (!found) throw new SealError('vendor_unknown', 'No installed vendor has this code.');
    return found;
  }

  return {
    ...pictures,
    vendors: vendors.map(({ code, name, version }) => ({ code, name, version })),
    enrol: (raster, code) => vendorOf(code).enrol(raster),
    match: (code, reserved, query) => vendorOf(code).match(reserved, query),
    restore: (code, template) => vendorOf(code).restore(template),
    verify: (reserved, query, { vendors: named = codes } = {}) =>
      verify(named.map(vendorOf), reserved, query),
  };
}

interface Opinion {
  readonly vendor: SealVendor;
  /** Absent when the vendor broke down. */
  readonly result: SealMatch | undefined;
}

function verify(
  vendors: readonly SealVendor[],
  reserved: Raster | SealTemplates,
  query: Raster,
): SealVerification {
  const startedAt = performance.now();
  // Nobody to ask is not unanimity.
  if (vendors.length === 0) throw new SealError('vendor_unknown', 'No vendor was named.');
  const opinions = vendors.map((vendor) => ask(vendor, reserved, query));
  const reasons = [...opinions.flatMap(doubtsOf), ...[reserved, query].flatMap(assumed)];
  const match = opinions.every(({ result }) => result?.match === true);
  const isForged = opinions.some(({ result }) => result && result.score < result.rejectBelow);
  return {
    match,
    verdict: isForged ? 'fail' : match && reasons.every(isHarmless) ? 'pass' : 'review',
    vendors: opinions.map(({ vendor, result }) => ({
      code: vendor.code,
      score: result?.score ?? 0,
      threshold: vendor.threshold,
      match: result?.match ?? false,
    })),
    reasons,
    elapsedMs: performance.now() - startedAt,
  };
}

function ask(vendor: SealVendor, reserved: Raster | SealTemplates, query: Raster): Opinion {
  try {
    const template = 'rgba' in reserved ? vendor.enrol(reserved) : reserved.get(vendor.code);
    if (!template) throw new SealError('template_invalid', 'The vendor has no reserved template.');
    return { vendor, result: vendor.match(template, vendor.enrol(query)) };
  } catch (error) {
    if (error instanceof SealError && error.code === 'core_failed') {
      return { vendor, result: undefined };
    }
    throw error;
  }
}

function doubtsOf({ vendor, result }: Opinion): SealReason[] {
  if (!result) return [{ code: 'vendor_failed', detail: vendor.code }];
  const doubts: SealReason[] = [];
  if (result.score < result.threshold && result.score >= result.rejectBelow) {
    doubts.push({ code: 'vendor_doubts', detail: vendor.code });
  }
  if (result.unknownShare > COVERED_SHARE_MAX) {
    doubts.push({ code: 'imprint_covered', detail: vendor.code });
  }
  return doubts;
}

function assumed(imprint: Raster | SealTemplates): SealReason[] {
  if (!('rgba' in imprint) || imprint.dpi !== undefined) return [];
  return [{ code: 'dpi_assumed', detail: `${imprint.width} x ${imprint.height}` }];
}

/** An assumed resolution is worth saying; a wrong one shows as a mismatch by itself. */
function isHarmless({ code }: SealReason): boolean {
  return code === 'dpi_assumed';
}
