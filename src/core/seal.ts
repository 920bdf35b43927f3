import { bytesToHex } from '@noble/hashes/utils.js';
import { compileBytes } from '#compile';
import glyphsSource from '#wasm/vendor-glyphs';
import spectrumSource from '#wasm/vendor-spectrum';
import strokeSource from '#wasm/vendor-stroke';
import { moduleOf } from './load.ts';
import { metered } from './metered.ts';
import { loadPictures, type Pictures } from './pictures.ts';
import type { Bitmap1, Raster } from './raster.ts';
import { SealError } from './seal-error.ts';
import {
  type EnrolPurpose,
  keptPart,
  openVendor,
  type SealMatch,
  type SealVendor,
} from './seal-vendor.ts';
import { conclude, dpiRemarks, type SealConclusion } from './seal-verdict.ts';

export type { Bitmap1, Raster } from './raster.ts';
export { SealError, type SealErrorCode } from './seal-error.ts';
export type {
  EnrolPurpose,
  SealMatch,
  SealTransform,
  SealVendor,
  TileEvidence,
} from './seal-vendor.ts';
export type { SealReason } from './seal-verdict.ts';

export interface SealVerification extends SealConclusion {
  readonly vendors: readonly {
    readonly code: string;
    readonly score: number;
    readonly threshold: number;
    readonly match: boolean;
  }[];
  readonly elapsedMs: number;
}

export interface SealOptions {
  /** Modules of other vendors, used beside the built-in ones. */
  readonly vendors?: readonly (WebAssembly.Module | PinnedModule)[];
}

/**
 * A module as it was accepted: bytes with another hash are refused, and each of its calls gets so many
 * steps and no more (metered.ts). Not for workerd, which compiles nothing at run time.
 */
export interface PinnedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
}

/** One imprint's templates by vendor code. */
export type SealTemplates = ReadonlyMap<string, Uint8Array>;

/** Functions of `cinnabar/seal`. All but `verify` answer for one vendor. */
export interface Seal extends Pictures {
  readonly vendors: readonly Pick<SealVendor, 'code' | 'name' | 'version'>[];
  /**
   * Makes the vendor's template of an imprint, not yet encrypted. That of a `reserved` imprint is
   * small: it keeps the canonical picture only, which is all that a comparison uses of it. Throws `imprint_not_found`, `picture_too_large`, `picture_invalid`,
   * `vendor_unknown`, `core_failed`.
   */
  enrol(raster: Raster, vendorCode: string, purpose?: EnrolPurpose): Uint8Array<ArrayBuffer>;
  /** What is to be stored of the bytes that `enrol` made as `evidence`. */
  keptPart(evidence: Uint8Array): Uint8Array;
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

/** Loads the picture functions, the built-in vendors and the given ones. */
export async function loadSeal(options: SealOptions = {}): Promise<Seal> {
  const sources = [strokeSource, spectrumSource, glyphsSource];
  const [pictures, ...modules] = await Promise.all([loadPictures(), ...sources.map(moduleOf)]);
  const foreign = await Promise.all((options.vendors ?? []).map(pinnedModule));
  const vendors = [...modules, ...foreign].map((module) => openVendor(module));
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
    enrol: (raster, code, purpose) => vendorOf(code).enrol(raster, purpose),
    keptPart,
    match: (code, reserved, query) => vendorOf(code).match(reserved, query),
    restore: (code, template) => vendorOf(code).restore(template),
    verify: (reserved, query, { vendors: named = codes } = {}) =>
      verify(pictures, named.map(vendorOf), reserved, query),
  };
}

async function pinnedModule(
  vendor: WebAssembly.Module | PinnedModule,
): Promise<WebAssembly.Module> {
  if (vendor instanceof WebAssembly.Module) return vendor;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', vendor.bytes));
  if (bytesToHex(digest) !== vendor.sha256.toLowerCase()) {
    throw new SealError('core_failed', 'The vendor module is not the one that was pinned.');
  }
  return compileBytes(metered(vendor.bytes));
}

function verify(
  pictures: Pictures,
  vendors: readonly SealVendor[],
  reserved: Raster | SealTemplates,
  query: Raster,
): SealVerification {
  const startedAt = performance.now();
  if (vendors.length === 0) throw new SealError('vendor_unknown', 'No vendor was named.');
  const opinions = vendors.map((vendor) => ({ vendor, result: ask(vendor, reserved, query) }));
  const conclusion = conclude(
    opinions.map(({ vendor, result }) => ({ code: vendor.code, result })),
    pictures.examine(query),
    [reserved, query].flatMap((imprint) => ('rgba' in imprint ? dpiRemarks(imprint) : [])),
  );
  return {
    ...conclusion,
    vendors: opinions.map(({ vendor, result }) => ({
      code: vendor.code,
      score: result?.score ?? 0,
      threshold: vendor.threshold,
      match: result?.match ?? false,
    })),
    elapsedMs: performance.now() - startedAt,
  };
}

/** `undefined` when the vendor broke down. */
function ask(
  vendor: SealVendor,
  reserved: Raster | SealTemplates,
  query: Raster,
): SealMatch | undefined {
  try {
    const template =
      'rgba' in reserved ? vendor.enrol(reserved, 'reserved') : reserved.get(vendor.code);
    if (!template) throw new SealError('template_invalid', 'The vendor has no reserved template.');
    return vendor.match(template, vendor.enrol(query, 'comparison'));
  } catch (error) {
    if (error instanceof SealError && error.code === 'core_failed') return undefined;
    throw error;
  }
}
