// Print across the imprint that colour cannot tell from ink, in grey scans and where it is of the pad's
// own colour: darker than this imprint's own ink, straight lines across the picture, and whatever hangs together with either in
// the excess map or runs on outside the seal. It becomes unknown. Since it is grown in the excess
// only, expected strokes are never swallowed.
import { distance } from '../../seal/chamfer';
import { at, flags, put, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { outside, rh, rw, SCALE } from './imprint';

const ANGLES: i32 = 180;
const MAX_LINES: i32 = 4;
const MAX_POINTS: i32 = 4000;
/** A line covers at least this share of the shorter side. */
const LEAST_COVER: f32 = 0.42;
const LINE_MM: f32 = 0.55;
/** Closing by this radius, in pixels, fills the seal: what lies outside is paper around it. */
const CLOSING_PX: f32 = 30;

const cosines = memory.data(180 * 4);
const sines = memory.data(180 * 4);
const pointX = memory.data(4000 * 4);
const pointY = memory.data(4000 * 4);

/** Which of four pixels lie near the strokes. */
function isClose(off: usize): v128 {
  return f32x4.le(f32x4.mul(v128.load(off), f32x4.splat(SCALE)), f32x4.splat(CLOSING_PX));
}

/** Which of four pixels, from byte offset p on, lie outside the closed seal and off its strokes. */
function isOut(depth: usize, p: usize): v128 {
  const isOpen = f32x4.le(v128.load(depth + p), f32x4.splat(CLOSING_PX));
  return v128.and(isOpen, f32x4.gt(v128.load(outside + p), f32x4.splat(0.45)));
}

/** Marks pixels outside the seal as a whole, in bytes. */
function markOutside(to: usize): void {
  const start = mark();
  const pixels = rw * rh;
  const mask = takeBytes(pixels);
  const depth = takePlane(pixels);
  // Dilated by the radius, then eroded: far from the complement of the dilated ink.
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    const o = outside + (i << 2);
    v128.store(mask + i, flags(isClose(o), isClose(o + 16), isClose(o + 32), isClose(o + 48)));
  }
  distance(mask, depth, rw, rh, false);
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    const p = i << 2;
    v128.store(
      to + i,
      flags(isOut(depth, p), isOut(depth, p + 16), isOut(depth, p + 32), isOut(depth, p + 48)),
    );
  }
  release(start);
}

/** Finds up to four straight lines among the excess pixels and clears `weight` along them. */
function coverLines(excess: usize, weight: usize): void {
  for (let a = 0; a < ANGLES; a++) {
    put(cosines, a, <f32>Math.cos((<f64>a * Math.PI) / 180));
    put(sines, a, <f32>Math.sin((<f64>a * Math.PI) / 180));
  }
  let total = 0;
  const pixels = rw * rh;
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    // Each byte is 0 or 1, and what lies behind the picture 0.
    total += popcnt<i32>(i8x16.bitmask(i8x16.neg(v128.load(excess + i))));
  }
  if (total < 40) return;
  const every = max<i32>(1, total / MAX_POINTS);
  let points = 0;
  let seen = 0;
  for (let p = nextInked(excess, 0, pixels); p < pixels; p = nextInked(excess, p + 1, pixels)) {
    if (points >= MAX_POINTS) break;
    if (seen++ % every != 0) continue;
    put(pointX, points, <f32>(p % rw) - 0.5 * <f32>rw);
    put(pointY, points, <f32>(p / rw) - 0.5 * <f32>rh);
    points++;
  }
  const start = mark();
  const reach = <i32>(0.5 * sqrt<f32>(<f32>(rw * rw + rh * rh))) + 2;
  const bins = 2 * reach + 2;
  const votes = takePlane(ANGLES * bins + 1);
  memory.fill(votes, 0, (<usize>(ANGLES * bins + 1)) << 2);
  voteAll(0, points, votes, bins, reach, 1);
  for (let line = 0; line < MAX_LINES && points >= 40; line++) {
    const best = mostVoted(votes, ANGLES * bins);
    const left = coverFound(points, best / bins, <f32>((best % bins) - reach), weight);
    if (left == points) break;
    voteAll(left, points, votes, bins, reach, -1);
    points = left;
  }
  release(start);
}

/** Added to a number below 2^22 this leaves the nearest whole one, counted from ROUNDED, in the bits. */
const ROUNDING: f32 = 12582912;
const ROUNDED: i32 = 0x4b400000;

/** Points from the first to before the last vote, by so much, for their distances from the middle at all angles. */
function voteAll(first: i32, last: i32, votes: usize, bins: i32, reach: i32, by: i32): void {
  for (let a = 0; a < ANGLES; a++) {
    const row = votes + ((<usize>(a * bins + reach)) << 2);
    voteAt(first, last, at(cosines, a), at(sines, a), row, by);
  }
}

