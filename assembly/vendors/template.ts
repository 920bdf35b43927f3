// The template of the built-in vendors: the canonical bilevel picture, losslessly coded, then unknown
// places and ink depth at 200 dpi. A bilevel source has neither, both follow from its picture. What
// is ink and how deep it is, each vendor finds in its own way: `Extract`.
import { decodeBilevel, encodeBilevel, setBit, shrinkBilevel, strideOf } from '../seal/bilevel';
import { decodeDepth, encodeDepth, LEVELS, paddedRow, paddedSize } from '../seal/depth';
import { BILEVEL, extractBilevel, flatten, isGrey, reduce } from '../seal/ink';
import { evenLight } from '../seal/light';
import { clamp, clampFour, resample, takeBytes, takePlane } from '../seal/plane';
import { clearSpecks } from '../seal/specks';
import { BAD_FORMAT, NOT_FOUND, TOO_LARGE, UNSUPPORTED } from '../shared/status';
import {
  CANONICAL_DPI,
  checkHead,
  HEAD_FREE,
  HEAD_SIZE,
  headCaptureDpi,
  headHeight,
  headKind,
  headVersion,
  headWidth,
  MAX_TEMPLATE,
  ownLength,
  writeHead,
} from './abi';
import {
  addMargin,
  bottom,
  crop,
  findImprint,
  LEAST_SIDE_PX,
  left,
  right,
  thirds,
  threshold,
  top,
} from './canonical';

/** Longest side of a canonical picture, a multiple of 3: 86 mm. */
export const MAX_CANONICAL_SIDE: i32 = 1020;
/** Longest side of a scan once it is brought to 300 dpi or less. */
const MAX_SCAN_SIDE: i32 = 1536;
/** Greatest depth that the levels tell apart. */
const MAX_DEPTH: f32 = 1.3;

/** The parts of a template after `unpack`. */
export let kind: i32 = 0;
/** The picture named no resolution: its scale is to be found from the imprint. */
export let isUnscaled: bool = false;
export let width: i32 = 0;
export let height: i32 = 0;
/** Canonical bits, rows of strideOf(width). */
export let bits: usize = 0;
/** Padded levels at 200 dpi and a bitmap of unknown places, or 0 for a bilevel source. */
export let levels: usize = 0;
export let unknown: usize = 0;

/** Side at 200 dpi of a canonical side, which is a multiple of 3. */
export function atDepth(side: i32): i32 {
  return (side / 3) * 2;
}

/** Whose templates these are; set once by the vendor's entry. */
let code: usize = 0;
let version: u32 = 0;

export function signAs(vendorCode: usize, vendorVersion: u32): void {
  code = vendorCode;
  version = vendorVersion;
}

/** How to keep what a picture shows, bits; 0 keeps all of it. Only the canonical picture: all that a reserved imprint is used for. */
export const KEEP_PICTURE: i32 = 1;
/** Unknown places and levels follow the template uncoded, for a comparison at once. */
export const PASS_LEVELS: i32 = 2;

/**
 * Finds ink in a scan of more than two colours: depth (0 = paper, about 1 = full ink, cut at
 * INK_DEPTH for the canonical picture) and a byte a pixel that is 0 where other ink hides the
 * imprint. Returns the kind of scan or a status.
 */
export type Extract = (
  rgba: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  depth: usize,
  known: usize,
) => i32;

/**
 * Makes a template of a flattened or translucent picture, which is overwritten. Returns the length
 * or a status: NOT_FOUND without an imprint, TOO_LARGE beyond the limits above.
 */
