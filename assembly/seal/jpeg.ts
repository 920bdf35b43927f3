// JPEG (ITU-T T.81): baseline, extended and progressive with Huffman coding and 8 bits a sample;
// one, three or four components with any legal sampling. All scans are decoded first, into planes
// of samples, then rows of pixels are made from the planes band by band.
import { take, takeZeroed } from '../shared/arena';
import { BAD_FORMAT, OK, OUT_OF_MEMORY, TOO_LARGE, UNSUPPORTED } from '../shared/status';
import { applyBlack, rowFromRgb, rowFromYcc } from './colour';
import {
  buildHuffman,
  decodeAcFirst,
  decodeBlock,
  decodeDcFirst,
  hasAc,
  hasOnlyDc,
  isExhausted,
  openInterval,
  refineAc,
  refineDc,
  TABLE_BYTES,
  ZIGZAG,
} from './huffman';
import { inverseDct, inverseDctOfDc } from './idct';
import { BAND_BYTES, MAX_SCANS, MAX_SIDE } from './limits';
import { proposeDpi, readExif } from './metadata';
import {
  prepareUpsampling,
  repeatSamples,
  upsampleAcross,
  upsampleBoth,
  upsampleDown,
} from './upsample';

// Markers (table B.1), second byte.
const SOF0: u32 = 0xc0;
const SOF1: u32 = 0xc1;
const SOF2: u32 = 0xc2;
const DHT: u32 = 0xc4;
const SOF15: u32 = 0xcf;
const RST0: u32 = 0xd0;
const EOI: u32 = 0xd9;
const SOS: u32 = 0xda;
const DQT: u32 = 0xdb;
const DNL: u32 = 0xdc;
const DRI: u32 = 0xdd;
const APP0: u32 = 0xe0;
const APP1: u32 = 0xe1;
const APP14: u32 = 0xee;
const APP15: u32 = 0xef;
const COM: u32 = 0xfe;

/** Blocks of all components in an MCU (§B.2.3). */
const MAX_MCU_BLOCKS: i32 = 10;
/** Slack behind planes and rows for vector loads and stores. */
const SLACK: usize = 64;
/** Approximation state of a coefficient that no scan has sent yet. */
const UNSENT: u8 = 0xff;

@unmanaged
class Component {
  id: i32;
  /** Sampling factors across and down. */
  h: i32;
  v: i32;
  quantiser: i32;
  /** Samples that the picture has, and blocks with the padding of whole MCUs. */
  columns: i32;
  rows: i32;
  blocksAcross: i32;
  blocksDown: i32;
  /** Samples, or while progressive scans come in the coefficients that they replace. */
  plane: usize;
  stride: usize;
  dcTable: i32;
  acTable: i32;
  prediction: i32;
  isSent: bool;
  /** 64 i16 steps, row-major: the quantiser as it was at the component's first scan. */
  steps: usize;
  /** 64 bytes: how many low bits of each coefficient are still missing. */
  missing: usize;
  /** A row of full width for upsampled samples. */
  wide: usize;
}

/** At least the size of a `Component`; `component` checks it. */
const COMPONENT_BYTES: i32 = 80;
const components = memory.data(4 * COMPONENT_BYTES, 16);
/** Indices of the scan's components. */
const scanned = memory.data(4);
/** Four quantisers of 64 u16 in the order sent; set bits of `quantisersSeen` are defined. */
const quantisers = memory.data(4 * 128, 16);
/** One sequential block. */
const block = memory.data(128, 16);

let end: usize = 0;
let at: usize = 0;
let pixelsMax: i32 = 0;

let width: i32 = 0;
let height: i32 = 0;
let isProgressive = false;
let componentCount: i32 = 0;
let mostH: i32 = 1;
let mostV: i32 = 1;
let mcusAcross: i32 = 0;
let mcusDown: i32 = 0;
let restartInterval: i32 = 0;
let quantisersSeen: u32 = 0;
/** Bits 0-3 DC, 4-7 AC tables that are defined, and those that are derived for decoding. */
let tablesSeen: u32 = 0;
let tablesBuilt: u32 = 0;
let tables: usize = 0;
let hasJfif = false;
/** The transform of an Adobe marker, or -1. */
let adobeTransform: i32 = -1;

let scanCount: i32 = 0;
let scannedCount: i32 = 0;
let bandFirst: i32 = 0;
let bandLast: i32 = 0;
let approximationHigh: i32 = 0;
let approximationLow: i32 = 0;

