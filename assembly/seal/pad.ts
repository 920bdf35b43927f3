// Which ink the stamp was pressed with: red, another colour, or black, where other colours may lie across.
import { at, channelOf, clamp, clampFour } from './plane';

/** Level of bare paper in each channel. */
export const papers = memory.data(3 * 4);

/** Darkness of full red ink in green and blue light, and how much of red light it takes. */
const RED_DARKNESS: f32 = 0.866;
const RED_IN_RED: f32 = 0.24;
/** The pad at hand: the channel that its ink leaves lightest, and the same two figures for it. */
export let lightest: i32 = 0;
export let inkDarkness: f32 = RED_DARKNESS;
export let inkInLightest: f32 = RED_IN_RED;
/** Difference of the channels from which a pixel has colour. */
const CHROMA: f32 = 0.25;
/** A red pad that takes no more of red light than this is an ordinary one. */
const ORDINARY_RED: f32 = 0.32;
/** With less colour than this share of the picture, and at least this share dark, the pad is black. */
const LEAST_COLOUR: f32 = 0.004;
const LEAST_COLOUR_BUT_RED: f32 = 0.03;
const LEAST_DARK: f32 = 0.012;
/**
 * A stamp fills more of the picture than what was printed or written across it. Cells a side in which
 * that is counted, the share of its pixels from which a cell counts, how many times the cells of red
 * another colour must fill, and how many times all coloured pixels there must be dark ones.
 */
const CELLS: i32 = 8;
const LEAST_IN_CELL: f32 = 0.01;
const WIDER: f32 = 1.5;
const DARKER: f32 = 1.5;

const padSums = memory.data(3 * 3 * 4);
/** Pixels of each cell that have the colour of each channel, or are dark: 64 cells each. */
const cellCounts = memory.data(4 * 64 * 4);
/** The pad is black, and something of another colour lies across. */
export let isAmongColour: bool = false;

/** How many cells a colour (3: dark) fills. */
function cellsOf(colour: i32, pixels: i32): i32 {
  const looked = <f32>(pixels / (3 * CELLS * CELLS));
  let cells = 0;
  for (let cell = 0; cell < CELLS * CELLS; cell++) {
    const count = load<i32>(cellCounts + ((<usize>((colour << 6) + cell)) << 2));
    if (<f32>count > LEAST_IN_CELL * looked) cells++;
  }
  return cells;
}

/** How many of the pixels looked at have a colour. */
function countOf(colour: i32): i32 {
  let count = 0;
  for (let cell = 0; cell < CELLS * CELLS; cell++) {
    count += load<i32>(cellCounts + ((<usize>((colour << 6) + cell)) << 2));
  }
  return count;
}

function countInCell(colour: i32, cell: i32, count: i32): void {
  const p = cellCounts + ((<usize>((colour << 6) + cell)) << 2);
  store<i32>(p, load<i32>(p) + count);
}

/** Channel 0 to 2 of four pixels, 1 on paper. */
export function lightOf(colours: v128, channel: i32): v128 {
  const light = f32x4.div(channelOf(colours, channel), f32x4.splat(at(papers, channel)));
  return clampFour(light, 0.01, 1.1);
}

/** Three channels of the four pixels at hand. */
const lights = memory.data(3 * 16);

/**
 * Finds the pad's colour from the pixels that have one; red unless another clearly prevails. False
 * when hardly any has, but many are dark: the pad is black.
 */
