// Evidence of centre lines: every glyph, and every small square, is asked whether its lines are there,
// whether others are there too, how far it lies off the common motion, and whether its ends and
// junctions are as many.
import { at, flags, put, takeBytes, takePlane } from '../../seal/plane';
import { scaleOf } from '../projective';
import {
  addBack,
  addForward,
  backX,
  backY,
  clearSums,
  keep,
  known,
  meanOf,
  measureBack,
  measureForward,
  spread,
  sumByLabel,
  total,
} from './groups';
import { hasNoScale, isGrey, query, reserved } from './lines';
import { gatherMarks, writeEye } from './marks';
import { distance, motion } from './place';
import { BEYOND, clearRim, label, labelAt, PITCH, setLabel } from './skeleton';

/** Glyphs, squares, small marks. */
export const SCALES: i32 = 3;
export const WHOLE: i32 = 21;
const MAX_GROUPS: i32 = 3000;
/** Parts of ink closer than twice this belong to one glyph. */
const CLOSING_MM: f32 = 0.17;
/** A part wider than this is a rim: it is cut into cells. */
const GLYPH_MM: f32 = 6.5;
const CELL_MM: f32 = 3.2;
/** Pitch of the squares. */
const PITCH_MM: f32 = 1.2;

export const wholeFigures = memory.data(21 * 4);

// ---------------------------------------------------------------- glyphs

/** The part of ink that each pixel is nearest to, within reach; i32 a pixel, 0 = none. */
function glyphMap(): usize {
  const w = reserved.width;
  const h = reserved.height;
  const near = takeBytes(w * h + BEYOND);
  const closing = f32x4.splat(CLOSING_MM);
  for (let i: usize = 0; i < <usize>(w * h); i += 16) {
    const p = <usize>reserved.toInk + (i << 2);
    const isNear = flags(
      f32x4.le(v128.load(p), closing),
      f32x4.le(v128.load(p, 16), closing),
      f32x4.le(v128.load(p, 32), closing),
      f32x4.le(v128.load(p, 48), closing),
    );
    v128.store(near + i, isNear);
  }
  clearRim(near, w, h);
  const labels = takePlane(w * h);
  const parts = label(near, labels, w, h);
  cutRims(labels, parts);
  // Farther places follow their neighbours, a ring a round.
  for (let round = 0; round < 4; round++) spread(labels, w, h);
  return labels;
}

let groups: i32 = 0;

/** Numbers glyphs anew, and the cells of wide parts; sets how many there are. */
function cutRims(labels: usize, parts: i32): void {
  const w = reserved.width;
  const h = reserved.height;
  const low = takePlane(2 * (parts + 1));
  const high = takePlane(2 * (parts + 1));
  for (let k = 0; k < 2 * (parts + 1); k++) {
    put(low, k, 1e6);
    put(high, k, -1e6);
  }
  for (let i = 0; i < w * h; i++) {
    const part = labelAt(labels, i);
    if (part == 0) continue;
    const x = <f32>(i % w);
    const y = <f32>(i / w);
    put(low, 2 * part, min<f32>(at(low, 2 * part), x));
    put(low, 2 * part + 1, min<f32>(at(low, 2 * part + 1), y));
    put(high, 2 * part, max<f32>(at(high, 2 * part), x));
    put(high, 2 * part + 1, max<f32>(at(high, 2 * part + 1), y));
  }
  const cell = CELL_MM * PITCH;
  const across = <i32>(<f32>w / cell) + 1;
  const down = <i32>(<f32>h / cell) + 1;
  const cells = takePlane(across * down);
  memory.fill(cells, 0, (<usize>(across * down)) << 2);
  const numbers = takePlane(parts + 1);
  memory.fill(numbers, 0, (<usize>(parts + 1)) << 2);
  groups = 0;
  for (let i = 0; i < w * h; i++) {
    const part = labelAt(labels, i);
    if (part == 0) continue;
    const wide = max<f32>(
      at(high, 2 * part) - at(low, 2 * part),
      at(high, 2 * part + 1) - at(low, 2 * part + 1),
    );
    let table = numbers;
    let index = part;
    if (wide > GLYPH_MM * PITCH) {
      table = cells;
      index = <i32>(<f32>(i / w) / cell) * across + <i32>(<f32>(i % w) / cell);
    }
    if (labelAt(table, index) == 0 && groups < MAX_GROUPS) setLabel(table, index, ++groups);
    setLabel(labels, i, labelAt(table, index));
  }
}

