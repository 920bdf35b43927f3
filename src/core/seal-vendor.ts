import { type CoreExports, instantiate } from './load.ts';
import { STEPS } from './metered.ts';
import { type Bitmap1, bitmapStride, type Raster } from './raster.ts';
import { SealError } from './seal-error.ts';

/**
 * `[a, b, c, d, tx, ty]` takes a point of the query's canonical picture to the reserved one:
 * x' = a x + b y + tx, y' = c x + d y + ty, in pixels of 300 dpi.
 */
export type SealTransform = readonly [number, number, number, number, number, number];

/** What a vendor says of one small square of the reserved canonical picture. */
export interface TileEvidence {
  /** Centre and half side in canonical pixels. */
  readonly x: number;
  readonly y: number;
  readonly half: number;
  /** 0 suspicious to 1 as expected. Only tiles worth a look are listed. */
  readonly score: number;
}

export interface SealMatch {
  readonly match: boolean;
  /** 0 to 1, higher is more likely genuine; the vendor's scale, monotonic. */
  readonly score: number;
  /** The vendor's one threshold for all seals: `match` is `score >= threshold`. */
  readonly threshold: number;
  /** Below this the vendor takes the imprint for a forgery; in between it does not know. */
  readonly rejectBelow: number;
  readonly transform: SealTransform;
  /** Share of the reserved strokes that print or the picture's edge hides in the query, 0 to 1. */
  readonly unknownShare: number;
  readonly tiles: readonly TileEvidence[];
}

/** A vendor module behind the ABI of docs/vendor-abi.md. All calls throw `SealError`. */
export interface SealVendor {
  readonly code: string;
  readonly name: string;
  readonly version: string;
  readonly threshold: number;
  enrol(raster: Raster, purpose?: EnrolPurpose): Uint8Array<ArrayBuffer>;
  match(reservedTemplate: Uint8Array, queryTemplate: Uint8Array): SealMatch;
  restore(template: Uint8Array): Bitmap1;
}

interface VendorExports extends CoreExports {
  /** Only in a metered module. */
  readonly [STEPS]?: WebAssembly.Global;
  reset(): void;
  alloc(bytes: number): number;
  info(): number;
  enrol(
    rgba: number,
    width: number,
    height: number,
    dpi: number,
    keep: number,
    out: number,
    capacity: number,
  ): number;
  restore(template: number, length: number, out: number, capacity: number): number;
  compare(
    reserved: number,
    reservedLength: number,
    query: number,
    queryLength: number,
    out: number,
    capacity: number,
  ): number;
}

const functions = ['reset', 'alloc', 'info', 'enrol', 'restore', 'compare'] as const;

// assembly/vendors/abi.ts
const INFO_MAGIC = 0x31495643;
const INFO_SIZE = 80;
const ABI_VERSION = 2;
const HEAD_SIZE = 64;
const MAX_TEMPLATE = 65_536;
/** A template with what only a comparison at once uses behind it: 86 mm take 300 KB. */
const MAX_PASSED = 1 << 19;
const CAN_PASS = 4;
const LENGTH_AT = 28;
const RESULT_HEAD = 48;
const RESULT_TILE = 16;
const MAX_RESULT_TILES = 1024;
const CANONICAL_SIDE_MAX = 4096;
/** A vendor may not use more memory than this. */
const MAX_MEMORY = 128 * 1024 * 1024;
/**
 * Steps of one call of a metered module. Enrolment of a large scan by a built-in vendor takes less
 * than a tenth; this many take some seconds.
 */
const MAX_STEPS = 1_000_000_000;
/** An instance that has grown beyond this is dropped after the call, since memory never shrinks. */
const KEEP_MEMORY = 48 * 1024 * 1024;

// assembly/shared/status.ts
const BAD_LENGTH = -1;
const BAD_FORMAT = -2;
const UNSUPPORTED = -3;
const TOO_LARGE = -4;
const NOT_FOUND = -9;

/** What `enrol` is told of a picture that names no resolution. */
const NO_DPI = 0;

/**
 * A `reserved` imprint's template holds its canonical picture only, a `query`'s the depth of ink too.
 * For a `comparison` at once, by a vendor that can, the depth is not coded but follows the template
 * uncoded: quicker, and some times as long. Such bytes are never stored. `evidence` is both:
 * compared at once, and `keptPart` of it is stored as a query's template.
 */
export type EnrolPurpose = 'reserved' | 'query' | 'comparison' | 'evidence';
const keepOf = { query: 0, reserved: 1, evidence: 2, comparison: 3 } as const;
const PASSED = 2;

/** What of the bytes that `enrol` made as `evidence` is to be stored. */
export function keptPart(evidence: Uint8Array): Uint8Array {
  const head = new DataView(evidence.buffer, evidence.byteOffset, HEAD_SIZE);
  return evidence.slice(0, head.getUint32(LENGTH_AT, true));
}