/** `row` is the place of distance 0. */
function voteAt(first: i32, last: i32, c: f32, s: f32, row: usize, by: i32): void {
  const cs = f32x4.splat(c);
  const ss = f32x4.splat(s);
  const base = row - ((<usize>ROUNDED) << 2);
  let i = first;
  for (; i + 4 <= last; i += 4) {
    const p = (<usize>i) << 2;
    const x = f32x4.mul(v128.load(pointX + p), cs);
    const rho = f32x4.add(x, f32x4.mul(v128.load(pointY + p), ss));
    const places = i32x4.shl(f32x4.add(rho, f32x4.splat(ROUNDING)), 2);
    vote(base + <usize>i32x4.extract_lane(places, 0), by);
    vote(base + <usize>i32x4.extract_lane(places, 1), by);
    vote(base + <usize>i32x4.extract_lane(places, 2), by);
    vote(base + <usize>i32x4.extract_lane(places, 3), by);
  }
  for (; i < last; i++) {
    const rho = at(pointX, i) * c + at(pointY, i) * s;
    vote(row + <usize>((<i32>nearest<f32>(rho)) << 2), by);
  }
}

function vote(place: usize, by: i32): void {
  store<i32>(place, load<i32>(place) + by);
}

/** Votes of four places with their neighbours. The first and the last of each angle have none, so rows may meet. */
function votesAround(p: usize): v128 {
  return i32x4.add(i32x4.add(v128.load(p - 4), v128.load(p)), v128.load(p + 4));
}

/** The first of the places that have most votes with their neighbours. */
function mostVoted(votes: usize, places: i32): i32 {
  let most = i32x4.splat(0);
  for (let i = 4; i < places; i += 4) {
    most = i32x4.max_s(most, votesAround(votes + ((<usize>i) << 2)));
  }
  const pair = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  const all = i32x4.max_s(pair, v128.shuffle<i32>(pair, pair, 1, 0, 3, 2));
  for (let i = 4; i < places; i += 4) {
    const found = i32x4.bitmask(i32x4.eq(all, votesAround(votes + ((<usize>i) << 2))));
    if (found != 0) return i + ctz<i32>(found);
  }
  return 0;
}

const covered = memory.data(1024);

/** Covers a line and moves its points behind those that stay; returns how many stay, all when it is none. */
function coverFound(points: i32, angle: i32, rho: f32, weight: usize): i32 {
  const c = at(cosines, angle);
  const s = at(sines, angle);
  memory.fill(covered, 0, 1024);
  let low: f32 = 1e6;
  let high: f32 = -1e6;
  for (let i = 0; i < points; i++) {
    const x = at(pointX, i);
    const y = at(pointY, i);
    if (abs<f32>(x * c + y * s - rho) >= 2.2) continue;
    const along = y * c - x * s;
    low = min<f32>(low, along);
    high = max<f32>(high, along);
    store<u8>(covered + <usize>((<i32>nearest<f32>(along / SCALE) + 512) & 1023), 1);
  }
  let cover = 0;
  for (let i: usize = 0; i < 1024; i++) cover += load<u8>(covered + i);
  if (<f32>cover < (LEAST_COVER * <f32>min<i32>(rw, rh)) / SCALE) return points;
  const half: f32 = 0.5 * <f32>(<i32>(LINE_MM * SCALE) | 1);
  for (let y = 0; y < rh; y++) {
    const v = <f32>y - 0.5 * <f32>rh;
    // Where the line crosses the row, with room for rounding; a flat one may cover all of it.
    const isFlat = abs<f32>(c) < 0.01;
    const middle: f32 = isFlat ? 0 : (rho - v * s) / c + 0.5 * <f32>rw;
    const reach: f32 = isFlat ? <f32>rw : half / abs<f32>(c) + 2;
    const first = <i32>max<f32>(0, middle - reach);
    const last = <i32>min<f32>(<f32>rw, middle + reach);
    for (let x = first; x < last; x++) {
      const u = <f32>x - 0.5 * <f32>rw;
      if (abs<f32>(u * c + v * s - rho) > half) continue;
      const along = v * c - u * s;
      if (along >= low - 3 && along <= high + 3) put(weight, y * rw + x, 0);
    }
  }
  let left = 0;
  for (let i = 0; i < points; i++) {
    const x = at(pointX, i);
    const y = at(pointY, i);
    if (abs<f32>(x * c + y * s - rho) < 2.2) continue;
    put(pointX, i, at(pointX, left));
    put(pointY, i, at(pointY, left));
    put(pointX, left, x);
    put(pointY, left, y);
    left++;
  }
  return left;
}