let band: usize = 0;
let bandRows: i32 = 0;
let nextRow: i32 = 0;

function component(index: i32): Component {
  assert(<i32>offsetof<Component>() <= COMPONENT_BYTES);
  return changetype<Component>(components + <usize>(index * COMPONENT_BYTES));
}

export function isJpeg(from: usize, length: i32): bool {
  return length >= 3 && load<u16>(from) == 0xd8ff && load<u8>(from, 2) == 0xff;
}

export function jpegWidth(): i32 {
  return width;
}

export function jpegHeight(): i32 {
  return height;
}

export function jpegBand(): usize {
  return band;
}

/** Reads the whole file at `from` into planes; `nextJpegBand` makes pixels of them. */
export function openJpeg(from: usize, length: i32, limit: i32): i32 {
  pixelsMax = limit;
  end = from + length;
  at = from + 2;
  width = 0;
  height = 0;
  componentCount = 0;
  restartInterval = 0;
  quantisersSeen = 0;
  tablesSeen = 0;
  tablesBuilt = 0;
  hasJfif = false;
  adobeTransform = -1;
  scanCount = 0;
  nextRow = 0;
  tables = take(8 * TABLE_BYTES);
  if (tables == 0) return OUT_OF_MEMORY;
  const status = readSegments();
  return status == OK ? prepareBands() : status;
}

function readSegments(): i32 {
  while (true) {
    if (at + 2 > end || load<u8>(at) != 0xff) return BAD_FORMAT;
    const marker = <u32>load<u8>(at, 1);
    if (marker == 0xff) {
      at++;
      continue;
    }
    at += 2;
    if (marker == EOI) return isComplete() ? OK : BAD_FORMAT;
    if (at + 2 > end) return BAD_FORMAT;
    const length = <usize>bswap(load<u16>(at));
    if (length < 2 || length > end - at) return BAD_FORMAT;
    const body = at + 2;
    at += length;
    const status = readSegment(marker, body, length - 2);
    if (status != OK) return status;
  }
}

function readSegment(marker: u32, body: usize, length: usize): i32 {
  if (marker == SOS) return readScan(body, length);
  if (marker == DQT) return readQuantisers(body, length);
  if (marker == DHT) return readTables(body, length);
  if (marker == DRI) {
    if (length != 2) return BAD_FORMAT;
    restartInterval = bswap(load<u16>(body));
    return OK;
  }
  if (marker == SOF0 || marker == SOF1 || marker == SOF2) {
    isProgressive = marker == SOF2;
    return readFrame(body, length);
  }
  // Lossless, hierarchical and arithmetic frames and their tables; the number of lines sent late.
  if (marker >= SOF0 && marker <= SOF15) return UNSUPPORTED;
  if (marker == DNL || marker == 0xde || marker == 0xdf) return UNSUPPORTED;
  if (marker == APP0) readJfif(body, length);
  else if (marker == APP1) readApp1(body, length);
  else if (marker == APP14) readAdobe(body, length);
  else if (marker != COM && (marker < APP0 || marker > APP15)) return BAD_FORMAT;
  return OK;
}

function readJfif(body: usize, length: usize): void {
  // "JFIF\0", version, units, densities
  if (length < 14 || load<u32>(body) != 0x4649464a || load<u8>(body, 4) != 0) return;
  hasJfif = true;
  const units = load<u8>(body, 7);
  const factor: f64 = units == 1 ? 1 : units == 2 ? 2.54 : 0;
  const x = <f64>bswap(load<u16>(body, 8)) * factor;
  const y = <f64>bswap(load<u16>(body, 10)) * factor;
  proposeDpi(x, y);
}

function readApp1(body: usize, length: usize): void {
  // "Exif\0\0"
  if (length < 6 || load<u32>(body) != 0x66697845 || load<u16>(body, 4) != 0) return;
  readExif(body + 6, length - 6);
}

function readAdobe(body: usize, length: usize): void {
  // "Adobe", version, two flags, transform
  if (length < 12 || load<u32>(body) != 0x626f6441 || load<u8>(body, 4) != 0x65) return;
  adobeTransform = load<u8>(body, 11);
}