/**
 * Checks a module against the ABI and gives its functions.
 *
 * Every call starts from reset memory. A trap, a malformed answer or too much memory leaves as
 * `core_failed` and ends the instance; so does a metered module (metered.ts) that needs more than
 * `steps` steps for one call.
 */
export function openVendor(
  module: WebAssembly.Module,
  { steps = MAX_STEPS }: { readonly steps?: number } = {},
): SealVendor {
  assertShape(module);
  let idle: VendorExports | undefined;

  function using<T>(work: (vendor: VendorExports) => T): T {
    const vendor = idle ?? instantiateVendor(module);
    idle = undefined;
    const result = guard(() => {
      const counter = vendor[STEPS];
      if (counter) counter.value = BigInt(steps);
      vendor.reset();
      const value = work(vendor);
      if (vendor.memory.buffer.byteLength > MAX_MEMORY) throw malformed();
      return value;
    });
    const isBroken = result instanceof SealError && result.code === 'core_failed';
    if (!isBroken && vendor.memory.buffer.byteLength <= KEEP_MEMORY) idle = vendor;
    if (result instanceof SealError) throw result;
    return result;
  }

  const { code, name, version, accept, reject, canPass } = using(readInfo);
  return {
    code,
    name,
    version,
    threshold: accept,
    enrol: (raster, purpose = 'query') =>
      using((vendor) => enrol(vendor, raster, canPass ? keepOf[purpose] : unpassed(purpose))),
    match: (reserved, query) => using((vendor) => compare(vendor, reserved, query, accept, reject)),
    restore: (template) => using((vendor) => restore(vendor, template)),
  };
}

function unpassed(purpose: EnrolPurpose): number {
  return purpose === 'reserved' ? keepOf.reserved : keepOf.query;
}

function instantiateVendor(module: WebAssembly.Module): VendorExports {
  const made = guard(() => instantiate<VendorExports>(module));
  if (made instanceof SealError) throw made;
  return made;
}

/** Refusals pass as values; anything else is a failure inside the module. */
function guard<T>(work: () => T): T | SealError {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SealError) return cause;
    return new SealError('core_failed', 'The vendor module failed.', { cause });
  }
}

function malformed(): SealError {
  return new SealError('core_failed', 'The vendor module gave a malformed answer.');
}

function assertShape(module: WebAssembly.Module): void {
  const foreign = WebAssembly.Module.imports(module).filter(
    ({ module: from, name }) => from !== 'env' || name !== 'abort',
  );
  if (foreign.length > 0) {
    throw new SealError('core_failed', 'A vendor module may import nothing but env.abort.');
  }
  const exported = WebAssembly.Module.exports(module);
  const has = (name: string, kind: string) =>
    exported.some((entry) => entry.name === name && entry.kind === kind);
  if (!has('memory', 'memory') || !functions.every((name) => has(name, 'function'))) {
    throw new SealError('core_failed', 'This module is not a seal vendor.');
  }
}

/** Memory at `pointer`, which the module named; never outside of it. */
function viewAt(vendor: VendorExports, pointer: number, length: number): DataView {
  const { buffer } = vendor.memory;
  if (!(pointer > 0) || pointer + length > buffer.byteLength) throw malformed();
  return new DataView(buffer, pointer, length);
}

function bytesAt(vendor: VendorExports, pointer: number, length: number): Uint8Array<ArrayBuffer> {
  const view = viewAt(vendor, pointer, length);
  return new Uint8Array(vendor.memory.buffer.slice(view.byteOffset, view.byteOffset + length));
}

function allocate(vendor: VendorExports, length: number): number {
  const pointer = vendor.alloc(length);
  if (pointer === 0) throw new SealError('picture_too_large', 'The vendor has no memory for it.');
  viewAt(vendor, pointer, length);
  return pointer;
}

function place(vendor: VendorExports, bytes: Uint8Array): number {
  const pointer = allocate(vendor, bytes.length);
  new Uint8Array(vendor.memory.buffer).set(bytes, pointer);
  return pointer;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function readInfo(vendor: VendorExports) {
  const view = viewAt(vendor, vendor.info(), INFO_SIZE);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, INFO_SIZE);
  const version = view.getUint32(8, true);
  const accept = view.getFloat32(12, true);
  const reject = view.getFloat32(16, true);
  const code = text(bytes.slice(20, 36));
  if (view.getUint32(0, true) !== INFO_MAGIC || view.getUint32(4, true) !== ABI_VERSION) {
    throw new SealError('core_failed', 'The vendor module speaks another ABI version.');
  }
  const isSound = reject >= 0 && reject <= accept && accept <= 1;
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(code) || !isSound) throw malformed();
  return {
    code,
    name: text(bytes.slice(36, 76)),
    version: `${version >>> 16}.${(version >>> 8) & 255}.${version & 255}`,
    accept,
    reject,
    canPass: (view.getUint32(76, true) & CAN_PASS) !== 0,
  };
}