export function pack(
  rgba: usize,
  scanWidth: i32,
  scanHeight: i32,
  statedDpi: f32,
  extract: Extract,
  keep: i32,
  out: usize,
  capacity: i32,
): i32 {
  const dpi = statedDpi > 0 ? statedDpi : <f32>CANONICAL_DPI;
  const divisor = max<i32>(1, <i32>floor<f32>(dpi / <f32>CANONICAL_DPI + 0.05));
  flatten(rgba, scanWidth * scanHeight);
  if (divisor > 1) reduce(rgba, scanWidth, scanHeight, divisor);
  const sourceWidth = scanWidth / divisor;
  const sourceHeight = scanHeight / divisor;
  const sourceDpi = dpi / <f32>divisor;
  if (sourceWidth < 8 || sourceHeight < 8) return NOT_FOUND;
  const scale: f32 = <f32>CANONICAL_DPI / sourceDpi;
  const fullWidth = thirds(<i32>nearest<f32>(<f32>sourceWidth * scale));
  const fullHeight = thirds(<i32>nearest<f32>(<f32>sourceHeight * scale));
  if (max<i32>(sourceWidth, sourceHeight) > MAX_SCAN_SIDE) return TOO_LARGE;
  if (max<i32>(fullWidth, fullHeight) > 2 * MAX_SCAN_SIDE) return TOO_LARGE;

  const depth = takePlane(sourceWidth * sourceHeight + 8);
  const known = takeBytes(sourceWidth * sourceHeight);
  let source = extractBilevel(rgba, sourceWidth * sourceHeight, depth, known);
  if (source < 0) {
    const pxPerMm = sourceDpi / 25.4;
    // A grey scan's ink cannot be told from shade.
    if (!isGrey(rgba, sourceWidth, sourceHeight)) {
      evenLight(rgba, sourceWidth, sourceHeight, pxPerMm);
    }
    source = extract(rgba, sourceWidth, sourceHeight, pxPerMm, depth, known);
  }
  if (source < 0) return NOT_FOUND;

  const fullStride = strideOf(fullWidth);
  const full = takeBytes(fullStride * fullHeight);
  threshold(depth, sourceWidth, sourceHeight, 1 / scale, full, fullWidth, fullHeight);
  if (!findImprint(full, fullWidth, fullHeight)) return NOT_FOUND;
  const inkWidth = right - left;
  const inkHeight = bottom - top;
  addMargin(fullWidth, fullHeight);
  width = right - left;
  height = bottom - top;
  if (max<i32>(width, height) > MAX_CANONICAL_SIDE) return TOO_LARGE;

  bits = takeBytes(strideOf(width) * height);
  crop(full, fullStride, bits, width, height);
  const body = out + <usize>HEAD_SIZE;
  const room = min<i32>(capacity, MAX_TEMPLATE) - HEAD_SIZE;
  if (room <= 0) return TOO_LARGE;
  const pictureLength = encodeBilevel(bits, width, height, body, room);
  if (pictureLength < 0) return pictureLength;
  let unknownLength = 0;
  let depthLength = 0;
  let unknownShare: f32 = 0;
  if (source != BILEVEL) {
    // Also where only the picture is kept: the head tells how much was hidden.
    unknownShare = quantise(
      depth,
      known,
      sourceWidth,
      sourceHeight,
      1 / scale,
      keep != KEEP_PICTURE,
    );
    if (keep == KEEP_PICTURE) source = BILEVEL;
  }
  if (source != BILEVEL && (keep & KEEP_PICTURE) == 0) {
    const rest = room - pictureLength;
    const w = atDepth(width);
    const h = atDepth(height);
    const part = body + <usize>pictureLength;
    unknownLength = encodeBilevel(unknown, w, h, part, rest);
    if (unknownLength < 0) return unknownLength;
    const last = part + <usize>unknownLength;
    const covers = takeBytes(w * h);
    shrinkBilevel(bits, width, height, covers);
    depthLength = encodeDepth(levels, covers, w, h, last, rest - unknownLength);
    if (depthLength < 0) return depthLength;
  }
  const total = HEAD_SIZE + pictureLength + unknownLength + depthLength;
  store<u32>(out, <u32>pictureLength, HEAD_FREE);
  store<u32>(out, <u32>unknownLength, HEAD_FREE + 4);
  store<u32>(out, <u32>depthLength, HEAD_FREE + 8);
  const quality = <i32>nearest<f32>(100 * clamp(1 - 2 * unknownShare, 0, 1));
  const percent = <i32>nearest<f32>(100 * unknownShare);
  writeHead(
    out,
    total,
    code,
    version,
    width,
    height,
    statedDpi,
    source,
    quality,
    percent,
    inkWidth,
    inkHeight,
  );
  if (source == BILEVEL || (keep & PASS_LEVELS) == 0) return total;
  const covered = <usize>(strideOf(atDepth(width)) * atDepth(height));
  if (total + passedSize() > capacity) return TOO_LARGE;
  memory.copy(out + <usize>total, unknown, covered);
  const half = halfOfLevels();
  const pairs = out + <usize>total + covered;
  for (let i: usize = 0; i < half; i += 16) {
    const upper = i8x16.shl(v128.load(levels + half + i), 4);
    v128.store(pairs + i, v128.or(v128.load(levels + i), upper));
  }
  return total + passedSize();
}