// §B.2.4.1
function readQuantisers(body: usize, length: usize): i32 {
  let from = body;
  const last = body + length;
  while (from < last) {
    const head = <u32>load<u8>(from++);
    const isWide = head >>> 4;
    const index = head & 15;
    if (isWide > 1 || index > 3) return BAD_FORMAT;
    const size = (<usize>64) << isWide;
    if (last - from < size) return BAD_FORMAT;
    const table = quantisers + (index << 7);
    for (let k: usize = 0; k < 64; k++) {
      const step = isWide ? bswap(load<u16>(from + (k << 1))) : <u16>load<u8>(from + k);
      if (step == 0) return BAD_FORMAT;
      store<u16>(table + (k << 1), step);
    }
    quantisersSeen |= 1 << index;
    from += size;
  }
  return OK;
}

function tableAt(index: i32): usize {
  return tables + <usize>index * TABLE_BYTES;
}

// §B.2.4.2; look-ups are derived when a scan uses the table.
function readTables(body: usize, length: usize): i32 {
  let from = body;
  const last = body + length;
  while (from < last) {
    if (last - from < 17) return BAD_FORMAT;
    const head = <u32>load<u8>(from++);
    if (head >>> 4 > 1 || (head & 15) > 3) return BAD_FORMAT;
    let symbols: usize = 0;
    for (let length: usize = 0; length < 16; length++) symbols += load<u8>(from + length);
    if (symbols > 256 || last - from < 16 + symbols) return BAD_FORMAT;
    const index = <i32>(((head >>> 4) << 2) | (head & 15));
    memory.copy(tableAt(index), from, 16 + symbols);
    tablesSeen |= 1 << index;
    tablesBuilt &= ~(1 << index);
    from += 16 + symbols;
  }
  return OK;
}

function useTable(index: i32): bool {
  const bit: u32 = 1 << index;
  if ((tablesSeen & bit) == 0) return false;
  if ((tablesBuilt & bit) == 0) {
    if (!buildHuffman(tableAt(index), index < 4)) return false;
    tablesBuilt |= bit;
  }
  return true;
}

// §B.2.2
function readFrame(body: usize, length: usize): i32 {
  if (componentCount != 0 || length < 6) return BAD_FORMAT;
  if (load<u8>(body) != 8) return UNSUPPORTED;
  height = bswap(load<u16>(body, 1));
  width = bswap(load<u16>(body, 3));
  const count = <i32>load<u8>(body, 5);
  if (width == 0) return BAD_FORMAT;
  // Height 0 announces that DNL will tell it.
  if (height == 0) return UNSUPPORTED;
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > pixelsMax) return TOO_LARGE;
  if (count != 1 && count != 3 && count != 4) return UNSUPPORTED;
  if (length != 6 + <usize>count * 3) return BAD_FORMAT;
  mostH = 1;
  mostV = 1;
  for (let index = 0; index < count; index++) {
    const from = body + 6 + index * 3;
    const each = component(index);
    each.id = load<u8>(from);
    each.h = load<u8>(from, 1) >> 4;
    each.v = load<u8>(from, 1) & 15;
    each.quantiser = load<u8>(from, 2);
    if (each.h < 1 || each.h > 4 || each.v < 1 || each.v > 4 || each.quantiser > 3) {
      return BAD_FORMAT;
    }
    for (let other = 0; other < index; other++) {
      if (component(other).id == each.id) return BAD_FORMAT;
    }
    mostH = max(mostH, each.h);
    mostV = max(mostV, each.v);
  }
  componentCount = count;
  layOut();
  return OK;
}

function divideUp(value: i32, by: i32): i32 {
  return (value + by - 1) / by;
}

function layOut(): void {
  mcusAcross = divideUp(width, 8 * mostH);
  mcusDown = divideUp(height, 8 * mostV);
  for (let index = 0; index < componentCount; index++) {
    const each = component(index);
    each.columns = divideUp(width * each.h, mostH);
    each.rows = divideUp(height * each.v, mostV);
    each.blocksAcross = mcusAcross * each.h;
    each.blocksDown = mcusDown * each.v;
    each.stride = (<usize>each.blocksAcross) << 3;
    each.plane = 0;
    each.isSent = false;
  }
}