function gatherGlyphs(): void {
  const labels = glyphMap();
  sumByLabel(labels, groups);
  keep(0, groups, 14);
}

// ---------------------------------------------------------------- squares

function gatherSquares(): void {
  const across = <i32>(<f32>reserved.width / PITCH / PITCH_MM) + 2;
  const down = <i32>(<f32>reserved.height / PITCH / PITCH_MM) + 2;
  clearSums(across * down);
  for (let k = 0; k < reserved.count; k++) {
    const i = squareOf(at(reserved.x, k), reserved.width);
    const j = squareOf(at(reserved.y, k), reserved.height);
    addToSquares(i, j, across, down, k, true);
  }
  for (let k = 0; k < query.count; k++) {
    const i = squareOf(at(backX, k), reserved.width);
    const j = squareOf(at(backY, k), reserved.height);
    addToSquares(i, j, across, down, k, false);
  }
  keep(1, across * down, 10);
}

function squareOf(place: f32, side: i32): i32 {
  return <i32>floor<f32>((place + (0.5 * <f32>side) / PITCH) / PITCH_MM);
}

/** A point lies in the squares whose middles are the four corners around it. */
function addToSquares(i: i32, j: i32, across: i32, down: i32, k: i32, isForward: bool): void {
  for (let v = max<i32>(0, j); v <= min<i32>(down - 1, j + 1); v++) {
    for (let u = max<i32>(0, i); u <= min<i32>(across - 1, i + 1); u++) {
      if (isForward) addForward(v * across + u, k);
      else addBack(v * across + u, k);
    }
  }
}

/** Gathers all evidence; returns the share of the lines that is hidden. */
export function gather(): f32 {
  measureForward();
  measureBack();
  gatherGlyphs();
  gatherSquares();
  gatherMarks();
  let shown: f32 = 0;
  for (let k = 0; k < reserved.count; k++) shown += at(known, k);
  const unknownShare: f32 = 1 - shown / <f32>max<i32>(1, reserved.count);
  put(wholeFigures, 0, <f32>distance * 20);
  put(wholeFigures, 1, meanOf(0, 1));
  put(wholeFigures, 2, unknownShare * 3);
  put(wholeFigures, 3, isGrey ? 1 : 0);
  put(wholeFigures, 4, hasNoScale ? 0 : <f32>Math.abs(scaleOf(motion) - 1) * 200);
  put(wholeFigures, 5, total(0, 6, 1) * 5);
  put(wholeFigures, 6, total(0, 2, 0.6) * 5);
  put(wholeFigures, 7, total(0, 4, 0.6) * 5);
  put(wholeFigures, 8, total(1, 2, 0.6) * 5);
  put(wholeFigures, 9, total(1, 4, 0.6) * 5);
  put(wholeFigures, 10, meanOf(1, 14));
  put(wholeFigures, 11, <f32>Math.log(<f64>(query.count + 50) / <f64>(reserved.count + 50)) * 3);
  put(wholeFigures, 12, <f32>reserved.count / 3000);
  put(wholeFigures, 13, hasNoScale ? 1 : 0);
  put(wholeFigures, 14, meanOf(0, 12) * 2);
  put(wholeFigures, 15, meanOf(0, 13) * 2);
  writeEye(wholeFigures, 16);
  return unknownShare;
}