/** Half of the room of the padded levels, whole vectors: two levels are passed in a byte. */
function halfOfLevels(): usize {
  return <usize>(((paddedSize(atDepth(width), atDepth(height)) + 31) >> 5) << 4);
}

/** Bytes of unknown places and levels that are passed uncoded. */
function passedSize(): i32 {
  return strideOf(atDepth(width)) * atDepth(height) + <i32>halfOfLevels();
}

function takeLevels(): usize {
  return takeBytes(2 * <i32>halfOfLevels());
}

/** Fills `unknown` and, where the depth is kept, `levels` at 200 dpi; returns the unknown share of the imprint's box. */
function quantise(
  depth: usize,
  known: usize,
  sourceWidth: i32,
  sourceHeight: i32,
  ratio: f32,
  isDepthKept: bool,
): f32 {
  const w = atDepth(width);
  const h = atDepth(height);
  const step: f32 = ratio * 1.5;
  const originX = <f32>left * ratio;
  const originY = <f32>top * ratio;
  // A scan of 200 dpi is at hand as it is wanted.
  const isSame =
    step == 1 &&
    originX == floor<f32>(originX) &&
    originY == floor<f32>(originY) &&
    <i32>originX + w <= sourceWidth &&
    <i32>originY + h <= sourceHeight;
  let plane = depth + ((<usize>(<i32>originY * sourceWidth + <i32>originX)) << 2);
  if (isDepthKept && !isSame) {
    plane = takePlane(w * h);
    resample(depth, sourceWidth, sourceHeight, plane, w, h, step, originX, originY);
  }
  const pitch = isSame ? sourceWidth : w;
  levels = takeLevels();
  memory.fill(levels, 0, 2 * halfOfLevels());
  unknown = takeBytes(strideOf(w) * h);
  memory.fill(unknown, 0, <usize>(strideOf(w) * h));
  const columns = takePlane(w);
  for (let x = 0; x < w; x++) {
    store<i32>(columns + ((<usize>x) << 2), <i32>(originX + (<f32>x + 0.5) * step));
  }
  let covered = 0;
  for (let y = 0; y < h; y++) {
    if (isDepthKept) writeLevels(plane + ((<usize>(y * pitch)) << 2), w, paddedRow(levels, w, y));
    const sy = <i32>(originY + (<f32>y + 0.5) * step);
    const row = known + <usize>(sy * sourceWidth);
    const lastX = load<i32>(columns + ((<usize>(w - 1)) << 2));
    if (sy < sourceHeight && lastX < sourceWidth && isAllKnown(row, sourceWidth)) continue;
    for (let x = 0; x < w; x++) {
      const sx = load<i32>(columns + ((<usize>x) << 2));
      const isInside = sx < sourceWidth && sy < sourceHeight;
      if (isInside && load<u8>(row + <usize>sx) != 0) continue;
      setBit(unknown, strideOf(w), x, y);
      covered++;
    }
  }
  return <f32>covered / <f32>(w * h);
}

/** Whether no byte of a row is 0. */
function isAllKnown(row: usize, count: i32): bool {
  const end = row + <usize>count;
  let p = row;
  for (; p + 16 <= end; p += 16) if (!i8x16.all_true(v128.load(p))) return false;
  for (; p < end; p++) if (load<u8>(p) == 0) return false;
  return true;
}

