// What is missing and what is too much by blobs of about half a millimetre, where voids vanish.
import { at, box, clamp, put, takePlane } from '../../seal/plane';
import { mark, release, take } from '../../shared/arena';
import { anyExcess, excess, isBackground, missing, weight } from './area';
import { core, rh, rw } from './imprint';

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
  blobs = take((<usize>pixels) << 4);
  assert(blobs != 0, 'arena exhausted');
  const start = mark();
  const bm = takePlane(pixels);
  const bx = takePlane(pixels);
  const bu = takePlane(pixels);
  const bc = takePlane(pixels);
  box(missing, bm, rw, rh, BLOB_PX);
  box(excess, bx, rw, rh, BLOB_PX);
  box(anyExcess, bu, rw, rh, BLOB_PX);
  for (let p = 0; p < pixels; p++) put(bc, p, at(core, p) * at(weight, p));
  box(bc, bc, rw, rh, BLOB_PX);
  for (let p = 0; p < pixels; p++) {
    const k = at(weight, p);
    const lack = (at(bm, p) / (at(bc, p) + 0.04) - 0.5) * 2;
    put(softMissing, p, clamp(lack, 0, 1) * at(core, p) * k);
    put(softExcess, p, isBackground(p) ? clamp((at(bx, p) - 0.3) * 2.5, 0, 1) * k : 0);
    store<f32>(blobs + ((<usize>p) << 4), at(bm, p));
    store<f32>(blobs + ((<usize>p) << 4), at(bx, p), 4);
  }
  box(bm, bm, rw, rh, BLOB_PX);
  box(bx, bx, rw, rh, BLOB_PX);
  box(bu, bu, rw, rh, BLOB_PX);
  for (let p = 0; p < pixels; p++) {
    store<f32>(blobs + ((<usize>p) << 4), min<f32>(at(bm, p), at(bx, p)), 8);
    store<f32>(blobs + ((<usize>p) << 4), min<f32>(at(bm, p), at(bu, p)), 12);
  }
  release(start);
}

/** The greatest of each blob map in the square of `size` pixels around (x, y). */
export function greatestBlobs(x: i32, y: i32, size: i32): v128 {
  const half = size >> 1;
  let greatest = f32x4.splat(0);
  for (let v = max<i32>(0, y - half); v <= min<i32>(rh - 1, y + half); v++) {
    const row = blobs + ((<usize>(v * rw)) << 4);
    for (let u = max<i32>(0, x - half); u <= min<i32>(rw - 1, x + half); u++) {
      greatest = f32x4.pmax(greatest, v128.load(row + ((<usize>u) << 4)));
    }
  }
  return greatest;
}