/** Clears `weight` where print covers the imprint. `query` is its ink, `level` its usual depth. */
export function coverPrint(query: usize, weight: usize, level: f32): void {
  const start = mark();
  const pixels = rw * rh;
  const excess = takeBytes(pixels + 16);
  const print = takeBytes(pixels + 16);
  const beyond = takeBytes(pixels);
  markExcess(query, level, excess, print);
  coverLines(excess, weight);
  markOutside(beyond);
  for (let p = nextInked(excess, 0, pixels); p < pixels; p = nextInked(excess, p + 1, pixels)) {
    const q = <usize>p;
    const isSeed =
      at(weight, p) < 0.5 ||
      load<u8>(print + q) != 0 ||
      at(query, p) > 1.12 * level + 0.06 ||
      load<u8>(beyond + q) != 0;
    if (isSeed) store<u8>(excess + q, 2);
  }
  growSeeds(excess, print);
  for (let p = nextInked(print, 0, pixels); p < pixels; p = nextInked(print, p + 1, pixels)) {
    clearAround(weight, p % rw, p / rw);
  }
  release(start);
}

/** The first byte from p on that is not 0, or `count`. */
function nextInked(bytes: usize, p: i32, count: i32): i32 {
  let i = p;
  while (i < count && load<u8>(bytes + <usize>i) == 0) {
    if ((i & 15) == 0 && !v128.any_true(v128.load(bytes + <usize>i))) i += 16;
    else i++;
  }
  return min<i32>(i, count);
}

/** Marks ink beside the strokes, and whatever is darker than this imprint's ink. */
function markExcess(query: usize, level: f32, excess: usize, print: usize): void {
  const least = f32x4.splat(0.33 * level);
  const most = f32x4.splat(min<f32>(1.22 * level + 0.1, 1.28));
  const near = f32x4.splat(0.17);
  for (let i: usize = 0; i < <usize>(rw * rh); i += 16) {
    const p = query + (i << 2);
    const o = outside + (i << 2);
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const beside = flags(
      v128.and(f32x4.gt(a, least), f32x4.gt(v128.load(o), near)),
      v128.and(f32x4.gt(b, least), f32x4.gt(v128.load(o, 16), near)),
      v128.and(f32x4.gt(c, least), f32x4.gt(v128.load(o, 32), near)),
      v128.and(f32x4.gt(d, least), f32x4.gt(v128.load(o, 48), near)),
    );
    v128.store(excess + i, beside);
    v128.store(
      print + i,
      flags(f32x4.gt(a, most), f32x4.gt(b, most), f32x4.gt(c, most), f32x4.gt(d, most)),
    );
  }
  // The last vector may have marked what lies behind the picture.
  memory.fill(excess + <usize>(rw * rh), 0, 16);
  memory.fill(print + <usize>(rw * rh), 0, 16);
}

/** Marks in `print` every excess pixel (1) that hangs together with a seed (2). */
function growSeeds(excess: usize, print: usize): void {
  const pixels = rw * rh;
  const stack = takePlane(pixels);
  let depth = 0;
  for (let p = nextInked(excess, 0, pixels); p < pixels; p = nextInked(excess, p + 1, pixels)) {
    if (load<u8>(excess + <usize>p) != 2) continue;
    store<u8>(print + <usize>p, 1);
    store<i32>(stack + ((<usize>depth) << 2), p);
    depth++;
  }
  while (depth > 0) {
    depth--;
    const p = load<i32>(stack + ((<usize>depth) << 2));
    const y = p / rw;
    const x = p - y * rw;
    for (let v = max<i32>(0, y - 1); v <= min<i32>(rh - 1, y + 1); v++) {
      for (let u = max<i32>(0, x - 1); u <= min<i32>(rw - 1, x + 1); u++) {
        const q = v * rw + u;
        if (load<u8>(excess + <usize>q) != 1) continue;
        // Each pixel is pushed once: it is a seed from here on.
        store<u8>(excess + <usize>q, 2);
        store<u8>(print + <usize>q, 1);
        store<i32>(stack + ((<usize>depth) << 2), q);
        depth++;
      }
    }
  }
}

function clearAround(weight: usize, x: i32, y: i32): void {
  const first = max<i32>(0, x - 1);
  const count = min<i32>(rw - 1, x + 1) - first + 1;
  for (let v = max<i32>(0, y - 1); v <= min<i32>(rh - 1, y + 1); v++) {
    memory.fill(weight + ((<usize>(v * rw + first)) << 2), 0, (<usize>count) << 2);
  }
}
