// PNG (ISO/IEC 15948): every colour type, bit depth and interlacing, chunk CRCs and the stream's
// checksum verified. Not interlaced pictures are made row by row, so their memory is small.
import { take } from '../shared/arena';
import { BAD_FORMAT, OK, OUT_OF_MEMORY, TOO_LARGE, UNSUPPORTED } from '../shared/status';
import { crc32 } from './checksums';
import { finishInflate, inflatedEnd, inflateMore, readZlibHeader, startInflate } from './inflate';
import { BAND_BYTES, MAX_DEFLATE_RATIO, MAX_SIDE } from './limits';
import { proposeDpi, readExif } from './metadata';
import { unfilter } from './png-filter';
import { prepareRows, rowToRgba } from './png-rows';

const SIGNATURE: u64 = 0x0a1a0a0d474e5089;
// Chunk types as their four bytes read as a little-endian word.
const IHDR: u32 = 0x52444849;
const PLTE: u32 = 0x45544c50;
const IDAT: u32 = 0x54414449;
const IEND: u32 = 0x444e4549;
const TRNS: u32 = 0x534e5274;
const PHYS: u32 = 0x73594870;
const EXIF: u32 = 0x66495865;
/** Bit 5 of a type's first letter: the chunk may be ignored (§5.4). */
const ANCILLARY: u32 = 0x20;

// Adam7 (§8.2): first column and row of each pass, and its steps.
const PASS_X = memory.data<u8>([0, 4, 0, 2, 0, 1, 0]);
const PASS_Y = memory.data<u8>([0, 0, 4, 0, 2, 0, 1]);
const PASS_DX = memory.data<u8>([8, 8, 4, 4, 2, 2, 1]);
const PASS_DY = memory.data<u8>([8, 8, 8, 4, 4, 2, 2]);

/** Slack around row buffers for vector loads and stores. */
const ROW_SLACK: usize = 64;

let width: i32 = 0;
let height: i32 = 0;
let bitDepth: i32 = 0;
let colourType: i32 = 0;
let isInterlaced = false;

let palette: usize = 0;
let paletteEntries: i32 = 0;
let transparency: usize = 0;
let transparencyLength: i32 = 0;
/** The stream, gathered from its chunks. */
let data: usize = 0;
let dataLength: usize = 0;

let unread: isize = 0;
let current: usize = 0;
let previous: usize = 0;
let band: usize = 0;
let bandRows: i32 = 0;
let nextRow: i32 = 0;

export function isPng(from: usize, length: i32): bool {
  return length >= 8 && load<u64>(from) == SIGNATURE;
}

export function pngWidth(): i32 {
  return width;
}

export function pngHeight(): i32 {
  return height;
}

/** Reads all chunks of the file at `from`; the picture itself is made by `nextPngBand`. */
export function openPng(from: usize, length: i32, pixelsMax: i32): i32 {
  const status = readHeader(from + 8, length - 8, pixelsMax);
  if (status != OK) return status;
  const gathered = gatherChunks(from + 33, from + <usize>length);
  if (gathered != OK) return gathered;
  if (paletteEntries == 0 && colourType == 3) return BAD_FORMAT;
  const expected = expectedBytes();
  // A stream that is too short for the picture is refused before memory is taken for it.
  if (<i64>expected > <i64>dataLength * MAX_DEFLATE_RATIO) return BAD_FORMAT;
  return prepare(expected);
}

// §11.2.2
function readHeader(at: usize, left: i32, pixelsMax: i32): i32 {
  if (left < 25) return BAD_FORMAT;
  if (bswap(load<u32>(at)) != 13 || load<u32>(at, 4) != IHDR) return BAD_FORMAT;
  if (crc32(at + 4, 17) != bswap(load<u32>(at, 21))) return BAD_FORMAT;
  const columns = bswap(load<u32>(at, 8));
  const rows = bswap(load<u32>(at, 12));
  if (columns == 0 || rows == 0) return BAD_FORMAT;
  if (columns > <u32>MAX_SIDE || rows > <u32>MAX_SIDE) return TOO_LARGE;
  if (<i32>(columns * rows) > pixelsMax) return TOO_LARGE;
  width = columns;
  height = rows;
  bitDepth = load<u8>(at, 16);
  colourType = load<u8>(at, 17);
  if (load<u8>(at, 18) != 0 || load<u8>(at, 19) != 0 || load<u8>(at, 20) > 1) return UNSUPPORTED;
  isInterlaced = load<u8>(at, 20) == 1;
  return isLegalDepth() ? OK : BAD_FORMAT;
}

