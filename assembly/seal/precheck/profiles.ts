import { take } from '../../shared/arena';
import { OK, OUT_OF_MEMORY } from '../../shared/status';
import { COMPLETENESS, COVERAGE, LIKENESS, ROTATION, setFigure } from './figures';

/** Polar profile: ink share by ring and angle, out to `REACH` mean radii. */
export const ANGLES: i32 = 128;
export const RINGS: i32 = 40;
export const REACH: f32 = 1.4;
/** Samples a side of each polar cell. */
export const SUPER: i32 = 2;
export const PROFILE_BYTES: i32 = ANGLES * RINGS * 4;
const profiles = memory.data(2 * ANGLES * RINGS * 4, 16);

/** Address of the polar profile in slot 0 (reserved) or 1 (query). */
export function profile(slot: i32): usize {
  return profiles + <usize>(slot & 1) * (ANGLES * RINGS * 4);
}

/** Cosines of the `ANGLES * SUPER` equal steps of a turn, made on first use. */
const cosines = memory.data(ANGLES * SUPER * 4);
let hasCosines = false;

function prepareCosines(): void {
  if (hasCosines) return;
  hasCosines = true;
  // cos and sin of 2 pi / 256: the steps follow by rotation, which loses nothing that matters here.
  const stepCos: f64 = 0.9996988186962042;
  const stepSin: f64 = 0.024541228522912288;
  let c: f64 = 1;
  let s: f64 = 0;
  for (let step = 0; step < ANGLES * SUPER; step++) {
    store<f32>(cosines + ((<usize>step) << 2), <f32>c);
    const turned = c * stepCos - s * stepSin;
    s = s * stepCos + c * stepSin;
    c = turned;
  }
}

export function fineCosine(step: i32): f32 {
  prepareCosines();
  return load<f32>(cosines + ((<usize>(step & (ANGLES * SUPER - 1))) << 2));
}

/** The outermost ring with ink in a sector of four angles. */
function outermost(from: usize, sector: i32): i32 {
  for (let ring = RINGS - 1; ring > 0; ring--) {
    for (let angle = sector << 2; angle < (sector << 2) + 4; angle++) {
      if (load<f32>(from + ((<usize>(ring * ANGLES + angle)) << 2)) > 0.12) return ring;
    }
  }
  return 0;
}

/** Share of sectors whose outline reaches as far as that of the opposite one. */
export function measureCompleteness(from: usize): void {
  const sectors = ANGLES >> 2;
  let present = 0;
  for (let sector = 0; sector < sectors; sector++) {
    const here = outermost(from, sector);
    const there = outermost(from, (sector + sectors / 2) % sectors);
    if (here * 5 >= there * 4) present++;
  }
  setFigure(COMPLETENESS, <f64>present / <f64>sectors);
}

/**
 * Compares the profiles of both slots at every rotation: likeness is the best correlation of how
 * ink is spread around the rings, coverage the share of the reserved ink that the query has there
 * or one cell beside. Scale does not matter, since each profile is in its own radii.
 */
export function compareProfiles(): i32 {
  const reserved = take(2 * PROFILE_BYTES);
  const query = take(2 * PROFILE_BYTES);
  if (reserved == 0 || query == 0) return OUT_OF_MEMORY;
  normalise(profile(0), reserved);
  normalise(profile(1), query);
  let best: f32 = -1;
  let rotation = 0;
  for (let shift = 0; shift < ANGLES; shift++) {
    const sum = correlate(reserved, query, shift);
    if (sum > best) {
      best = sum;
      rotation = shift;
    }
  }
  setFigure(LIKENESS, best);
  setFigure(ROTATION, (<f64>rotation * 360) / ANGLES);
  setFigure(COVERAGE, coverage(profile(0), profile(1), rotation));
  return OK;
}

/** Rows of normalised profiles are written twice, so that a turned row is a straight one. */
function correlate(reserved: usize, query: usize, shift: i32): f32 {
  let sums = f32x4.splat(0);
  for (let ring = 0; ring < RINGS; ring++) {
    const line = (<usize>(ring * ANGLES)) << 3;
    const turned = query + line + ((<usize>shift) << 2);
    for (let at: usize = 0; at < (<usize>ANGLES) << 2; at += 16) {
      const product = f32x4.mul(v128.load(reserved + line + at), v128.load(turned + at));
      sums = f32x4.add(sums, product);
    }
  }
  return (
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    f32x4.extract_lane(sums, 2) +
    f32x4.extract_lane(sums, 3)
  );
}

/**
 * Writes the profile at `from` to `to`: each ring's mean taken off, cells weighted by the root of
 * their area, unit length, every ring twice in a row.
 */
function normalise(from: usize, to: usize): void {
  let square: f64 = 0;
  for (let ring = 0; ring < RINGS; ring++) {
    const weight = sqrt<f32>(<f32>ring + 0.5);
    const line = from + ((<usize>(ring * ANGLES)) << 2);
    let total: f32 = 0;
    for (let angle: usize = 0; angle < <usize>ANGLES; angle++) {
      total += load<f32>(line + (angle << 2));
    }
    const mean = total / <f32>ANGLES;
    for (let angle: usize = 0; angle < <usize>ANGLES; angle++) {
      const scaled = (load<f32>(line + (angle << 2)) - mean) * weight;
      const cell = to + ((<usize>(ring * ANGLES)) << 3) + (angle << 2);
      store<f32>(cell, scaled);
      store<f32>(cell + ((<usize>ANGLES) << 2), scaled);
      square += <f64>scaled * <f64>scaled;
    }
  }
  const scale = square > 0 ? <f32>(1 / sqrt<f64>(square)) : 0;
  for (let cell = to; cell < to + 2 * PROFILE_BYTES; cell += 4) {
    store<f32>(cell, load<f32>(cell) * scale);
  }
}

function coverage(reserved: usize, query: usize, rotation: i32): f64 {
  let known: f64 = 0;
  let covered: f64 = 0;
  for (let ring = 1; ring < RINGS - 1; ring++) {
    for (let angle = 0; angle < ANGLES; angle++) {
      const ink = load<f32>(reserved + ((<usize>(ring * ANGLES + angle)) << 2));
      const turned = angle + rotation;
      let most: f32 = 0;
      for (let r = ring - 1; r <= ring + 1; r++) {
        for (let a = turned - 1; a <= turned + 1; a++) {
          const cell = (<usize>(r * ANGLES + (a & (ANGLES - 1)))) << 2;
          most = max(most, load<f32>(query + cell));
        }
      }
      // Outer cells are larger.
      known += <f64>ink * <f64>ring;
      covered += <f64>min(ink, most) * <f64>ring;
    }
  }
  return known > 0 ? covered / known : 0;
}
