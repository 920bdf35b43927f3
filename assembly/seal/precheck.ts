// A quick look at a picture before it is uploaded or enrolled (B11): where the imprint is, how much
// ink, how sharp, how whole, and how like a reserved one. All figures are coarse on purpose; the
// vendors decide. Whether a figure is good enough is the host's business.
import { take, takeZeroed } from '../shared/arena';
import { NOT_FOUND, OK, OUT_OF_MEMORY } from '../shared/status';
import {
  ASPECT,
  BLUR_PX,
  CONTRAST,
  CUT_PX,
  clearFigures,
  DOMINANCE,
  HEIGHT,
  INK_SHARE,
  LEFT,
  RADIUS_PX,
  setFigure,
  TOP,
  WIDTH,
} from './precheck/figures';
import { clearHistogram, countIn, countOf, percentile } from './precheck/histogram';
import { CELL, chroma, columns, depth, divisor, layPlanes, rows, stride } from './precheck/planes';
import {
  ANGLES,
  fineCosine,
  measureCompleteness,
  PROFILE_BYTES,
  profile,
  REACH,
  RINGS,
  SUPER,
} from './precheck/profiles';

/** Ink pixels that make a cell part of a cluster. */
const CELL_INK: i32 = 4;
/** Depth (of 255) below which nothing is ink. */
const LEAST_DEPTH: i32 = 30;
/** Chroma from which a pixel is coloured. */
const COLOURED: i32 = 40;
/** In grey pictures, print is deeper than ink by this share of what is left to black. */
const PRINT_SHARE: f32 = 0.42;
/** Pixels around print that are left out with it, its soft edges. */
const PRINT_REACH: i32 = 2;
const DIRECTIONS: i32 = 16;

/** 1 where there is ink of the found imprint. */
let mask: usize = 0;
let inkLevel: i32 = 0;

let boxLeft: i32 = 0;
let boxTop: i32 = 0;
let boxRight: i32 = 0;
let boxBottom: i32 = 0;
let centreX: f32 = 0;
let centreY: f32 = 0;
let radius: f32 = 0;

/** Looks at the RGBA picture at `rgba`; `NOT_FOUND` when it has no cluster of ink. */
export function inspectPicture(rgba: usize, width: i32, height: i32, slot: i32): i32 {
  clearFigures();
  const laid = layPlanes(rgba, width, height);
  if (laid != OK) return laid;
  mask = takeZeroed(<usize>(stride * (rows + 1)));
  if (mask == 0) return OUT_OF_MEMORY;
  const all = markInk();
  if (all == 0) return NOT_FOUND;
  const found = findCluster(all);
  if (found != OK) return found;
  if (!findCentre()) return NOT_FOUND;
  measureBox();
  measureBlur();
  if (!fillProfile(profile(slot))) return OUT_OF_MEMORY;
  measureCompleteness(profile(slot));
  return OK;
}

/**
 * Marks ink: at least half as deep as full ink. If much of it is coloured, all that is not is left
 * out as print; if nothing is, what is much deeper than the rest. Returns the number of pixels, 0
 * when there is too little.
 */
function markInk(): i32 {
  const size = <usize>(stride * rows);
  let dark = 0;
  for (let bin = LEAST_DEPTH; bin < 256; bin++) {
    dark += countOf(bin);
  }
  if (dark < (columns * rows) / 1000) return 0;
  inkLevel = percentile(LEAST_DEPTH, 0.75);
  const least = i8x16.splat(<i8>max(LEAST_DEPTH, inkLevel >> 1));
  const hue = i8x16.splat(<i8>COLOURED);
  const one = i8x16.splat(1);
  let deep = 0;
  let coloured = 0;
  for (let at: usize = 0; at < size; at += 16) {
    const isDeep = i8x16.ge_u(v128.load(depth + at), least);
    const isHued = v128.and(isDeep, i8x16.ge_u(v128.load(chroma + at), hue));
    v128.store(mask + at, v128.and(isDeep, one));
    deep += popcnt(i8x16.bitmask(isDeep));
    coloured += popcnt(i8x16.bitmask(isHued));
  }
  if (coloured > deep >> 2) {
    for (let at: usize = 0; at < size; at += 16) {
      const isHued = i8x16.ge_u(v128.load(chroma + at), hue);
      v128.store(mask + at, v128.and(v128.load(mask + at), isHued));
    }
    return coloured;
  }
  removePrint();
  return deep;
}