/** Memory for all planes or, of a progressive picture, coefficients; at the first scan. */
function takePlanes(): i32 {
  for (let index = 0; index < componentCount; index++) {
    const each = component(index);
    const blocks = <usize>(each.blocksAcross * each.blocksDown);
    each.steps = take(128);
    each.missing = take(64);
    if (each.steps == 0 || each.missing == 0) return OUT_OF_MEMORY;
    memory.fill(each.missing, UNSENT, 64);
    each.plane = isProgressive ? takeZeroed((blocks << 7) + SLACK) : take((blocks << 6) + SLACK);
    // The need follows from the header alone, so the picture is too large for the memory allowed.
    if (each.plane == 0) return TOO_LARGE;
  }
  return OK;
}

// §B.2.3
function readScan(body: usize, length: usize): i32 {
  if (componentCount == 0 || length < 1 || ++scanCount > MAX_SCANS) return BAD_FORMAT;
  scannedCount = load<u8>(body);
  if (scannedCount < 1 || scannedCount > componentCount) return BAD_FORMAT;
  if (length != 4 + ((<usize>scannedCount) << 1)) return BAD_FORMAT;
  let blocks = 0;
  let before = -1;
  for (let place = 0; place < scannedCount; place++) {
    const from = body + 1 + (place << 1);
    const index = indexOf(load<u8>(from));
    // Components stand in the order of the frame, so none comes twice.
    if (index <= before) return BAD_FORMAT;
    before = index;
    store<u8>(scanned + place, index);
    const each = component(index);
    each.dcTable = load<u8>(from, 1) >> 4;
    each.acTable = load<u8>(from, 1) & 15;
    if (each.dcTable > 3 || each.acTable > 3) return BAD_FORMAT;
    blocks += each.h * each.v;
  }
  if (scannedCount > 1 && blocks > MAX_MCU_BLOCKS) return BAD_FORMAT;
  const tail = body + 1 + (scannedCount << 1);
  bandFirst = load<u8>(tail);
  bandLast = load<u8>(tail, 1);
  approximationHigh = load<u8>(tail, 2) >> 4;
  approximationLow = load<u8>(tail, 2) & 15;
  const status = isProgressive ? checkProgression() : checkSequential();
  if (status != OK) return status;
  if (!isPlausiblyLong()) return BAD_FORMAT;
  if (component(0).plane == 0) {
    const taken = takePlanes();
    if (taken != OK) return taken;
  }
  for (let place = 0; place < scannedCount; place++) {
    if (!beginComponent(component(load<u8>(scanned + place)))) return BAD_FORMAT;
  }
  return decodeScan();
}

function indexOf(id: i32): i32 {
  for (let index = 0; index < componentCount; index++) {
    if (component(index).id == id) return index;
  }
  return -1;
}

function checkSequential(): i32 {
  if (bandFirst != 0 || bandLast != 63 || approximationHigh != 0 || approximationLow != 0) {
    return BAD_FORMAT;
  }
  for (let place = 0; place < scannedCount; place++) {
    const each = component(load<u8>(scanned + place));
    if (each.isSent) return BAD_FORMAT;
    if (!useTable(each.dcTable) || !useTable(4 + each.acTable)) return BAD_FORMAT;
  }
  return OK;
}

// §G.1.1.1: DC apart from AC, AC one component a scan.
function checkProgression(): i32 {
  if (approximationLow > 13) return BAD_FORMAT;
  if (approximationHigh != 0 && approximationHigh != approximationLow + 1) return BAD_FORMAT;
  if (bandFirst == 0) {
    if (bandLast != 0) return BAD_FORMAT;
    if (approximationHigh != 0) return OK;
    for (let place = 0; place < scannedCount; place++) {
      if (!useTable(component(load<u8>(scanned + place)).dcTable)) return BAD_FORMAT;
    }
    return OK;
  }
  if (bandLast < bandFirst || bandLast > 63 || scannedCount != 1) return BAD_FORMAT;
  return useTable(4 + component(load<u8>(scanned)).acTable) ? OK : BAD_FORMAT;
}

/**
 * Whether the rest of the file can hold the scan at all: every DC coefficient takes a bit, in a
 * sequential scan every block two. So a short file with a large header takes no memory.
 */
function isPlausiblyLong(): bool {
  let bits: i64 = 0;
  for (let place = 0; place < scannedCount; place++) {
    const each = component(load<u8>(scanned + place));
    bits += <i64>divideUp(each.columns, 8) * <i64>divideUp(each.rows, 8);
  }
  if (!isProgressive) bits <<= 1;
  else if (bandFirst > 0) bits = 0;
  return (<i64>(end - at)) << 3 >= bits;
}

