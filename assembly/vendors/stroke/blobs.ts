// What is missing and what is too much by blobs of about half a millimetre, where voids vanish.
import { box, clampFour, storeTransposed, takePlane } from '../../seal/plane';
import { mark, release, take } from '../../shared/arena';
import { anyExcess, backgroundAmong, excess, missing, NEAR, weight } from './area';
import { core, outside, rh, rw } from './imprint';

const BLOB_PX: i32 = 5;

export let softMissing: usize = 0;
export let softExcess: usize = 0;
/** Four interleaved maps: blobs of missing, of excess, of both together, and the same with print. */
let blobs: usize = 0;

/** Fills the maps from those of `area.ts`. */
export function prepareBlobs(): void {
  const pixels = rw * rh;
  softMissing = takePlane(pixels);
  softExcess = takePlane(pixels);
  blobs = take((<usize>(pixels + 3)) << 4);
  assert(blobs != 0, 'arena exhausted');
  const start = mark();
  const bm = takePlane(pixels);
  const bx = takePlane(pixels);
  const bu = takePlane(pixels);
  const bc = takePlane(pixels);
  box(missing, bm, rw, rh, BLOB_PX);
  box(excess, bx, rw, rh, BLOB_PX);
  box(anyExcess, bu, rw, rh, BLOB_PX);
  const end = (<usize>pixels) << 2;
  for (let p: usize = 0; p < end; p += 16) {
    v128.store(bc + p, f32x4.mul(v128.load(core + p), v128.load(weight + p)));
  }
  box(bc, bc, rw, rh, BLOB_PX);
  for (let p: usize = 0; p < end; p += 16) {
    const k = v128.load(weight + p);
    const share = f32x4.add(v128.load(bc + p), f32x4.splat(0.04));
    const half = f32x4.sub(f32x4.div(v128.load(bm + p), share), f32x4.splat(0.5));
    const lack = clampFour(f32x4.add(half, half), 0, 1);
    v128.store(softMissing + p, f32x4.mul(f32x4.mul(lack, v128.load(core + p)), k));
    const over = f32x4.sub(v128.load(bx + p), f32x4.splat(0.3));
    const surplus = clampFour(f32x4.mul(over, f32x4.splat(2.5)), 0, 1);
    const isNear = backgroundAmong(v128.load(outside + p), NEAR);
    v128.store(softExcess + p, v128.and(f32x4.mul(surplus, k), isNear));
  }
  const bbm = takePlane(pixels);
  const bbx = takePlane(pixels);
  box(bm, bbm, rw, rh, BLOB_PX);
  box(bx, bbx, rw, rh, BLOB_PX);
  box(bu, bu, rw, rh, BLOB_PX);
  for (let p: usize = 0; p < end; p += 16) {
    const wide = v128.load(bbm + p);
    const both = f32x4.pmin(wide, v128.load(bbx + p));
    const any = f32x4.pmin(wide, v128.load(bu + p));
    storeTransposed(blobs + (p << 2), 16, v128.load(bm + p), v128.load(bx + p), both, any);
  }
  release(start);
}

/** The greatest of each blob map in the square of `size` pixels around (x, y). */
export function greatestBlobs(x: i32, y: i32, size: i32): v128 {
  const half = size >> 1;
  let greatest = f32x4.splat(0);
  let other = greatest;
  for (let v = max<i32>(0, y - half); v <= min<i32>(rh - 1, y + half); v++) {
    const row = blobs + ((<usize>(v * rw)) << 4);
    let p = row + ((<usize>max<i32>(0, x - half)) << 4);
    const last = row + ((<usize>min<i32>(rw - 1, x + half)) << 4);
    for (; p < last; p += 32) {
      greatest = f32x4.pmax(greatest, v128.load(p));
      other = f32x4.pmax(other, v128.load(p, 16));
    }
    if (p == last) greatest = f32x4.pmax(greatest, v128.load(p));
  }
  return f32x4.pmax(greatest, other);
}
