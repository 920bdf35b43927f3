// The boundary of the built-in vendors: docs/vendor-abi.md, with every pointer and size checked. A
// vendor's entry file exports these functions and installs what is its own.
import { strideOf } from '../seal/bilevel';
import { put } from '../seal/plane';
import { mark, resetArena, take } from '../shared/arena';
import { BAD_LENGTH, NOT_FOUND, OUT_OF_MEMORY, TOO_LARGE } from '../shared/status';
import {
  ABI_VERSION,
  CAN_PASS,
  CAN_SCALE,
  CAN_VOTE,
  INFO_MAGIC,
  INFO_SIZE,
  MAX_DPI,
  MAX_PICTURE_PIXELS,
  MAX_PICTURE_SIDE,
  MAX_RESULT_TILES,
  MIN_DPI,
  RESULT_HEAD,
  RESULT_TILE,
} from './abi';
import {
  bits,
  Extract,
  height,
  KEEP_PICTURE,
  PASS_LEVELS,
  pack,
  signAs,
  unpack,
  width,
} from './template';

/** Compares two checked templates; writes the result by `writeHeadOfResult` and `writeTile`. */
export type Compare = (
  reserved: usize,
  reservedLength: i32,
  query: usize,
  queryLength: i32,
  out: usize,
  capacity: i32,
) => i32;

resetArena();

let code: usize = 0;
let name: usize = 0;
let version: u32 = 0;
/** Log odds from which an imprint is taken for genuine, and below which for a forgery. */
let accept: f32 = 0;
let reject: f32 = 0;
let extractWith: Extract = (_rgba, _width, _height, _pxPerMm, _depth, _known) => NOT_FOUND;
let compareWith: Compare = (_reserved, _mine, _query, _theirs, _out, _capacity) => NOT_FOUND;

/** Called once, when the module starts. `vendorCode` is 16 and `vendorName` 40 bytes, zero padded. */
export function install(
  vendorCode: usize,
  vendorName: usize,
  vendorVersion: u32,
  acceptFrom: f32,
  rejectBelow: f32,
  extract: Extract,
  compare: Compare,
): void {
  code = vendorCode;
  name = vendorName;
  version = vendorVersion;
  accept = acceptFrom;
  reject = rejectBelow;
  extractWith = extract;
  compareWith = compare;
  signAs(vendorCode, vendorVersion);
}

export function probability(logOdds: f32): f32 {
  return <f32>(1 / (1 + Math.exp(<f64>-logOdds)));
}

/** Gives back all memory: pointers from `alloc` and `info` are void. */
export function reset(): void {
  resetArena();
}

/** Memory for the host's data until the next reset; 0 when there is none left. */
export function alloc(bytes: i32): i32 {
  return bytes > 0 ? <i32>take(<usize>bytes) : 0;
}

export function info(): i32 {
  const record = take(<usize>INFO_SIZE);
  if (record == 0) return 0;
  store<u32>(record, INFO_MAGIC);
  store<u32>(record, <u32>ABI_VERSION, 4);
  store<u32>(record, version, 8);
  store<f32>(record, probability(accept), 12);
  store<f32>(record, probability(reject), 16);
  memory.copy(record + 20, code, 16);
  memory.copy(record + 36, name, 40);
  store<u32>(record, CAN_VOTE | CAN_SCALE | CAN_PASS, 76);
  return <i32>record;
}

/** Whether a region of the host's lies inside what it was given by `alloc`. */
function isOwned(pointer: i32, length: i32): bool {
  if (pointer <= 0 || length <= 0) return false;
  return <u64>pointer >= <u64>__heap_base && <u64>pointer + <u64>length <= <u64>mark();
}

/** Makes a template; returns its length or a status. The picture is overwritten. */
export function enrol(
  rgba: i32,
  pictureWidth: i32,
  pictureHeight: i32,
  dpi: f32,
  keep: i32,
  out: i32,
  capacity: i32,
): i32 {
  if (pictureWidth < 1 || pictureHeight < 1) return BAD_LENGTH;
  if (pictureWidth > MAX_PICTURE_SIDE || pictureHeight > MAX_PICTURE_SIDE) return TOO_LARGE;
  const pixels = pictureWidth * pictureHeight;
  if (pixels > MAX_PICTURE_PIXELS) return TOO_LARGE;
  if (!(dpi == 0 || (dpi >= MIN_DPI && dpi <= MAX_DPI))) return BAD_LENGTH;
  if (keep < 0 || keep > (KEEP_PICTURE | PASS_LEVELS)) return BAD_LENGTH;
  if (!isOwned(rgba, pixels << 2) || !isOwned(out, capacity)) return BAD_LENGTH;
  return pack(
    <usize>rgba,
    pictureWidth,
    pictureHeight,
    dpi,
    extractWith,
    keep,
    <usize>out,
    capacity,
  );
}

/** Writes u32 width, u32 height and the canonical bits; returns their length or a status. */
export function restore(template: i32, length: i32, out: i32, capacity: i32): i32 {
  if (!isOwned(template, length) || !isOwned(out, capacity)) return BAD_LENGTH;
  const status = unpack(<usize>template, length, true);
  if (status != 0) return status;
  const size = strideOf(width) * height;
  if (capacity < 8 + size) return OUT_OF_MEMORY;
  store<u32>(<usize>out, <u32>width);
  store<u32>(<usize>out, <u32>height, 4);
  memory.copy(<usize>out + 8, bits, <usize>size);
  return 8 + size;
}

/** Compares two templates and writes a result record; returns its length or a status. */
export function compare(
  reserved: i32,
  reservedLength: i32,
  query: i32,
  queryLength: i32,
  out: i32,
  capacity: i32,
): i32 {
  if (!isOwned(reserved, reservedLength) || !isOwned(query, queryLength)) return BAD_LENGTH;
  if (!isOwned(out, capacity) || capacity < RESULT_HEAD) return BAD_LENGTH;
  return compareWith(
    <usize>reserved,
    reservedLength,
    <usize>query,
    queryLength,
    <usize>out,
    capacity,
  );
}

/** How many tiles of `wanted` a result of this capacity takes. */
export function tilesThatFit(capacity: i32, wanted: i32): i32 {
  return min<i32>(min<i32>(MAX_RESULT_TILES, wanted), (capacity - RESULT_HEAD) / RESULT_TILE);
}

/** Writes all but the transform (at `out` + 12) and the tiles; returns the record's length. */
export function writeHeadOfResult(
  out: usize,
  logOdds: f32,
  found: f32,
  unknownShare: f32,
  tiles: i32,
): i32 {
  store<f32>(out, probability(logOdds));
  store<f32>(out, found, 4);
  store<f32>(out, unknownShare, 8);
  store<u32>(out, <u32>tiles, 36);
  store<u64>(out, 0, 40);
  return RESULT_HEAD + tiles * RESULT_TILE;
}

/** `suspicion` is the log odds that the tile is false; the record's scores fall with it. */
export function writeTile(out: usize, index: i32, x: f32, y: f32, half: f32, suspicion: f32): void {
  const record = out + <usize>(RESULT_HEAD + index * RESULT_TILE);
  put(record, 0, x);
  put(record, 1, y);
  put(record, 2, half);
  put(record, 3, probability(-suspicion));
}
