// Uneven light of a camera: the brightness of bare paper, found cell by cell, is divided out of the
// picture. Scanners' light is even, and then nothing is changed.
import { mark, release } from '../shared/arena';
import { paperLevel } from './ink';
import { at, channelOf, clamp, put, takePlane } from './plane';

const CELL_MM: f32 = 3;
/** Channels, relative to the paper's, that differ by less than this share are neutral. */
const NEUTRAL: f32 = 0.14;
/** Least share of a cell that must be bare, and darkest paper, relative to the picture's. */
const LEAST_BARE: f32 = 0.1;
const DARKEST: f32 = 0.35;
/** Light that varies by less than this share is even. */
const EVEN: f32 = 1.07;
const MAX_GAIN: f32 = 3;

const histogram = memory.data(256 * 4);
const inverse = memory.data(3 * 4);
const bins = memory.data(16);

let across: i32 = 0;
let down: i32 = 0;
let cell: i32 = 0;

function lightOf(colours: v128, channel: i32): v128 {
  return f32x4.mul(channelOf(colours, channel), f32x4.splat(at(inverse, channel)));
}

/** Counts those of every second of eight pixels that are neutral, the first `here` of the four. */
function countNeutral(p: usize, here: i32): void {
  const colours = v128.shuffle<i32>(v128.load(p), v128.load(p, 16), 0, 2, 4, 6);
  const r = lightOf(colours, 0);
  const g = lightOf(colours, 1);
  const b = lightOf(colours, 2);
  const most = f32x4.pmax(r, f32x4.pmax(g, b));
  const spread = f32x4.sub(most, f32x4.pmin(r, f32x4.pmin(g, b)));
  const isNeutral = f32x4.le(spread, f32x4.mul(f32x4.splat(NEUTRAL), most));
  let found = i32x4.bitmask(isNeutral) & ((1 << here) - 1);
  if (found == 0) return;
  const sum = f32x4.mul(f32x4.add(f32x4.add(r, g), b), f32x4.splat(230 / 3.0));
  v128.store(bins, i32x4.min_s(i32x4.trunc_sat_f32x4_s(sum), i32x4.splat(255)));
  for (; found != 0; found &= found - 1) {
    const bin = histogram + ((<usize>load<i32>(bins + ((<usize>ctz<i32>(found)) << 2))) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** Level of bare paper in one cell, 0 to about 255 of the picture's own paper; 0 when there is none. */
function levelOf(rgba: usize, width: i32, height: i32, column: i32, row: i32): f32 {
  memory.fill(histogram, 0, 1024);
  const last = min<i32>(width, (column + 1) * cell);
  let seen = 0;
  for (let y = row * cell; y < min<i32>(height, (row + 1) * cell); y += 2) {
    for (let x = column * cell; x < last; x += 8) {
      const here = min<i32>(4, (last - x + 1) >> 1);
      seen += here;
      countNeutral(rgba + ((<usize>(y * width + x)) << 2), here);
    }
  }
  // The lightest tenth of the cell is paper.
  let left = max<i32>(3, <i32>(LEAST_BARE * <f32>seen));
  for (let value = 255; value > <i32>(DARKEST * 230); value--) {
    left -= <i32>load<u32>(histogram + ((<usize>value) << 2));
    if (left <= 0) return <f32>value;
  }
  return 0;
}

/** Means of the known cells among the nine around each; a known cell keeps a half of its own. */
function spread(levels: usize, to: usize): i32 {
  let missing = 0;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      let sum: f32 = 0;
      let weight: f32 = 0;
      for (let v = max<i32>(0, row - 1); v <= min<i32>(down - 1, row + 1); v++) {
        for (let u = max<i32>(0, column - 1); u <= min<i32>(across - 1, column + 1); u++) {
          const level = at(levels, v * across + u);
          if (level == 0) continue;
          const w: f32 = v == row && u == column ? 8 : 1;
          sum += w * level;
          weight += w;
        }
      }
      if (weight == 0) missing++;
      put(to, row * across + column, weight > 0 ? sum / weight : 0);
    }
  }
  return missing;
}

/** A cell much darker than the lightest near it holds no paper, but dense ink or print. */
function dropDark(levels: usize, to: usize): void {
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      let most: f32 = 0;
      for (let v = max<i32>(0, row - 1); v <= min<i32>(down - 1, row + 1); v++) {
        for (let u = max<i32>(0, column - 1); u <= min<i32>(across - 1, column + 1); u++) {
          most = max<f32>(most, at(levels, v * across + u));
        }
      }
      const level = at(levels, row * across + column);
      put(to, row * across + column, level < 0.72 * most ? 0 : level);
    }
  }
}

/** Divides uneven light out of a flattened picture, in place; returns whether there was any. */
export function evenLight(rgba: usize, width: i32, height: i32, pxPerMm: f32): bool {
  for (let channel: usize = 0; channel < 3; channel++) {
    put(inverse, <i32>channel, <f32>1 / paperLevel(rgba, width, height, channel));
  }
  cell = max<i32>(12, <i32>nearest<f32>(CELL_MM * pxPerMm));
  across = (width + cell - 1) / cell;
  down = (height + cell - 1) / cell;
  if (across < 3 || down < 3) return false;
  const start = mark();
  const raw = takePlane(across * down);
  const levels = takePlane(across * down);
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      put(raw, row * across + column, levelOf(rgba, width, height, column, row));
    }
  }
  dropDark(raw, levels);
  let missing = spread(levels, raw);
  for (let round = 0; round < across + down && missing > 0; round++) {
    missing = spread(raw, levels);
    memory.copy(raw, levels, (<usize>(across * down)) << 2);
  }
  spread(raw, levels);
  let low: f32 = 255;
  let high: f32 = 0;
  for (let i = 0; i < across * down; i++) {
    low = min<f32>(low, at(levels, i));
    high = max<f32>(high, at(levels, i));
  }
  const isUneven = missing == 0 && low > 0 && high > EVEN * low;
  if (isUneven) divide(rgba, width, height, levels, high);
  release(start);
  return isUneven;
}

/** Between the middles of cells the light runs straight. */
function divide(rgba: usize, width: i32, height: i32, levels: usize, full: f32): void {
  const pitch = <f32>1 / <f32>cell;
  const gains = takePlane(width);
  const lines = takePlane(across);
  for (let y = 0; y < height; y++) {
    const v = clamp((<f32>y + 0.5) * pitch - 0.5, 0, <f32>(down - 1));
    const row = min<i32>(down - 2, <i32>v);
    const fy = v - <f32>row;
    for (let column = 0; column < across; column++) {
      const upper = at(levels, row * across + column);
      const lower = at(levels, (row + 1) * across + column);
      put(lines, column, min<f32>(MAX_GAIN, full / (upper + fy * (lower - upper))));
    }
    for (let x = 0; x < width; x++) {
      const u = clamp((<f32>x + 0.5) * pitch - 0.5, 0, <f32>(across - 1));
      const column = min<i32>(across - 2, <i32>u);
      const a = at(lines, column);
      put(gains, x, a + (u - <f32>column) * (at(lines, column + 1) - a));
    }
    let p = rgba + ((<usize>(y * width)) << 2);
    for (let x = 0; x < width; x++, p += 4) {
      const gain = at(gains, x);
      for (let c: usize = 0; c < 3; c++) {
        store<u8>(p + c, <u8>min<f32>(255, <f32>load<u8>(p + c) * gain + 0.5));
      }
    }
  }
}
