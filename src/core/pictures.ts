import source from '#wasm/seal';
import { type CoreExports, instantiate, moduleOf } from './load.ts';
import { type Findings, judge, nothingFound, type Precheck } from './precheck.ts';
import {
  type Bitmap1,
  bitmapStride,
  MAX_DPI,
  MAX_PICTURE_BYTES,
  MAX_PIXELS,
  MAX_SIDE_PX,
  type Raster,
} from './raster.ts';
import { SealError } from './seal-error.ts';

/** Pictures in and out, through one instance of the `seal` module. */
export interface Pictures {
  /**
   * Reads a PNG or JPEG file. Throws `SealError` `picture_unsupported`, `picture_too_large` or
   * `picture_corrupt`; a picture over the limits is refused by its header. `pixelsMax` makes the
   * limit lower than `MAX_PIXELS`, before memory is taken for the pixels. Colour profiles are
   * ignored, transparency is laid on white paper, the EXIF orientation is applied.
   */
  decode(bytes: Uint8Array, options?: { readonly pixelsMax?: number }): Raster;
  /**
   * Writes a PNG of one bit a pixel, ink black on white, that names `dpi` as its resolution. The
   * same bitmap gives the same bytes everywhere. Throws `picture_invalid` for a bitmap whose size
   * and bits disagree, that has more than `MAX_SIDE_PX` a side, or more than `MAX_DPI`.
   */
  encodeBitmapPng(bitmap: Bitmap1, dpi: number): Uint8Array<ArrayBuffer>;
  /**
   * Looks quickly whether a picture is worth sending (B11): an imprint, deep, sharp, whole and not
   * cut, and with `reserved` also coarsely like that one. A reserved raster is looked at once, so
   * pass the same object again and do not write into it. Throws `picture_invalid` or
   * `picture_too_large` for a raster that is none; a bad imprint is an answer, not an error.
   */
  precheck(raster: Raster, reserved?: Raster): Precheck;
  /**
   * Looks for signs of a secondary capture. Undefined when the picture cannot tell: a grey scan,
   * hardly any ink, or more than 4 million pixels. Throws `picture_invalid`.
   */
  examine(raster: Raster): CaptureSigns | undefined;
}

/** What a picture tells of how it was made, besides whose seal it shows. */
export interface CaptureSigns {
  /** Log odds that the imprint was printed, copied or shown on a screen instead of stamped. */
  readonly copyOdds: number;
  /** The figures behind them: assembly/seal/capture.ts. */
  readonly figures: readonly number[];
}

/** The entry points of assembly/seal/index.ts. */
interface SealExports extends CoreExports {
  reserve(length: number): number;
  open(length: number, pixelsMax: number): number;
  width(): number;
  height(): number;
  pictureOrientation(): number;
  resolution(): number;
  nextBand(): number;
  band(): number;
  encodeBitmap(width: number, height: number, dpi: number): number;
  pngFile(): number;
  reservePixels(width: number, height: number): number;
  inspect(width: number, height: number, slot: number): number;
  compareProfiles(): number;
  findings(): number;
  profile(slot: number): number;
  examine(width: number, height: number, dpi: number): number;
  captureAt(): number;
}

// assembly/shared/status.ts
const BAD_FORMAT = -2;
const UNSUPPORTED = -3;
const TOO_LARGE = -4;
const OUT_OF_MEMORY = -5;
const NOT_FOUND = -9;

// assembly/seal/precheck.ts: the slots and the length of a polar profile.
const RESERVED_SLOT = 0;
const QUERY_SLOT = 1;
const PROFILE_LENGTH = 128 * 40;

// assembly/seal/capture.ts: odds and figures; and assembly/seal/index.ts.
const CAPTURE_FINDINGS = 32;
const MAX_EXAMINED = 4_000_000;

/** An instance that has grown beyond this is dropped after the call, since memory never shrinks. */
const KEEP_BYTES = 24 * 1024 * 1024;

