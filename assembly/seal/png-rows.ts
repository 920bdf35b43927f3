// From PNG samples to opaque RGBA: bit depths scaled to 8 bits (ISO/IEC 15948 §13.12), palettes
// looked up, transparency laid on white paper, so that what lies hidden under it is never ink.

const GREY: i32 = 0;
const TRUE_COLOUR: i32 = 2;
const INDEXED: i32 = 3;
const GREY_ALPHA: i32 = 4;

const OPAQUE: u32 = 0xff000000;
const WHITE: u32 = 0xffffffff;

/** RGBA of each grey value or palette index; 0 where the palette has no entry. */
const lookup = memory.data(256 * 4);

let colour: i32 = 0;
let depth: i32 = 0;
/** The transparent sample values of tRNS for grey and true colour, or -1. */
let clearRed: i32 = -1;
let clearGreen: i32 = -1;
let clearBlue: i32 = -1;

/** Sets up for one picture; the pointers may be 0 when their chunk is absent. */
export function prepareRows(
  colourType: i32,
  bitDepth: i32,
  palette: usize,
  entries: i32,
  transparency: usize,
  transparencyLength: i32,
): void {
  colour = colourType;
  depth = bitDepth;
  clearRed = -1;
  if (transparency != 0 && colour != INDEXED) {
    // §11.3.2.1: only the low bits of the depth count.
    const mask = (1 << depth) - 1;
    clearRed = <i32>bswap(load<u16>(transparency)) & mask;
    if (colour == TRUE_COLOUR) {
      clearGreen = <i32>bswap(load<u16>(transparency, 2)) & mask;
      clearBlue = <i32>bswap(load<u16>(transparency, 4)) & mask;
    }
  }
  if (colour == INDEXED) preparePalette(palette, entries, transparency, transparencyLength);
  else if (colour == GREY && depth <= 8) prepareGrey();
}

function preparePalette(palette: usize, entries: i32, alphas: usize, alphaCount: i32): void {
  memory.fill(lookup, 0, 256 * 4);
  for (let index = 0; index < entries; index++) {
    const at = palette + index * 3;
    const alpha: u32 = index < alphaCount ? load<u8>(alphas + index) : 255;
    const pixel = onPaper(load<u8>(at), load<u8>(at, 1), load<u8>(at, 2), alpha);
    store<u32>(lookup + (index << 2), pixel);
  }
}

function prepareGrey(): void {
  const most = (1 << depth) - 1;
  for (let value = 0; value <= most; value++) {
    const grey = <u32>((value * 255) / most);
    store<u32>(lookup + (value << 2), value == clearRed ? WHITE : OPAQUE | (grey * 0x010101));
  }
}

/** The opaque pixel that this one makes on white paper. */
function onPaper(red: u32, green: u32, blue: u32, alpha: u32): u32 {
  return OPAQUE | (over(blue, alpha) << 16) | (over(green, alpha) << 8) | over(red, alpha);
}

function over(value: u32, alpha: u32): u32 {
  return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

/** A big-endian 16-bit sample as 8 bits, rounded. */
function to8(at: usize): u32 {
  return (<u32>bswap(load<u16>(at)) * 255 + 32767) / 65535;
}

/** Converts one unfiltered row; false when it holds an index that the palette lacks. */
export function rowToRgba(row: usize, columns: i32, target: usize): bool {
  if (colour == INDEXED || (colour == GREY && depth <= 8)) return fromLookup(row, columns, target);
  if (depth == 16) fromWide(row, columns, target);
  else if (colour == TRUE_COLOUR) fromRgb(row, columns, target);
  else if (colour == GREY_ALPHA) fromGreyAlpha(row, columns, target);
  else fromRgba(row, columns, target);
  return true;
}

function fromLookup(row: usize, columns: i32, target: usize): bool {
  let seen: u32 = WHITE;
  const mask: u32 = (1 << depth) - 1;
  for (let column = 0; column < columns; column++) {
    const bit = column * depth;
    const shift = 8 - depth - (bit & 7);
    const value = (<u32>load<u8>(row + (bit >> 3)) >>> shift) & mask;
    const pixel = load<u32>(lookup + (value << 2));
    seen &= pixel;
    store<u32>(target + (column << 2), pixel);
  }
  return seen >>> 24 != 0;
}

function fromRgb(row: usize, columns: i32, target: usize): void {
  if (clearRed >= 0) {
    const clear = (clearBlue << 16) | (clearGreen << 8) | clearRed;
    for (let column = 0; column < columns; column++) {
      const value = load<u32>(row + column * 3) & 0xffffff;
      store<u32>(target + (column << 2), value == <u32>clear ? WHITE : OPAQUE | value);
    }
    return;
  }
  const opaque = i32x4.splat(OPAQUE);
  for (let column = 0; column < columns; column += 4) {
    const bytes = v128.load(row + column * 3);
    const spread = i8x16.shuffle(
      bytes,
      opaque,
      0,
      1,
      2,
      19,
      3,
      4,
      5,
      19,
      6,
      7,
      8,
      19,
      9,
      10,
      11,
      19,
    );
    v128.store(target + (column << 2), spread);
  }
}

function fromGreyAlpha(row: usize, columns: i32, target: usize): void {
  for (let column = 0; column < columns; column++) {
    const at = row + (column << 1);
    const grey = over(load<u8>(at), load<u8>(at, 1));
    store<u32>(target + (column << 2), OPAQUE | (grey * 0x010101));
  }
}

function fromRgba(row: usize, columns: i32, target: usize): void {
  for (let column = 0; column < columns; column++) {
    const value = load<u32>(row + (column << 2));
    const alpha = value >>> 24;
    const pixel =
      alpha == 255
        ? value
        : onPaper(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, alpha);
    store<u32>(target + (column << 2), pixel);
  }
}

/** All colour types with 16 bits a sample; tRNS compares the full 16 bits. */
function fromWide(row: usize, columns: i32, target: usize): void {
  const isGrey = colour == GREY || colour == GREY_ALPHA;
  const channels = isGrey ? 1 : 3;
  const hasAlpha = colour >= GREY_ALPHA;
  const step = (channels + (hasAlpha ? 1 : 0)) << 1;
  let at = row;
  for (let column = 0; column < columns; column++, at += step) {
    const red = to8(at);
    const green = isGrey ? red : to8(at + 2);
    const blue = isGrey ? red : to8(at + 4);
    let alpha: u32 = hasAlpha ? to8(at + (channels << 1)) : 255;
    if (clearRed >= 0 && isClear(at, isGrey)) alpha = 0;
    store<u32>(target + (column << 2), onPaper(red, green, blue, alpha));
  }
}

function isClear(at: usize, isGrey: bool): bool {
  if (<i32>bswap(load<u16>(at)) != clearRed) return false;
  if (isGrey) return true;
  return <i32>bswap(load<u16>(at, 2)) == clearGreen && <i32>bswap(load<u16>(at, 4)) == clearBlue;
}