/** Writes a row of depths as levels, four by four; what falls behind the row is cleared. */
function writeLevels(depths: usize, count: i32, to: usize): void {
  const most = f32x4.splat(MAX_DEPTH);
  for (let x = 0; x < count; x += 4) {
    const depth = clampFour(v128.load(depths + ((<usize>x) << 2)), 0, MAX_DEPTH);
    const level = f32x4.nearest(f32x4.mul(f32x4.div(depth, most), f32x4.splat(7)));
    const words = i32x4.trunc_sat_f32x4_s(level);
    const halves = i16x8.narrow_i32x4_s(words, words);
    v128.store32_lane(to + <usize>x, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
  store<u32>(to + <usize>count, 0);
}

/**
 * Checks a template and decodes its parts into the arena. `isPicture` stops after the picture.
 * Returns 0 or a status.
 */
export function unpack(template: usize, length: i32, isPicture: bool): i32 {
  const own = ownLength(template, length);
  const status = checkHead(template, own, code);
  if (status != 0) return status;
  if (headVersion(template) >>> 16 != version >>> 16) return UNSUPPORTED;
  kind = headKind(template);
  isUnscaled = headCaptureDpi(template) == 0;
  width = headWidth(template);
  height = headHeight(template);
  if (kind > BILEVEL || width % 3 != 0 || height % 3 != 0) return BAD_FORMAT;
  if (min<i32>(width, height) < LEAST_SIDE_PX) return BAD_FORMAT;
  if (max<i32>(width, height) > MAX_CANONICAL_SIDE) return BAD_FORMAT;
  const pictureLength = load<u32>(template, HEAD_FREE);
  const unknownLength = load<u32>(template, HEAD_FREE + 4);
  const depthLength = load<u32>(template, HEAD_FREE + 8);
  const total = <u64>pictureLength + <u64>unknownLength + <u64>depthLength + <u64>HEAD_SIZE;
  if (total != <u64>own) return BAD_FORMAT;
  bits = takeBytes(strideOf(width) * height);
  const body = template + <usize>HEAD_SIZE;
  if (decodeBilevel(body, <i32>pictureLength, width, height, bits) != 0) return BAD_FORMAT;
  if (isPicture) return 0;
  levels = 0;
  unknown = 0;
  if (kind == BILEVEL) return 0;
  const w = atDepth(width);
  const h = atDepth(height);
  if (length > own) {
    if (length - own != passedSize()) return BAD_FORMAT;
    unknown = template + <usize>own;
    levels = takeLevels();
    splitLevels(unknown + <usize>(strideOf(w) * h));
    return 0;
  }
  unknown = takeBytes(strideOf(w) * h);
  const part = body + <usize>pictureLength;
  if (decodeBilevel(part, <i32>unknownLength, w, h, unknown) != 0) return BAD_FORMAT;
  levels = takeLevels();
  const covers = takeBytes(w * h);
  shrinkBilevel(bits, width, height, covers);
  decodeDepth(part + <usize>unknownLength, <i32>depthLength, covers, w, h, levels);
  return 0;
}

/** Any bytes may arrive: what no level has is cleared. */
function splitLevels(pairs: usize): void {
  const half = halfOfLevels();
  const most = i8x16.splat(<i8>(LEVELS - 1));
  for (let i: usize = 0; i < half; i += 16) {
    const both = v128.load(pairs + i);
    v128.store(levels + i, v128.and(both, most));
    v128.store(levels + half + i, v128.and(i8x16.shr_u(both, 4), most));
  }
}

/**
 * `unpack` of a reserved imprint for a comparison, which looks past dust on the card. In a query the
 * same specks may be what is left of hair strokes.
 */
export function unpackReserved(template: usize, length: i32): i32 {
  const status = unpack(template, length, true);
  if (status == 0) clearSpecks(bits, strideOf(width), width, height);
  return status;
}