function removePrint(): void {
  inkLevel = percentile(LEAST_DEPTH, 0.55);
  const room: i32 = 255 - inkLevel;
  // Print cannot be told from ink as deep as itself; all of a picture in black and white is that.
  if (room < LEAST_DEPTH) return;
  const print = inkLevel + <i32>(PRINT_SHARE * <f32>room);
  const limit = i8x16.splat(<i8>min(255, print + 1));
  for (let y = PRINT_REACH; y < rows - PRINT_REACH; y++) {
    for (let left = 0; left < stride; left += 16) {
      const at = <usize>(y * stride + left);
      let bits = i8x16.bitmask(i8x16.ge_u(v128.load(depth + at), limit));
      for (; bits != 0; bits &= bits - 1) {
        const x = left + ctz(bits);
        const from = max(0, x - PRINT_REACH);
        const length = min(columns, x + PRINT_REACH + 1) - from;
        for (let dy = -PRINT_REACH; dy <= PRINT_REACH; dy++) {
          const place = mask + <usize>((y + dy) * stride + from);
          for (let dx = 0; dx < length; dx++) store<u8>(place + <usize>dx, 0);
        }
      }
    }
  }
}

/** Keeps the ink of the largest cluster of cells and finds its box; `all` is the ink there is. */
function findCluster(all: i32): i32 {
  const across = stride / CELL;
  const down = (rows + CELL - 1) / CELL;
  const cells = across * down;
  const inks = takeZeroed((<usize>cells) << 2);
  const labels = takeZeroed((<usize>cells) << 2);
  const stack = take((<usize>cells) << 2);
  if (inks == 0 || labels == 0 || stack == 0) return OUT_OF_MEMORY;
  for (let y = 0; y < rows; y++) {
    let slot = inks + ((<usize>((y / CELL) * across)) << 2);
    const row = mask + <usize>(y * stride);
    for (let cell = 0; cell < across; cell++, slot += 4) {
      store<i32>(slot, load<i32>(slot) + inkOf(row + ((<usize>cell) << 4)));
    }
  }
  let best = 0;
  let bestInk = 0;
  let label = 0;
  for (let cell = 0; cell < cells; cell++) {
    if (load<i32>(inks + ((<usize>cell) << 2)) < CELL_INK) continue;
    if (load<i32>(labels + ((<usize>cell) << 2)) != 0) continue;
    const ink = flood(cell, ++label, across, down, inks, labels, stack);
    if (ink > bestInk) {
      bestInk = ink;
      best = label;
    }
  }
  if (best == 0) return NOT_FOUND;
  setFigure(DOMINANCE, <f64>bestInk / <f64>all);
  keepCluster(best, across, labels);
  return OK;
}

/** Bit i is set where byte i of the mask is. */
function inkBits(at: usize): i32 {
  return i8x16.bitmask(i8x16.ne(v128.load(at), i8x16.splat(0)));
}

function inkOf(at: usize): i32 {
  return popcnt(inkBits(at));
}

/** Labels the cells that hang together with `first`, also over a gap of one cell; their ink. */
function flood(
  first: i32,
  label: i32,
  across: i32,
  down: i32,
  inks: usize,
  labels: usize,
  stack: usize,
): i32 {
  let ink = 0;
  let waiting = 1;
  store<i32>(stack, first);
  store<i32>(labels + ((<usize>first) << 2), label);
  while (waiting > 0) {
    waiting--;
    const cell = load<i32>(stack + ((<usize>waiting) << 2));
    ink += load<i32>(inks + ((<usize>cell) << 2));
    const cy = cell / across;
    const cx = cell - cy * across;
    for (let y = max(0, cy - 2); y <= min(down - 1, cy + 2); y++) {
      for (let x = max(0, cx - 2); x <= min(across - 1, cx + 2); x++) {
        const other = y * across + x;
        if (load<i32>(labels + ((<usize>other) << 2)) != 0) continue;
        if (load<i32>(inks + ((<usize>other) << 2)) < CELL_INK) continue;
        store<i32>(labels + ((<usize>other) << 2), label);
        store<i32>(stack + ((<usize>waiting) << 2), other);
        waiting++;
      }
    }
  }
  return ink;
}