/** Compiles the module once and gives its functions. */
export async function loadPictures(): Promise<Pictures> {
  const module = await moduleOf(source);
  let idle: SealExports | undefined;
  /** Profiles of reserved imprints that were looked at; undefined when there is none. */
  const profiles = new WeakMap<Raster, Float32Array | undefined>();

  /** Runs `work` on an instance of its own; after a failure inside, the instance is not reused. */
  function using<T>(work: (core: SealExports) => T): T {
    const core = idle ?? instantiate<SealExports>(module);
    idle = undefined;
    const result = guard(() => work(core));
    if (core.memory.buffer.byteLength <= KEEP_BYTES) idle = core;
    if (result instanceof SealError) throw result;
    return result;
  }

  return {
    decode: (bytes, { pixelsMax = MAX_PIXELS } = {}) =>
      using((core) => decode(core, bytes, pixelsMax)),
    encodeBitmapPng: (bitmap, dpi) => using((core) => encodeBitmapPng(core, bitmap, dpi)),
    precheck: (raster, reserved) => using((core) => precheck(core, raster, reserved, profiles)),
    examine: (raster) => using((core) => examine(core, raster)),
  };
}

/** Passes refusals on as values; a trap is a bug of ours and leaves as `core_failed`. */
function guard<T>(work: () => T): T | SealError {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SealError) return cause;
    throw new SealError('core_failed', 'The picture module failed.', { cause });
  }
}

function check(status: number): number {
  if (status >= 0) return status;
  if (status === BAD_FORMAT) {
    throw new SealError('picture_corrupt', 'The picture is truncated or damaged.');
  }
  if (status === UNSUPPORTED) {
    throw new SealError('picture_unsupported', 'Only PNG and 8-bit Huffman-coded JPEG are read.');
  }
  if (status === TOO_LARGE || status === OUT_OF_MEMORY) {
    throw new SealError(
      'picture_too_large',
      `A picture may have ${MAX_SIDE_PX} px a side, ${MAX_PIXELS} px and ${MAX_PICTURE_BYTES} bytes.`,
    );
  }
  throw new Error(`status ${status}`);
}

function give(core: SealExports, bytes: Uint8Array): void {
  const input = check(core.reserve(bytes.length));
  new Uint8Array(core.memory.buffer, input, bytes.length).set(bytes);
}

function encodeBitmapPng(
  core: SealExports,
  { width, height, bits }: Bitmap1,
  dpi: number,
): Uint8Array<ArrayBuffer> {
  const isSize = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (!isSize || width > MAX_SIDE_PX || height > MAX_SIDE_PX) {
    throw new SealError('picture_invalid', `A bitmap has 1 to ${MAX_SIDE_PX} px a side.`);
  }
  if (!(dpi >= 1 && dpi <= MAX_DPI)) {
    throw new SealError('picture_invalid', `A resolution is 1 to ${MAX_DPI} dpi.`);
  }
  if (bits.length !== bitmapStride(width) * height) {
    throw new SealError('picture_invalid', 'The bits do not fill the bitmap.');
  }
  give(core, bits);
  const length = check(core.encodeBitmap(width, height, Math.round(dpi)));
  return new Uint8Array(core.memory.buffer, core.pngFile(), length).slice();
}

function precheck(
  core: SealExports,
  raster: Raster,
  reserved: Raster | undefined,
  profiles: WeakMap<Raster, Float32Array | undefined>,
): Precheck {
  if (reserved && !profiles.has(reserved)) {
    const found = inspect(core, reserved, RESERVED_SLOT);
    const at = core.profile(RESERVED_SLOT);
    const profile = new Float32Array(core.memory.buffer, at, PROFILE_LENGTH).slice();
    profiles.set(reserved, found ? profile : undefined);
  }
  const known = reserved && profiles.get(reserved);
  if (reserved && !known) throw new SealError('imprint_not_found', 'No reserved imprint is there.');
  if (!inspect(core, raster, QUERY_SLOT)) return nothingFound();
  if (known) {
    new Float32Array(core.memory.buffer, core.profile(RESERVED_SLOT), PROFILE_LENGTH).set(known);
    check(core.compareProfiles());
  }
  return judge(findingsOf(core), known !== undefined, raster.dpi);
}