export function findPad(rgba: usize, width: i32, height: i32): bool {
  const pixels = width * height;
  memory.fill(padSums, 0, 36);
  memory.fill(cellCounts, 0, 4 * CELLS * CELLS * 4);
  isAmongColour = false;
  let coloured = 0;
  let dark = 0;
  // Every third pixel, four of them at a time.
  for (let i = 0; i < pixels; i += 12) {
    const p = rgba + ((<usize>i) << 2);
    const two = v128.load32_lane(p + 12, v128.load32_zero(p), 1);
    const four = v128.load32_lane(p + 36, v128.load32_lane(p + 24, two, 2), 3);
    const red = lightOf(four, 0);
    const green = lightOf(four, 1);
    const blue = lightOf(four, 2);
    const most = f32x4.pmax(red, f32x4.pmax(green, blue));
    const spread = f32x4.sub(most, f32x4.pmin(red, f32x4.pmin(green, blue)));
    const here = (1 << min<i32>(4, (pixels - i + 2) / 3)) - 1;
    const unlit = i32x4.bitmask(f32x4.lt(most, f32x4.splat(0.5))) & here;
    let found = i32x4.bitmask(f32x4.ge(spread, f32x4.splat(CHROMA))) & here;
    if ((found | unlit) == 0) continue;
    const y = i / width;
    const cell = ((y * CELLS) / height) * CELLS + ((i - y * width) * CELLS) / width;
    dark += popcnt<i32>(unlit);
    countInCell(3, cell, popcnt<i32>(unlit));
    coloured += popcnt<i32>(found);
    v128.store(lights, red);
    v128.store(lights, green, 16);
    v128.store(lights, blue, 32);
    for (; found != 0; found &= found - 1) countInCell(addColoured(ctz<i32>(found)), cell, 1);
  }
  return choosePad(pixels, coloured, dark);
}

/** Chooses the pad from the sums; so many of the pixels looked at are coloured, and so many dark. */
function choosePad(pixels: i32, coloured: i32, dark: i32): bool {
  lightest = 0;
  inkDarkness = RED_DARKNESS;
  inkInLightest = RED_IN_RED;
  const seen = <f32>(pixels / 3);
  const other = at(padSums, 3) > at(padSums, 6) ? 1 : 2;
  const isOther = at(padSums, 3 * other) > 1.3 * at(padSums, 0) || isWider(other, pixels);
  const pad = isOther ? other : 0;
  // A little blue or green beside much that is dark is writing over a black imprint.
  const least = (pad == 0 ? LEAST_COLOUR : LEAST_COLOUR_BUT_RED) * seen;
  if (<f32>coloured < least && dark > 2 * coloured && <f32>dark > LEAST_DARK * seen) return false;
  if (pad == 0 && <f32>dark > DARKER * <f32>coloured && isWiderThanRed(3, pixels)) {
    isAmongColour = true;
    return false;
  }
  const sum = at(padSums, 3 * pad);
  if (sum == 0) return true;
  const taken = clamp(1.03 - at(padSums, 3 * pad + 1) / sum, RED_IN_RED, 0.65);
  if (pad == 0 && taken < ORDINARY_RED) return true;
  lightest = pad;
  inkInLightest = taken;
  inkDarkness = clamp(1.03 - at(padSums, 3 * pad + 2) / sum, 0.5, RED_DARKNESS);
  return true;
}

function isWiderThanRed(colour: i32, pixels: i32): bool {
  return <f32>cellsOf(colour, pixels) > WIDER * <f32>cellsOf(0, pixels);
}

/** Whether red lies across an imprint of this colour, though it has more colour. */
function isWider(colour: i32, pixels: i32): bool {
  return 2 * countOf(colour) > countOf(0) && isWiderThanRed(colour, pixels);
}

/** Adds one of the four pixels in `lights` to its pad's sums; returns the pad. */
function addColoured(lane: i32): i32 {
  const red = at(lights, lane);
  const green = at(lights, 4 + lane);
  const blue = at(lights, 8 + lane);
  const most = max<f32>(red, max<f32>(green, blue));
  const spread = most - min<f32>(red, min<f32>(green, blue));
  const channel = red == most ? 0 : green == most ? 1 : 2;
  const p = padSums + <usize>(channel * 12);
  const weight = spread * spread;
  store<f32>(p, load<f32>(p) + weight);
  store<f32>(p, load<f32>(p, 4) + weight * most, 4);
  store<f32>(p, load<f32>(p, 8) + weight * 0.5 * (red + green + blue - most), 8);
  return channel;
}