// §11.2.2, table of allowed combinations
function isLegalDepth(): bool {
  if (colourType == 0) return bitDepth <= 16 && popcnt(bitDepth) == 1;
  if (colourType == 3) return bitDepth <= 8 && popcnt(bitDepth) == 1;
  if (colourType == 2 || colourType == 4 || colourType == 6) return bitDepth == 8 || bitDepth == 16;
  return false;
}

/** Walks the chunks after IHDR, checks them, and moves the data together in place. */
function gatherChunks(from: usize, end: usize): i32 {
  palette = 0;
  paletteEntries = 0;
  transparency = 0;
  transparencyLength = 0;
  data = 0;
  dataLength = 0;
  let dataEnded = false;
  let at = from;
  while (end - at >= 12) {
    const length = <usize>bswap(load<u32>(at));
    const type = load<u32>(at, 4);
    const body = at + 8;
    if (length > end - body - 4) return BAD_FORMAT;
    if (crc32(at + 4, length + 4) != bswap(load<u32>(body + length))) return BAD_FORMAT;
    at = body + length + 4;
    if (type == IDAT) {
      if (dataEnded) return BAD_FORMAT;
      if (data == 0) data = body;
      memory.copy(data + dataLength, body, length);
      dataLength += length;
      continue;
    }
    dataEnded = data != 0;
    if (type == IEND) return dataEnded ? OK : BAD_FORMAT;
    const status = readChunk(type, body, length);
    if (status != OK) return status;
  }
  return BAD_FORMAT;
}

function readChunk(type: u32, body: usize, length: usize): i32 {
  if (type == PLTE) {
    // §11.2.3; a palette beside true colour is only a suggestion
    if (palette != 0 || data != 0 || length == 0 || length > 768 || length % 3 != 0) {
      return BAD_FORMAT;
    }
    if (colourType == 0 || colourType == 4) return BAD_FORMAT;
    palette = body;
    paletteEntries = <i32>(length / 3);
    if (colourType == 3 && paletteEntries > 1 << bitDepth) return BAD_FORMAT;
  } else if (type == TRNS) {
    return readTransparency(body, length);
  } else if (type == PHYS && length == 9 && load<u8>(body, 8) == 1) {
    // §11.3.5.3: pixels a metre
    proposeDpi(<f64>bswap(load<u32>(body)) * 0.0254, <f64>bswap(load<u32>(body, 4)) * 0.0254);
  } else if (type == EXIF) {
    readExif(body, length);
  } else if ((type & ANCILLARY) == 0) {
    return type == IHDR ? BAD_FORMAT : UNSUPPORTED;
  }
  return OK;
}

// §11.3.2.1
function readTransparency(body: usize, length: usize): i32 {
  if (transparency != 0 || data != 0) return BAD_FORMAT;
  if (colourType == 3) {
    if (palette == 0 || length > <usize>paletteEntries) return BAD_FORMAT;
  } else if (colourType == 0) {
    if (length != 2) return BAD_FORMAT;
  } else if (colourType == 2) {
    if (length != 6) return BAD_FORMAT;
  } else {
    return BAD_FORMAT;
  }
  transparency = body;
  transparencyLength = <i32>length;
  return OK;
}

function bitsPerPixel(): i32 {
  const channels = colourType == 2 ? 3 : colourType == 4 ? 2 : colourType == 6 ? 4 : 1;
  return channels * bitDepth;
}

/** Bytes of a filtered row of `columns` pixels, without its filter byte. */
function rowBytes(columns: i32): i32 {
  return (columns * bitsPerPixel() + 7) >> 3;
}

function passColumns(pass: i32): i32 {
  const step = <i32>load<u8>(PASS_DX + pass);
  return (width - <i32>load<u8>(PASS_X + pass) + step - 1) / step;
}

function passRows(pass: i32): i32 {
  const step = <i32>load<u8>(PASS_DY + pass);
  return (height - <i32>load<u8>(PASS_Y + pass) + step - 1) / step;
}

