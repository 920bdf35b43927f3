// Fine print: marks as small as a serial number's digits or a small character's strokes. At 200 dpi their strokes
// are a pixel wide, so one that was changed shows less than the spread of genuine imprints; where a
// seal has such print, a forger has room, and more certainty is asked for.
import { at, clamp, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { ink, rh, rw, SCALE } from './imprint';

/** Ink that hangs together, and the longer side of what counts, millimetres. */
const INKED: f32 = 0.35;
const LEAST_MM: f32 = 0.7;
const MOST_MM: f32 = 2.8;
/** Below lies dust, square millimetres. */
const LEAST_AREA: f32 = 0.1;

/** From so many small marks on there is fine print, and with so many certainly. */
const FEW: f32 = 5;
const MANY: f32 = 11;
/** Taken off the log odds then, where they speak for genuine; nothing where they speak for forged. */
const CAUTION: f32 = 1.2;
const FORGED: f32 = -3;

const box = memory.data(4 * 4);

function widen(x: i32, y: i32): void {
  store<i32>(box, min<i32>(load<i32>(box), x));
  store<i32>(box, max<i32>(load<i32>(box, 4), x), 4);
  store<i32>(box, min<i32>(load<i32>(box, 8), y), 8);
  store<i32>(box, max<i32>(load<i32>(box, 12), y), 12);
}

/** Follows the ink that hangs together with a pixel, marks it as seen and returns its area in pixels. */
function follow(first: i32, seen: usize, places: usize): f32 {
  store<i32>(box, rw);
  store<i32>(box, -1, 4);
  store<i32>(box, rh, 8);
  store<i32>(box, -1, 12);
  store<u8>(seen + <usize>first, 1);
  store<i32>(places, first);
  let count = 1;
  let area: f32 = 0;
  for (let next = 0; next < count; next++) {
    const p = load<i32>(places + ((<usize>next) << 2));
    const y = p / rw;
    const x = p - y * rw;
    area += at(ink, p);
    widen(x, y);
    for (let v = max<i32>(0, y - 1); v <= min<i32>(rh - 1, y + 1); v++) {
      for (let u = max<i32>(0, x - 1); u <= min<i32>(rw - 1, x + 1); u++) {
        const q = v * rw + u;
        if (load<u8>(seen + <usize>q) != 0 || at(ink, q) < INKED) continue;
        store<u8>(seen + <usize>q, 1);
        store<i32>(places + ((<usize>count) << 2), q);
        count++;
      }
    }
  }
  return area;
}

/** How many small marks the reserved imprint has. */
export function countMarks(): i32 {
  const start = mark();
  const pixels = rw * rh;
  const seen = takeBytes(pixels);
  const places = takePlane(pixels);
  memory.fill(seen, 0, <usize>pixels);
  let marks = 0;
  const inked = f32x4.splat(INKED);
  for (let p = 0; p < pixels; p++) {
    // Most is paper: four pixels of it are passed over at once.
    if ((p & 3) == 0 && !v128.any_true(f32x4.ge(v128.load(ink + ((<usize>p) << 2)), inked))) {
      p += 3;
      continue;
    }
    if (load<u8>(seen + <usize>p) != 0 || at(ink, p) < INKED) continue;
    const area = follow(p, seen, places) / (SCALE * SCALE);
    const across = load<i32>(box, 4) - load<i32>(box) + 1;
    const down = load<i32>(box, 12) - load<i32>(box, 8) + 1;
    const side = <f32>max<i32>(across, down) / SCALE;
    if (side >= LEAST_MM && side <= MOST_MM && area >= LEAST_AREA) marks++;
  }
  release(start);
  return marks;
}

/** The log odds of a pair whose reserved imprint has so many small marks; rises with `odds`. */
export function withCaution(odds: f32, marks: i32): f32 {
  const fineness = clamp((<f32>marks - FEW) / (MANY - FEW), 0, 1);
  const share = clamp((odds - FORGED) / -FORGED, 0, 1);
  return odds - CAUTION * fineness * share;
}
