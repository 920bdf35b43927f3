// Dust: specks of ink by themselves, which belong to no stroke. They stay in the canonical picture,
// which is kept without loss; a comparison looks past them.
import { mark, release } from '../shared/arena';
import { bitAt, clearBit } from './bilevel';
import { takeBytes, takePlane } from './plane';

/** A speck has at most this many pixels of 300 dpi (0.4 mm square), and no ink this near. */
const MOST_PIXELS: i32 = 20;
const APART_PX: i32 = 5;

const UNSEEN: u8 = 0;
const LARGE: u8 = 1;
const HERE: u8 = 2;
const SMALL: u8 = 3;

/** Box of the last speck found. */
let left: i32 = 0;
let top: i32 = 0;
let right: i32 = 0;
let bottom: i32 = 0;

/** Follows the ink that hangs together with a pixel; its size, or more than MOST_PIXELS. */
function follow(
  bits: usize,
  stride: i32,
  width: i32,
  height: i32,
  seen: usize,
  places: usize,
  first: i32,
): i32 {
  let count = 1;
  let next = 0;
  let isLarge = false;
  store<i32>(places, first);
  store<u8>(seen + <usize>first, HERE);
  left = right = first % width;
  top = bottom = first / width;
  while (next < count && !isLarge) {
    const p = load<i32>(places + ((<usize>next) << 2));
    next++;
    const x = p % width;
    const y = p / width;
    left = min<i32>(left, x);
    right = max<i32>(right, x);
    bottom = max<i32>(bottom, y);
    for (let v = max<i32>(0, y - 1); v <= min<i32>(height - 1, y + 1); v++) {
      for (let u = max<i32>(0, x - 1); u <= min<i32>(width - 1, x + 1); u++) {
        if (bitAt(bits, stride, u, v) == 0) continue;
        const q = v * width + u;
        const state = load<u8>(seen + <usize>q);
        if (state == LARGE) isLarge = true;
        if (state != UNSEEN || count > MOST_PIXELS) continue;
        store<u8>(seen + <usize>q, HERE);
        store<i32>(places + ((<usize>count) << 2), q);
        count++;
      }
    }
  }
  const found = count;
  if (isLarge) count = MOST_PIXELS + 1;
  const state = count > MOST_PIXELS ? LARGE : SMALL;
  for (let k = 0; k < found; k++) {
    store<u8>(seen + <usize>load<i32>(places + ((<usize>k) << 2)), state);
  }
  return count;
}

/** Whether a stretch of a row, or a neighbour above it, is known to hang together with much. */
function touchesLarge(seen: usize, width: i32, first: i32, end: i32, y: i32): bool {
  const row = seen + <usize>(y * width);
  for (let x = first; x < end; x++) if (load<u8>(row + <usize>x) == LARGE) return true;
  if (y == 0) return false;
  const last = min<i32>(width - 1, end);
  for (let x = max<i32>(0, first - 1); x <= last; x++) {
    if (load<u8>(row - <usize>width + <usize>x) == LARGE) return true;
  }
  return false;
}

function inkAround(bits: usize, stride: i32, width: i32, height: i32): i32 {
  let ink = 0;
  for (let y = max<i32>(0, top - APART_PX); y <= min<i32>(height - 1, bottom + APART_PX); y++) {
    for (let x = max<i32>(0, left - APART_PX); x <= min<i32>(width - 1, right + APART_PX); x++) {
      ink += <i32>bitAt(bits, stride, x, y);
    }
  }
  return ink;
}

/** Clears specks from the bits. */
export function clearSpecks(bits: usize, stride: i32, width: i32, height: i32): void {
  const start = mark();
  const seen = takeBytes(width * height);
  memory.fill(seen, UNSEEN, <usize>(width * height));
  const places = takePlane(MOST_PIXELS + 10);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((x & 7) == 0 && load<u8>(bits + <usize>(y * stride + (x >> 3))) == 0) {
        x += 7;
        continue;
      }
      if (bitAt(bits, stride, x, y) == 0) continue;
      const p = y * width + x;
      const first = x;
      do x++;
      while (x < width && bitAt(bits, stride, x, y) != 0);
      const length = <usize>(x - first);
      if (touchesLarge(seen, width, first, x, y)) {
        memory.fill(seen + <usize>p, LARGE, length);
        continue;
      }
      if (load<u8>(seen + <usize>p) != UNSEEN) continue;
      const count = follow(bits, stride, width, height, seen, places, p);
      if (count > MOST_PIXELS) memory.fill(seen + <usize>p, LARGE, length);
      if (count > MOST_PIXELS || inkAround(bits, stride, width, height) != count) continue;
      for (let k = 0; k < count; k++) {
        const q = load<i32>(places + ((<usize>k) << 2));
        clearBit(bits, stride, q % width, q / width);
      }
    }
  }
  release(start);
}