function enrol(vendor: VendorExports, raster: Raster, keep: number): Uint8Array<ArrayBuffer> {
  const { width, height, rgba, dpi = NO_DPI } = raster;
  const isWhole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!isWhole || rgba.length !== width * height * 4) {
    throw new SealError('picture_invalid', 'Size and bytes of the raster disagree.');
  }
  const capacity = (keep & PASSED) === 0 ? MAX_TEMPLATE : MAX_PASSED;
  const out = allocate(vendor, capacity);
  const length = vendor.enrol(place(vendor, rgba), width, height, dpi, keep, out, capacity);
  if (length < 0) throw pictureRefusal(length);
  if (length < HEAD_SIZE || length > capacity) throw malformed();
  const own = viewAt(vendor, out, HEAD_SIZE).getUint32(LENGTH_AT, true);
  if (own < HEAD_SIZE || own > Math.min(length, MAX_TEMPLATE)) throw malformed();
  return bytesAt(vendor, out, length);
}

function pictureRefusal(status: number): SealError {
  if (status === NOT_FOUND) {
    return new SealError('imprint_not_found', 'There is no seal imprint in the picture.');
  }
  if (status === TOO_LARGE) {
    return new SealError('picture_too_large', 'The picture is larger than an imprint: crop it.');
  }
  if (status === BAD_LENGTH) {
    return new SealError('picture_invalid', 'Size or resolution of the picture is out of range.');
  }
  return malformed();
}

function templateRefusal(status: number): SealError {
  if (status === BAD_LENGTH || status === BAD_FORMAT || status === UNSUPPORTED) {
    return new SealError('template_invalid', 'The bytes are not a template of this vendor.');
  }
  if (status === NOT_FOUND) {
    return new SealError('imprint_not_found', 'The reserved template holds no strokes.');
  }
  return malformed();
}

function placeTemplate(
  vendor: VendorExports,
  template: Uint8Array,
  longest = MAX_TEMPLATE,
): number {
  if (template.length === 0 || template.length > longest) throw templateRefusal(BAD_LENGTH);
  return place(vendor, template);
}

function compare(
  vendor: VendorExports,
  reserved: Uint8Array,
  query: Uint8Array,
  threshold: number,
  rejectBelow: number,
): SealMatch {
  const first = placeTemplate(vendor, reserved);
  const second = placeTemplate(vendor, query, MAX_PASSED);
  const capacity = RESULT_HEAD + MAX_RESULT_TILES * RESULT_TILE;
  const out = allocate(vendor, capacity);
  const length = vendor.compare(first, reserved.length, second, query.length, out, capacity);
  if (length < 0) throw templateRefusal(length);
  if (length < RESULT_HEAD || length > capacity) throw malformed();
  const view = viewAt(vendor, out, length);
  const real = (at: number) => view.getFloat32(at, true);
  const score = real(0);
  const unknownShare = real(8);
  const transform: SealTransform = [real(12), real(16), real(20), real(24), real(28), real(32)];
  const count = view.getUint32(36, true);
  const isSound =
    score >= 0 &&
    score <= 1 &&
    unknownShare >= 0 &&
    unknownShare <= 1 &&
    transform.every(Number.isFinite) &&
    length === RESULT_HEAD + count * RESULT_TILE;
  if (!isSound) throw malformed();
  const tiles = Array.from({ length: count }, (_, i): TileEvidence => {
    const at = RESULT_HEAD + i * RESULT_TILE;
    return { x: real(at), y: real(at + 4), half: real(at + 8), score: real(at + 12) };
  });
  const match = score >= threshold;
  return { match, score, threshold, rejectBelow, transform, unknownShare, tiles };
}

function restore(vendor: VendorExports, template: Uint8Array): Bitmap1 {
  const pointer = placeTemplate(vendor, template);
  const capacity = 8 + CANONICAL_SIDE_MAX * bitmapStride(CANONICAL_SIDE_MAX);
  const out = allocate(vendor, capacity);
  const length = vendor.restore(pointer, template.length, out, capacity);
  if (length < 0) throw templateRefusal(length);
  const view = viewAt(vendor, out, Math.max(8, length));
  const width = view.getUint32(0, true);
  const height = view.getUint32(4, true);
  const isSound = width > 0 && width <= CANONICAL_SIDE_MAX && height <= CANONICAL_SIDE_MAX;
  if (!isSound || length !== 8 + bitmapStride(width) * height) throw malformed();
  return { width, height, bits: bytesAt(vendor, out + 8, length - 8) };
}
