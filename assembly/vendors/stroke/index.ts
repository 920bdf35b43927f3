// Vendor "stroke": registered stroke difference. The reserved strokes are laid over the query by a
// rigid and then an elastic motion, and every small square of the imprint is asked how far its edges
// lie off and where ink is missing or too much. The ABI is described in docs/vendor-abi.md.
import { strideOf } from '../../seal/bilevel';
import { at, put } from '../../seal/plane';
import { mark, resetArena, take } from '../../shared/arena';
import { BAD_LENGTH, NOT_FOUND, OUT_OF_MEMORY, TOO_LARGE } from '../../shared/status';
import {
  ABI_VERSION,
  INFO_MAGIC,
  INFO_SIZE,
  MAX_DPI,
  MAX_PICTURE_PIXELS,
  MAX_PICTURE_SIDE,
  MAX_RESULT_TILES,
  MIN_DPI,
  RESULT_HEAD,
  RESULT_TILE,
} from '../abi';
import { prepareArea } from './area';
import { chosen, chosenScale, chosenScore, chosenTile, decide } from './decision';
import { correct } from './elastic';
import { CODE, NAME, VERSION } from './identity';
import { prepareQuery, prepareReserved } from './imprint';
import { register } from './rigid';
import { Motion, moveX, moveY } from './search';
import { bits, height, pack, unpack, width } from './template';
import { gatherTiles, gatherWhole, halfOf, pointerAt, tileCentres } from './tiles';

/** Log odds from which an imprint is taken for genuine, and below which for a forgery. */
const ACCEPT: f32 = 2.7;
const REJECT: f32 = -1;
const CANONICAL_PX_PER_MM: f64 = 300 / 25.4;

resetArena();

function probability(logOdds: f32): f32 {
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
  store<u32>(record, VERSION, 8);
  store<f32>(record, probability(ACCEPT), 12);
  store<f32>(record, probability(REJECT), 16);
  memory.copy(record + 20, CODE, 16);
  memory.copy(record + 36, NAME, 40);
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
  out: i32,
  capacity: i32,
): i32 {
  if (pictureWidth < 1 || pictureHeight < 1) return BAD_LENGTH;
  if (pictureWidth > MAX_PICTURE_SIDE || pictureHeight > MAX_PICTURE_SIDE) return TOO_LARGE;
  const pixels = pictureWidth * pictureHeight;
  if (pixels > MAX_PICTURE_PIXELS) return TOO_LARGE;
  if (!(dpi >= MIN_DPI && dpi <= MAX_DPI)) return BAD_LENGTH;
  if (!isOwned(rgba, pixels << 2) || !isOwned(out, capacity)) return BAD_LENGTH;
  return pack(<usize>rgba, pictureWidth, pictureHeight, dpi, <usize>out, capacity);
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

let reservedWidth: i32 = 0;
let reservedHeight: i32 = 0;

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
  memory.fill(moveX, 0, 12288 * 4);
  memory.fill(moveY, 0, 12288 * 4);
  let status = unpack(<usize>reserved, reservedLength, true);
  if (status != 0) return status;
  reservedWidth = width;
  reservedHeight = height;
  if (!prepareReserved()) return NOT_FOUND;
  status = unpack(<usize>query, queryLength, false);
  if (status != 0) return status;
  prepareQuery();
  const motion = register();
  correct(motion);
  prepareArea(motion);
  gatherTiles();
  const unknownShare = gatherWhole(motion);
  const score = decide();
  return writeResult(<usize>out, capacity, motion, score, unknownShare);
}

function writeResult(
  out: usize,
  capacity: i32,
  motion: Motion,
  score: f32,
  unknownShare: f32,
): i32 {
  const room = min<i32>(MAX_RESULT_TILES, (capacity - RESULT_HEAD) / RESULT_TILE);
  const count = min<i32>(chosen, room);
  store<f32>(out, probability(score));
  store<f32>(out, <f32>motion.found, 4);
  store<f32>(out, unknownShare, 8);
  writeTransform(out + 12, motion);
  store<u32>(out, <u32>count, 36);
  store<u32>(out, 0, 40);
  store<u32>(out, 0, 44);
  for (let i = 0; i < count; i++) {
    const scale = load<i32>(chosenScale + ((<usize>i) << 2));
    const tile = load<i32>(chosenTile + ((<usize>i) << 2));
    const centres = pointerAt(tileCentres, scale);
    const record = out + <usize>(RESULT_HEAD + i * RESULT_TILE);
    const perMm = <f32>CANONICAL_PX_PER_MM;
    put(record, 0, at(centres, 2 * tile) * perMm + 0.5 * <f32>(reservedWidth - 1));
    put(record, 1, at(centres, 2 * tile + 1) * perMm + 0.5 * <f32>(reservedHeight - 1));
    put(record, 2, halfOf(scale) * perMm);
    // The model's tile scores rise with suspicion.
    put(record, 3, probability(-at(chosenScore, i)));
  }
  return RESULT_HEAD + count * RESULT_TILE;
}

/** a, b, c, d, tx, ty: reserved x = a x + b y + tx, y = c x + d y + ty, in canonical pixels. */
function writeTransform(out: usize, motion: Motion): void {
  const determinant = motion.m0 * motion.m3 - motion.m1 * motion.m2;
  const a = motion.m3 / determinant;
  const b = -motion.m1 / determinant;
  const c = -motion.m2 / determinant;
  const d = motion.m0 / determinant;
  const centreX = 0.5 * <f64>(width - 1) + motion.x * CANONICAL_PX_PER_MM;
  const centreY = 0.5 * <f64>(height - 1) + motion.y * CANONICAL_PX_PER_MM;
  put(out, 0, <f32>a);
  put(out, 1, <f32>b);
  put(out, 2, <f32>c);
  put(out, 3, <f32>d);
  put(out, 4, <f32>(0.5 * <f64>(reservedWidth - 1) - a * centreX - b * centreY));
  put(out, 5, <f32>(0.5 * <f64>(reservedHeight - 1) - c * centreX - d * centreY));
}