/** Puts a raster where the module looks for one. */
function givePixels(core: SealExports, { width, height, rgba }: Raster): void {
  const isSize = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (!isSize || rgba.length !== width * height * 4) {
    throw new SealError('picture_invalid', 'The pixels do not fill the raster.');
  }
  const pixels = check(core.reservePixels(width, height));
  new Uint8Array(core.memory.buffer, pixels, rgba.length).set(rgba);
}

/** Looks at a raster; false when it holds no ink. */
function inspect(core: SealExports, raster: Raster, slot: number): boolean {
  givePixels(core, raster);
  const status = core.inspect(raster.width, raster.height, slot);
  if (status === NOT_FOUND) return false;
  check(status);
  return true;
}

function examine(core: SealExports, raster: Raster): CaptureSigns | undefined {
  if (raster.width * raster.height > MAX_EXAMINED) return undefined;
  givePixels(core, raster);
  if (check(core.examine(raster.width, raster.height, raster.dpi ?? 0)) === 0) return undefined;
  const found = new Float32Array(core.memory.buffer, core.captureAt(), CAPTURE_FINDINGS);
  const [copyOdds = 0, ...figures] = found;
  return { copyOdds, figures };
}

function findingsOf(core: SealExports): Findings {
  const figures = new Float64Array(core.memory.buffer, core.findings(), 15);
  const figure = (index: number) => figures[index] ?? 0;
  return {
    contrast: figure(0),
    inkShare: figure(1),
    left: figure(2),
    top: figure(3),
    width: figure(4),
    height: figure(5),
    blurPx: figure(6),
    radiusPx: figure(7),
    aspect: figure(8),
    completeness: figure(9),
    cutPx: figure(10),
    dominance: figure(11),
    likeness: figure(12),
    coverage: figure(13),
    rotation: figure(14),
  };
}

function decode(core: SealExports, bytes: Uint8Array, pixelsMax: number): Raster {
  give(core, bytes);
  check(core.open(bytes.length, pixelsMax));
  const stored = { width: core.width(), height: core.height() };
  const orientation = core.pictureOrientation();
  const pixels = new Uint32Array(stored.width * stored.height);
  let row = 0;
  for (let rows = check(core.nextBand()); rows > 0; rows = check(core.nextBand())) {
    const band = new Uint32Array(core.memory.buffer, core.band(), rows * stored.width);
    place(band, pixels, stored, orientation, row);
    row += rows;
  }
  if (row !== stored.height) throw new Error('rows are missing');
  const isTurned = orientation >= 5;
  const dpi = core.resolution();
  return {
    width: isTurned ? stored.height : stored.width,
    height: isTurned ? stored.width : stored.height,
    rgba: new Uint8Array(pixels.buffer),
    ...(dpi > 0 ? { dpi } : {}),
  };
}

/** Copies a band of stored rows, beginning with `firstRow`, to where they stand upright. */
function place(
  band: Uint32Array,
  pixels: Uint32Array,
  { width, height }: { width: number; height: number },
  orientation: number,
  firstRow: number,
): void {
  const rows = band.length / width;
  if (orientation === 1) {
    pixels.set(band, firstRow * width);
    return;
  }
  // CIPA DC-008 §4.6.5: where the first stored pixel goes, and the steps to the next ones.
  const [origin, across, down] = stepsOf(orientation, width, height);
  for (let x = 0; x < width; x++) {
    let to = origin + x * across + firstRow * down;
    for (let at = x, row = 0; row < rows; row++, at += width, to += down) {
      pixels[to] = band[at] ?? 0;
    }
  }
}

function stepsOf(orientation: number, width: number, height: number): [number, number, number] {
  switch (orientation) {
    case 2:
      return [width - 1, -1, width];
    case 3:
      return [width * height - 1, -1, -width];
    case 4:
      return [(height - 1) * width, 1, -width];
    case 5:
      return [0, height, 1];
    case 6:
      return [height - 1, height, -1];
    case 7:
      return [width * height - 1, -height, -1];
    case 8:
      return [(width - 1) * height, -height, 1];
    default:
      return [0, 1, width];
  }
}