function keepCluster(label: i32, across: i32, labels: usize): void {
  boxLeft = columns;
  boxTop = rows;
  boxRight = -1;
  boxBottom = -1;
  for (let y = 0; y < rows; y++) {
    const line = labels + ((<usize>((y / CELL) * across)) << 2);
    for (let cell = 0; cell < across; cell++) {
      const at = mask + <usize>(y * stride + cell * CELL);
      if (load<i32>(line + ((<usize>cell) << 2)) != label) {
        v128.store(at, i8x16.splat(0));
        continue;
      }
      const bits = inkBits(at);
      if (bits == 0) continue;
      boxLeft = min(boxLeft, cell * CELL + ctz(bits));
      boxRight = max(boxRight, cell * CELL + 31 - clz(bits));
      boxTop = min(boxTop, y);
      boxBottom = y;
    }
  }
}

/** Whether at least half of the square around an ink pixel is ink: specks do not carry outlines. */
function isSolid(x: i32, y: i32): bool {
  if (x < 1 || y < 1 || x >= columns - 1 || y >= rows - 1) return true;
  const at = mask + <usize>(y * stride + x);
  const above = at - <usize>stride;
  const below = at + <usize>stride;
  const sum =
    <i32>load<u8>(above - 1) +
    load<u8>(above) +
    load<u8>(above + 1) +
    load<u8>(at - 1) +
    load<u8>(at + 1) +
    load<u8>(below - 1) +
    load<u8>(below) +
    load<u8>(below + 1);
  return sum >= 4;
}

/**
 * Outlines of seals are symmetric about their centre, so the middle of the extent in every direction
 * lies on a line through it; directions a half turn apart by n equal steps give the least squares
 * solution directly. False when there is no solid ink.
 */
function findCentre(): bool {
  const extents = take((<usize>DIRECTIONS) << 3);
  if (extents == 0) return false;
  for (let k: usize = 0; k < <usize>DIRECTIONS; k++) {
    store<f32>(extents + (k << 3), 1e9);
    store<f32>(extents + (k << 3), -1e9, 4);
  }
  let hasInk = false;
  for (let y = boxTop; y <= boxBottom; y++) {
    let x = boxLeft;
    while (x <= boxRight && !isInkAt(x, y)) x++;
    if (x > boxRight) continue;
    hasInk = true;
    extend(extents, <f32>x, <f32>y);
    x = boxRight;
    while (!isInkAt(x, y)) x--;
    extend(extents, <f32>x, <f32>y);
  }
  if (!hasInk) return false;
  let sumX: f32 = 0;
  let sumY: f32 = 0;
  let sum: f32 = 0;
  let least: f32 = 1e9;
  let most: f32 = 0;
  for (let k = 0; k < DIRECTIONS; k++) {
    const low = load<f32>(extents + ((<usize>k) << 3));
    const high = load<f32>(extents + ((<usize>k) << 3), 4);
    const middle = (low + high) / 2;
    sumX += middle * cosine(k * (ANGLES / 2 / DIRECTIONS));
    sumY += middle * sine(k * (ANGLES / 2 / DIRECTIONS));
    const half = (high - low + 1) / 2;
    sum += half;
    least = min(least, half);
    most = max(most, half);
  }
  centreX = (sumX * 2) / <f32>DIRECTIONS;
  centreY = (sumY * 2) / <f32>DIRECTIONS;
  radius = sum / <f32>DIRECTIONS;
  setFigure(ASPECT, least / most);
  setFigure(RADIUS_PX, radius * <f32>divisor);
  return true;
}

function isInkAt(x: i32, y: i32): bool {
  return load<u8>(mask + <usize>(y * stride + x)) != 0 && isSolid(x, y);
}

function extend(extents: usize, x: f32, y: f32): void {
  for (let k = 0; k < DIRECTIONS; k++) {
    const step = k * (ANGLES / 2 / DIRECTIONS);
    const along = x * cosine(step) + y * sine(step);
    const slot = extents + ((<usize>k) << 3);
    store<f32>(slot, min(load<f32>(slot), along));
    store<f32>(slot, max(load<f32>(slot, 4), along), 4);
  }
}

/** Cosine of `step` of `ANGLES` steps. */
function cosine(step: i32): f32 {
  return fineCosine(step * SUPER);
}

function sine(step: i32): f32 {
  return fineCosine(step * SUPER - (ANGLES * SUPER) / 4);
}