function expectedBytes(): u64 {
  if (!isInterlaced) return <u64>(rowBytes(width) + 1) * <u64>height;
  let total: u64 = 0;
  for (let pass = 0; pass < 7; pass++) {
    const columns = passColumns(pass);
    if (columns > 0) total += <u64>(rowBytes(columns) + 1) * <u64>passRows(pass);
  }
  return total;
}

function prepare(expected: u64): i32 {
  const longest = <usize>rowBytes(width) + 1;
  unread = <isize>startInflate(data, dataLength, expected, longest);
  const rows = take(2 * (longest + 2 * ROW_SLACK));
  bandRows = isInterlaced ? height : min(height, BAND_BYTES / (width << 2));
  band = take(((<usize>(width * bandRows)) << 2) + ROW_SLACK);
  if (unread == 0 || rows == 0 || band == 0) return OUT_OF_MEMORY;
  current = rows + ROW_SLACK;
  previous = current + longest + ROW_SLACK;
  nextRow = 0;
  prepareRows(colourType, bitDepth, palette, paletteEntries, transparency, transparencyLength);
  return readZlibHeader();
}

/** Makes the next rows at `pngBand()`; returns their number, 0 after the last, or a status. */
export function nextPngBand(): i32 {
  const start = nextRow;
  if (start >= height) return 0;
  const status = isInterlaced ? readPasses() : readBand();
  if (status != OK) return status;
  if (nextRow == height) {
    const end = finishInflate();
    if (end != OK || inflatedEnd() != <usize>unread) return BAD_FORMAT;
  }
  return nextRow - start;
}

export function pngBand(): usize {
  return band;
}

function readBand(): i32 {
  const bytes = rowBytes(width);
  if (nextRow == 0) memory.fill(previous, 0, bytes);
  const end = min(height, nextRow + bandRows);
  let target = band;
  for (; nextRow < end; nextRow++) {
    const status = readRow(bytes);
    if (status != OK) return status;
    if (!rowToRgba(current, width, target)) return BAD_FORMAT;
    target += width << 2;
    swapRows();
  }
  return OK;
}

function swapRows(): void {
  const row = current;
  current = previous;
  previous = row;
}

/** Brings the next filtered row into `current`, reversing its filter against `previous`. */
function readRow(bytes: i32): i32 {
  const needed = <usize>bytes + 1;
  while (inflatedEnd() - <usize>unread < needed) {
    const before = inflatedEnd() - <usize>unread;
    const moved = inflateMore(<usize>unread);
    if (moved < 0) return <i32>moved;
    unread = moved;
    if (inflatedEnd() - <usize>unread == before) return BAD_FORMAT;
  }
  const filter = load<u8>(<usize>unread);
  const distance = max(1, bitsPerPixel() >> 3);
  if (!unfilter(filter, <usize>unread + 1, previous, current, bytes, distance)) return BAD_FORMAT;
  unread += <isize>needed;
  return OK;
}

/** Reads all seven passes and spreads their pixels over the whole picture. */
function readPasses(): i32 {
  const spread = take(((<usize>width) << 2) + ROW_SLACK);
  if (spread == 0) return OUT_OF_MEMORY;
  for (let pass = 0; pass < 7; pass++) {
    const columns = passColumns(pass);
    const rows = passRows(pass);
    if (columns <= 0 || rows <= 0) continue;
    const bytes = rowBytes(columns);
    memory.fill(previous, 0, bytes);
    const stepX = (<usize>load<u8>(PASS_DX + pass)) << 2;
    for (let row = 0; row < rows; row++) {
      const status = readRow(bytes);
      if (status != OK) return status;
      if (!rowToRgba(current, columns, spread)) return BAD_FORMAT;
      const y = <i32>load<u8>(PASS_Y + pass) + row * <i32>load<u8>(PASS_DY + pass);
      let target = band + ((<usize>(y * width + <i32>load<u8>(PASS_X + pass))) << 2);
      for (let column = 0; column < columns; column++, target += stepX) {
        store<u32>(target, load<u32>(spread + (column << 2)));
      }
      swapRows();
    }
  }
  nextRow = height;
  return OK;
}
