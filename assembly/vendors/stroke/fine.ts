// Fine print: marks as small as a serial number's digits or a small character's strokes. At 200 dpi their strokes
// are a pixel wide, so one that was changed shows less than the spread of genuine imprints; where a
// seal has such print, a forger has room, and more certainty is asked for.
import { at, clamp, flags, takeBytes, takePlane } from '../../seal/plane';
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

/** Bytes from one row of `markInk` to the next. */
function strideOfInk(): usize {
  return <usize>rw + 2;
}

/** A byte a pixel, 1 where there is ink, with one of paper around the picture. */
function markInk(bytes: usize): void {
  const stride = strideOfInk();
  const inked = f32x4.splat(INKED);
  memory.fill(bytes, 0, stride * <usize>(rh + 2) + 16);
  for (let y: usize = 0; y < <usize>rh; y++) {
    const row = bytes + (y + 1) * stride + 1;
    for (let x: usize = 0; x < <usize>rw; x += 16) {
      const p = ink + ((y * <usize>rw + x) << 2);
      const isInked = flags(
        f32x4.ge(v128.load(p), inked),
        f32x4.ge(v128.load(p, 16), inked),
        f32x4.ge(v128.load(p, 32), inked),
        f32x4.ge(v128.load(p, 48), inked),
      );
      v128.store(row + x, isInked);
    }
    // What was written behind the row is cleared, as far as the next one does not write it.
    store<u16>(row + <usize>rw, 0);
  }
  memory.fill(bytes + <usize>(rh + 1) * stride, 0, stride);
}

/** Follows the ink that hangs together with a pixel, clears it and returns its area in pixels. */
function follow(firstX: i32, firstY: i32, bytes: usize, places: usize): f32 {
  const stride = strideOfInk();
  store<i32>(box, rw);
  store<i32>(box, -1, 4);
  store<i32>(box, rh, 8);
  store<i32>(box, -1, 12);
  store<u8>(bytes + <usize>(firstY + 1) * stride + <usize>(firstX + 1), 0);
  store<u16>(places, <u16>firstX);
  store<u16>(places, <u16>firstY, 2);
  let count: usize = 1;
  let area: f32 = 0;
  for (let next: usize = 0; next < count; next++) {
    const x = <i32>load<u16>(places + (next << 2));
    const y = <i32>load<u16>(places + (next << 2), 2);
    area += at(ink, y * rw + x);
    widen(x, y);
    for (let v = 0; v < 3; v++) {
      const row = bytes + <usize>(y + v) * stride + <usize>x;
      if ((load<u32>(row) & 0xffffff) == 0) continue;
      for (let u = 0; u < 3; u++) {
        if (load<u8>(row + <usize>u) == 0) continue;
        store<u8>(row + <usize>u, 0);
        store<u16>(places + (count << 2), <u16>(x + u - 1));
        store<u16>(places + (count << 2), <u16>(y + v - 1), 2);
        count++;
      }
    }
  }
  return area;
}

/** How many small marks the reserved imprint has. */
export function countMarks(): i32 {
  const start = mark();
  const stride = strideOfInk();
  const bytes = takeBytes(<i32>stride * (rh + 2) + 16);
  const places = takePlane(rw * rh);
  markInk(bytes);
  let marks = 0;
  for (let y = 0; y < rh; y++) {
    const row = bytes + <usize>(y + 1) * stride + 1;
    for (let x = 0; x < rw; x++) {
      // Most is paper: sixteen pixels of it are passed over at once.
      if (load<u8>(row + <usize>x) == 0) {
        if ((x & 15) == 0 && !v128.any_true(v128.load(row + <usize>x))) x += 15;
        continue;
      }
      const area = follow(x, y, bytes, places) / (SCALE * SCALE);
      const across = load<i32>(box, 4) - load<i32>(box) + 1;
      const down = load<i32>(box, 12) - load<i32>(box, 8) + 1;
      const side = <f32>max<i32>(across, down) / SCALE;
      if (side >= LEAST_MM && side <= MOST_MM && area >= LEAST_AREA) marks++;
    }
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
