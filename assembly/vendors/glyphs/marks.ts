// Marks as small as a digit: ink of the reserved imprint that hangs together, each judged by its lines and by the eye.
import { at, clamp, put, takePlane } from '../../seal/plane';
import { lookAt, MAX_MARKS, openEye } from './eye';
import {
  FIGURES,
  figuresOf,
  groupCounts,
  groupFigures,
  HIGH_X,
  HIGH_Y,
  LOW_X,
  LOW_Y,
  N,
  pointerAt,
  setGroups,
  spread,
  sumByLabel,
  sumOf,
} from './groups';
import { reserved, reservedSolid } from './lines';
import { label } from './skeleton';

const MOST_PARTS: i32 = 3000;
/** Half the longer side of a small mark, such as a digit, along its centre lines. */
const LEAST_MARK_MM: f32 = 0.3;
const MOST_MARK_MM: f32 = 1.5;
/**
 * Marks so near and so alike in size are of one line of print. One that is alone, or where there are fewer than
 * so many, is a dot of a character or a chip of it, whose shape every imprint changes.
 */
const NEAR_MM: f32 = 4.6;
const ALIKE: f32 = 0.8;
const LEAST_LIKES: f32 = 1;
const LEAST_MARKS: i32 = 3;

function halfX(g: i32): f32 {
  return 0.5 * (sumOf(g, HIGH_X) - sumOf(g, LOW_X));
}

function halfY(g: i32): f32 {
  return 0.5 * (sumOf(g, HIGH_Y) - sumOf(g, LOW_Y));
}

function middleX(g: i32): f32 {
  return 0.5 * (sumOf(g, HIGH_X) + sumOf(g, LOW_X));
}

function middleY(g: i32): f32 {
  return 0.5 * (sumOf(g, HIGH_Y) + sumOf(g, LOW_Y));
}

/** Ink that hangs together without any closing, so that digits stand alone, where it is as small as they are. */
export function gatherMarks(): void {
  const w = reserved.width;
  const h = reserved.height;
  const labels = takePlane(w * h);
  const count = min<i32>(MOST_PARTS, label(reservedSolid, labels, w, h));
  for (let round = 0; round < 4; round++) spread(labels, w, h);
  sumByLabel(labels, count);
  const likes = takePlane(count + 1);
  const least = countLikes(count, likes);
  const figures = takePlane(MAX_MARKS * FIGURES);
  const places = takePlane(MAX_MARKS * 3);
  openEye();
  let kept = 0;
  for (let g = 0; g < count && kept < MAX_MARKS; g++) {
    if (at(likes, g) < least) continue;
    const out = figures + ((<usize>(kept * FIGURES)) << 2);
    figuresOf(g, out);
    put(out, 15, lookAt(middleX(g), middleY(g), halfX(g), halfY(g), labels, g + 1));
    put(places, 3 * kept, middleX(g));
    put(places, 3 * kept + 1, middleY(g));
    put(places, 3 * kept + 2, max<f32>(halfX(g), halfY(g)) + 0.2);
    kept++;
  }
  setGroups(2, kept, figures, places);
}

/**
 * Of each small mark how many there are like it around, and -1 of others; returns the least that makes one of a
 * line of print and that few enough have.
 */
function countLikes(count: i32, likes: usize): f32 {
  for (let g = 0; g < count; g++) {
    const half = max<f32>(halfX(g), halfY(g));
    const isMark = sumOf(g, N) >= 5 && half >= LEAST_MARK_MM && half <= MOST_MARK_MM;
    put(likes, g, isMark ? 0 : -1);
  }
  for (let g = 0; g < count; g++) {
    if (at(likes, g) < 0) continue;
    const mine = max<f32>(halfX(g), halfY(g));
    for (let other = 0; other < g; other++) {
      if (at(likes, other) < 0) continue;
      const dx = middleX(g) - middleX(other);
      const dy = middleY(g) - middleY(other);
      const theirs = max<f32>(halfX(other), halfY(other));
      if (dx * dx + dy * dy > NEAR_MM * NEAR_MM) continue;
      if (min<f32>(mine, theirs) < ALIKE * max<f32>(mine, theirs)) continue;
      put(likes, g, at(likes, g) + 1);
      put(likes, other, at(likes, other) + 1);
    }
  }
  const none = <f32>MOST_PARTS;
  for (let least: f32 = LEAST_LIKES; least < none; least++) {
    let more = 0;
    for (let g = 0; g < count; g++) if (at(likes, g) >= least) more++;
    if (more <= MAX_MARKS) return more < LEAST_MARKS ? none : least;
  }
  return none;
}

/** What the eye says without a mark to look at. */
const NO_ODDS: f32 = -3;
/** Odds of another mark beyond which they count for themselves, and for how much at most. */
const SURE_ODDS: f32 = 2.5;
const MOST_DOUBT: f32 = 1;
/** Log odds between both limits, from which on down they count no more. */
const LEAST_DOUBTED: f32 = -2;
const worst = memory.data(3 * 4);

/** The middle one of the eye's odds: in a print that shows small marks well they are far below zero. */
function middleOdds(figures: usize, count: i32): f32 {
  for (let g = 0; g < count; g++) {
    const odds = at(figures, g * FIGURES + 15);
    let above = 0;
    let level = 0;
    for (let other = 0; other < count; other++) {
      const theirs = at(figures, other * FIGURES + 15);
      if (theirs > odds) above++;
      else if (theirs == odds) level++;
    }
    if (above <= count / 2 && above + level > count / 2) return odds;
  }
  return NO_ODDS;
}

/**
 * The greatest odds of another mark, how far they stand above what is common, how many marks there are, the
 * third greatest and the middle odds: five figures.
 */
export function writeEye(wholeFigures: usize, from: i32): void {
  const count = load<i32>(groupCounts + 8);
  const figures = pointerAt(groupFigures, 2);
  for (let k = 0; k < 3; k++) put(worst, k, NO_ODDS);
  for (let g = 0; g < count; g++) {
    const odds = at(figures, g * FIGURES + 15);
    if (odds <= at(worst, 2)) continue;
    let k = 2;
    for (; k > 0 && at(worst, k - 1) < odds; k--) put(worst, k, at(worst, k - 1));
    put(worst, k, odds);
  }
  // One changed mark may show in two pictures; a bad print shows in many.
  put(wholeFigures, from, at(worst, 0));
  put(wholeFigures, from + 1, at(worst, 0) - max<f32>(0, at(worst, 2)));
  put(wholeFigures, from + 2, <f32>Math.log(<f64>(1 + count)));
  put(wholeFigures, from + 3, at(worst, 2));
  put(wholeFigures, from + 4, middleOdds(figures, count));
}

/** How much the eye's worst mark counts for itself. */
export function doubtOfMarks(): f32 {
  return clamp(at(worst, 0) - SURE_ODDS, 0, MOST_DOUBT);
}

/** The log odds less the doubt, which to the nets is one figure among many. It asks for a person, and alone calls nothing forged. */
export function withDoubt(odds: f32, doubt: f32): f32 {
  return max<f32>(odds - doubt, min<f32>(odds, LEAST_DOUBTED));
}