/**
 * Notes what the scan brings for its component. Each bit of a coefficient may be sent once and in
 * order (§G.1.1.1.2), which bounds the work that a file can ask for.
 */
function beginComponent(each: Component): bool {
  each.prediction = 0;
  if (!each.isSent) {
    if ((quantisersSeen & (1 << each.quantiser)) == 0) return false;
    const table = quantisers + (each.quantiser << 7);
    for (let k: usize = 0; k < 64; k++) {
      const place = (<usize>load<u8>(ZIGZAG + k)) << 1;
      store<u16>(each.steps + place, load<u16>(table + (k << 1)));
    }
    each.isSent = true;
  }
  if (!isProgressive) return true;
  // AC needs the first DC scan before it.
  if (bandFirst > 0 && load<u8>(each.missing) == UNSENT) return false;
  const expected = approximationHigh == 0 ? UNSENT : <u8>approximationHigh;
  for (let k = bandFirst; k <= bandLast; k++) {
    if (load<u8>(each.missing + k) != expected) return false;
    store<u8>(each.missing + k, approximationLow);
  }
  return true;
}

/** Decodes the entropy-coded data that follow the scan header, interval by interval. */
function decodeScan(): i32 {
  const only = component(load<u8>(scanned));
  const isSingle = scannedCount == 1;
  const across = isSingle ? divideUp(only.columns, 8) : mcusAcross;
  const total = across * (isSingle ? divideUp(only.rows, 8) : mcusDown);
  const step = restartInterval > 0 ? restartInterval : total;
  let restarts: u32 = 0;
  for (let first = 0; first < total; first += step) {
    if (first > 0) {
      if (<u32>load<u8>(at, 1) != RST0 + (restarts & 7)) return BAD_FORMAT;
      restarts++;
      at += 2;
    }
    const marker = openInterval(at, end);
    if (marker == 0) return BAD_FORMAT;
    at = marker;
    for (let place = 0; place < scannedCount; place++) {
      component(load<u8>(scanned + place)).prediction = 0;
    }
    const last = min(total, first + step);
    for (let mcu = first; mcu < last; mcu++) {
      const row = mcu / across;
      const column = mcu - row * across;
      const isGood = isSingle ? decodeOne(only, column, row) : decodeMcu(column, row);
      if (!isGood) return BAD_FORMAT;
    }
  }
  return OK;
}

function decodeMcu(column: i32, row: i32): bool {
  for (let place = 0; place < scannedCount; place++) {
    const each = component(load<u8>(scanned + place));
    for (let y = 0; y < each.v; y++) {
      for (let x = 0; x < each.h; x++) {
        if (!decodeOne(each, column * each.h + x, row * each.v + y)) return false;
      }
    }
  }
  return true;
}

function decodeOne(each: Component, column: i32, row: i32): bool {
  return isProgressive
    ? decodeCoefficients(each, each.plane + ((row * each.blocksAcross + column) << 7))
    : decodeSamples(each, each.plane + ((<usize>row) << 3) * each.stride + (column << 3));
}

function decodeSamples(each: Component, target: usize): bool {
  for (let row: usize = 0; row < 128; row += 16) v128.store(block + row, i64x2.splat(0));
  const dc = tableAt(each.dcTable);
  const value = decodeBlock(dc, tableAt(4 + each.acTable), each.prediction, block);
  if (value == i32.MIN_VALUE || isExhausted()) return false;
  each.prediction = value;
  if (hasAc) inverseDct(block, each.steps, target, each.stride);
  else inverseDctOfDc(value * <i32>load<u16>(each.steps), target, each.stride);
  return true;
}

function decodeCoefficients(each: Component, target: usize): bool {
  if (bandFirst == 0) {
    if (approximationHigh == 0) {
      const dc = tableAt(each.dcTable);
      const value = decodeDcFirst(dc, each.prediction, approximationLow, target);
      if (value == i32.MIN_VALUE) return false;
      each.prediction = value;
    } else {
      refineDc(approximationLow, target);
    }
  } else {
    const ac = tableAt(4 + each.acTable);
    const status =
      approximationHigh == 0
        ? decodeAcFirst(ac, bandFirst, bandLast, approximationLow, target)
        : refineAc(ac, bandFirst, bandLast, approximationLow, target);
    if (status != OK) return false;
  }
  return !isExhausted();
}