function measureBox(): void {
  let ink = 0;
  let cut = 0;
  for (let y = boxTop; y <= boxBottom; y++) {
    const row = mask + <usize>(y * stride);
    for (let left = boxLeft & -CELL; left <= boxRight; left += CELL)
      ink += inkOf(row + <usize>left);
    cut += <i32>load<u8>(row) + <i32>load<u8>(row + <usize>(columns - 1));
  }
  const last = mask + <usize>((rows - 1) * stride);
  for (let left = 0; left < stride; left += CELL) {
    cut += inkOf(mask + <usize>left) + inkOf(last + <usize>left);
  }
  const across = boxRight - boxLeft + 1;
  const down = boxBottom - boxTop + 1;
  setFigure(CONTRAST, <f64>inkLevel / 255);
  setFigure(INK_SHARE, <f64>ink / <f64>(across * down));
  setFigure(LEFT, boxLeft * divisor);
  setFigure(TOP, boxTop * divisor);
  setFigure(WIDTH, across * divisor);
  setFigure(HEIGHT, down * divisor);
  setFigure(CUT_PX, cut * divisor);
}

/**
 * Blur as the spread of a Gaussian in pixels of the picture. Across an edge blurred by s, the
 * difference of the pixels on both sides of its middle is erf(1 / (s sqrt 2)) of full ink, which is
 * near 0.8 / s; the upper quartile of what is seen half way up the edges is taken.
 */
function measureBlur(): void {
  clearHistogram();
  const least = i8x16.splat(<i8>(inkLevel / 3));
  const most = i8x16.splat(<i8>((inkLevel * 2) / 3));
  let edges = 0;
  for (let y = max(1, boxTop); y < min(rows - 1, boxBottom); y++) {
    for (let left = boxLeft & -CELL; left <= boxRight; left += CELL) {
      const at = depth + <usize>(y * stride + left);
      const level = v128.load(at);
      const isHalf = v128.and(i8x16.ge_u(level, least), i8x16.le_u(level, most));
      if (!v128.any_true(isHalf)) continue;
      const across = absoluteDifference(v128.load(at + 1), v128.load(at - 1));
      const down = absoluteDifference(v128.load(at + stride), v128.load(at - stride));
      v128.store(steps, i8x16.max_u(across, down));
      for (let bits = i8x16.bitmask(isHalf); bits != 0; bits &= bits - 1) {
        countIn(load<u8>(steps + <usize>ctz(bits)));
        edges++;
      }
    }
  }
  const steep = edges == 0 ? 0 : percentile(0, 0.75);
  const share = min<f64>(1, <f64>steep / <f64>inkLevel);
  setFigure(BLUR_PX, share == 0 ? 99 : (0.8 / share) * <f64>divisor);
}

const steps = memory.data(16, 16);

function absoluteDifference(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}

/** Ink shares by ring and angle about the centre, from a map of 4 by 4 pixels a value. */
function fillProfile(target: usize): bool {
  const across = columns >> 2;
  const down = rows >> 2;
  const map = take(<usize>(across * down));
  if (map == 0) return false;
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      let at = mask + <usize>(y * 4 * stride + x * 4);
      let ink = 0;
      for (let line = 0; line < 4; line++, at += stride) ink += popcnt(load<u32>(at));
      store<u8>(map + <usize>(y * across + x), ink);
    }
  }
  memory.fill(target, 0, PROFILE_BYTES);
  const step = (radius * REACH) / <f32>(RINGS * SUPER);
  const samples: i32 = 16 * SUPER * SUPER;
  const weight: f32 = 1 / <f32>samples;
  for (let angle = 0; angle < ANGLES * SUPER; angle++) {
    const dx = fineCosine(angle) * step;
    const dy = fineCosine(angle - (ANGLES * SUPER) / 4) * step;
    for (let ring = 0; ring < RINGS * SUPER; ring++) {
      const out = <f32>ring + 0.5;
      const x = <i32>floor<f32>(centreX + dx * out) >> 2;
      const y = <i32>floor<f32>(centreY + dy * out) >> 2;
      if (x < 0 || y < 0 || x >= across || y >= down) continue;
      const cell = target + ((<usize>((ring / SUPER) * ANGLES + angle / SUPER)) << 2);
      const ink = <f32>load<u8>(map + <usize>(y * across + x)) * weight;
      store<f32>(cell, load<f32>(cell) + ink);
    }
  }
  return true;
}