function isComplete(): bool {
  if (componentCount == 0) return false;
  for (let index = 0; index < componentCount; index++) {
    if (!component(index).isSent) return false;
  }
  return true;
}

/**
 * Replaces a component's coefficients by its samples in the same memory: a row of blocks is read
 * before the half as long row of samples is written over its front.
 */
function coefficientsToSamples(each: Component, scratch: usize): void {
  const rowSamples = each.stride << 3;
  for (let row = 0; row < each.blocksDown; row++) {
    let from = each.plane + <usize>row * (rowSamples << 1);
    for (let column = 0; column < each.blocksAcross; column++, from += 128) {
      const target = scratch + (column << 3);
      if (hasOnlyDc(from)) {
        const dc = <i32>load<i16>(from) * <i32>load<u16>(each.steps);
        inverseDctOfDc(dc, target, each.stride);
      } else {
        inverseDct(from, each.steps, target, each.stride);
      }
    }
    memory.copy(each.plane + <usize>row * rowSamples, scratch, rowSamples);
  }
}

function prepareBands(): i32 {
  let longest: usize = 0;
  for (let index = 0; index < componentCount; index++)
    longest = max(longest, component(index).stride);
  // A row of samples of the widest component also has room for every upsampled row.
  if (!prepareUpsampling(<i32>longest)) return OUT_OF_MEMORY;
  const scratch = take((longest << 3) + SLACK);
  bandRows = min(height, BAND_BYTES / (width << 2));
  band = take(((<usize>(width * bandRows)) << 2) + SLACK);
  if (scratch == 0 || band == 0) return OUT_OF_MEMORY;
  for (let index = 0; index < componentCount; index++) {
    const each = component(index);
    // Two samples come from each, so a row may end up to one MCU behind the picture's edge.
    each.wide = take(
      ((<usize>mcusAcross * <usize>mostH) << 3) + ((<usize>each.stride) << 1) + SLACK,
    );
    if (each.wide == 0) return OUT_OF_MEMORY;
    if (isProgressive) coefficientsToSamples(each, scratch);
  }
  return OK;
}

/** Makes the next rows at `jpegBand()`; returns their number, 0 after the last. */
export function nextJpegBand(): i32 {
  const rows = min(bandRows, height - nextRow);
  let target = band;
  for (let row = 0; row < rows; row++, target += width << 2) makeRow(nextRow + row, target);
  nextRow += rows;
  return rows;
}

function makeRow(y: i32, target: usize): void {
  const first = fullRow(component(0), y);
  if (componentCount == 1) {
    rowFromRgb(first, first, first, width, target);
    return;
  }
  const second = fullRow(component(1), y);
  const third = fullRow(component(2), y);
  if (isYcc()) rowFromYcc(first, second, third, width, target);
  else rowFromRgb(first, second, third, width, target);
  if (componentCount == 4) {
    applyBlack(fullRow(component(3), y), adobeTransform >= 0, width, target);
  }
}

/** Whether the first three components are luma and chroma, by the usual signs. */
function isYcc(): bool {
  if (adobeTransform >= 0) return adobeTransform != 0;
  if (componentCount == 4) return false;
  if (hasJfif) return true;
  return !(component(0).id == 0x52 && component(1).id == 0x47 && component(2).id == 0x42);
}

function rowOf(each: Component, row: i32): usize {
  return each.plane + <usize>max(0, min(each.rows - 1, row)) * each.stride;
}

/** The component's row `y` in the picture's width. */
function fullRow(each: Component, y: i32): usize {
  const across = each.h * 2 == mostH;
  const down = each.v * 2 == mostV;
  const near = y >> 1;
  const far = (y & 1) == 1 ? near + 1 : near - 1;
  if (each.h == mostH && each.v == mostV) return rowOf(each, y);
  if (each.h == mostH && down) {
    const bias: i16 = (y & 1) == 1 ? 2 : 1;
    upsampleDown(rowOf(each, near), rowOf(each, far), each.columns, bias, each.wide);
  } else if (across && each.v == mostV && each.columns > 2) {
    upsampleAcross(rowOf(each, y), each.columns, each.wide);
  } else if (across && down && each.columns > 2) {
    upsampleBoth(rowOf(each, near), rowOf(each, far), each.columns, each.wide);
  } else {
    const row = rowOf(each, (y * each.v) / mostV);
    if (each.h == mostH) return row;
    repeatSamples(row, width, each.h, mostH, each.wide);
  }
  return each.wide;
}
