// What every vendor module shares with its host: docs/vendor-abi.md in numbers. The info record and
// the head of a template are written here; what follows the head belongs to the vendor alone.
import { crc32 } from '../seal/checksums';
import { BAD_FORMAT, BAD_LENGTH, UNSUPPORTED } from '../shared/status';

export const ABI_VERSION: i32 = 2;
/** Most pixels of a picture that `enrol` must accept, at most 300 dpi after reduction. */
export const MAX_PICTURE_PIXELS: i32 = 4_000_000;
export const MAX_PICTURE_SIDE: i32 = 4096;
export const MIN_DPI: f32 = 100;
export const MAX_DPI: f32 = 2400;
export const MAX_TEMPLATE: i32 = 65536;
/** Resolution of canonical pictures. */
export const CANONICAL_DPI: i32 = 300;

/** Info record: u32 magic, u32 ABI version, u32 module version, f32 accept, f32 reject, code[16], name[40], u32 capabilities. */
export const INFO_MAGIC: u32 = 0x31495643; // CVI1
export const INFO_SIZE: i32 = 80;
/**
 * Capabilities, bits: it votes, it finds the scale of a picture that names no resolution, `enrol`
 * writes what only a comparison at once uses behind the template.
 */
export const CAN_VOTE: u32 = 1;
export const CAN_SCALE: u32 = 2;
export const CAN_PASS: u32 = 4;

/** Result of `compare`: see docs/vendor-abi.md for the fields. */
export const RESULT_HEAD: i32 = 48;
export const RESULT_TILE: i32 = 16;
export const MAX_RESULT_TILES: i32 = 1024;

/** Template head. */
export const HEAD_MAGIC: u32 = 0x50545343; // CSTP
export const HEAD_FORMAT: u16 = 1;
export const HEAD_SIZE: i32 = 64;
const AT_FORMAT: usize = 4;
const AT_HEAD_SIZE: usize = 6;
const AT_CODE: usize = 8;
const AT_VERSION: usize = 24;
const AT_LENGTH: usize = 28;
const AT_WIDTH: usize = 32;
const AT_HEIGHT: usize = 34;
const AT_DPI: usize = 36;
const AT_CAPTURE_DPI: usize = 38;
const AT_KIND: usize = 40;
const AT_QUALITY: usize = 41;
const AT_UNKNOWN: usize = 42;
const AT_INK_WIDTH: usize = 44;
const AT_INK_HEIGHT: usize = 46;
const AT_CHECK: usize = 48;
/** From here to the end of the head the vendor writes what it likes. */
export const HEAD_FREE: usize = 52;

/** Writes the head and, over all of the template, its checksum. `code` is 16 bytes, zero padded. */
export function writeHead(
  template: usize,
  length: i32,
  code: usize,
  version: u32,
  width: i32,
  height: i32,
  captureDpi: f32,
  kind: i32,
  quality: i32,
  unknownPercent: i32,
  inkWidthPx: i32,
  inkHeightPx: i32,
): void {
  store<u32>(template, HEAD_MAGIC);
  store<u16>(template, HEAD_FORMAT, AT_FORMAT);
  store<u16>(template, <u16>HEAD_SIZE, AT_HEAD_SIZE);
  memory.copy(template + AT_CODE, code, 16);
  store<u32>(template, version, AT_VERSION);
  store<u32>(template, <u32>length, AT_LENGTH);
  store<u16>(template, <u16>width, AT_WIDTH);
  store<u16>(template, <u16>height, AT_HEIGHT);
  store<u16>(template, <u16>CANONICAL_DPI, AT_DPI);
  store<u16>(template, <u16>nearest<f32>(captureDpi), AT_CAPTURE_DPI);
  store<u8>(template, <u8>kind, AT_KIND);
  store<u8>(template, <u8>quality, AT_QUALITY);
  store<u8>(template, <u8>unknownPercent, AT_UNKNOWN);
  store<u8>(template, 0, AT_UNKNOWN + 1);
  store<u16>(template, hundredths(inkWidthPx), AT_INK_WIDTH);
  store<u16>(template, hundredths(inkHeightPx), AT_INK_HEIGHT);
  store<u32>(template, 0, AT_CHECK);
  store<u32>(template, crc32(template, <usize>length), AT_CHECK);
}

function hundredths(px: i32): u16 {
  return <u16>((px * 2540 + CANONICAL_DPI / 2) / CANONICAL_DPI);
}

/** Length of the template itself, of `length` bytes that may go on behind it; not yet checked. */
export function ownLength(template: usize, length: i32): i32 {
  if (length < HEAD_SIZE) return length;
  return <i32>min<u32>(<u32>length, load<u32>(template, AT_LENGTH));
}

/** Checks head and checksum; returns 0 or a status. UNSUPPORTED is another vendor's template. */
export function checkHead(template: usize, length: i32, code: usize): i32 {
  if (length < HEAD_SIZE || length > MAX_TEMPLATE) return BAD_LENGTH;
  if (load<u32>(template) != HEAD_MAGIC) return BAD_FORMAT;
  if (load<u16>(template, AT_FORMAT) != HEAD_FORMAT) return UNSUPPORTED;
  if (load<u16>(template, AT_HEAD_SIZE) != <u16>HEAD_SIZE) return BAD_FORMAT;
  if (memory.compare(template + AT_CODE, code, 16) != 0) return UNSUPPORTED;
  if (load<u32>(template, AT_LENGTH) != <u32>length) return BAD_LENGTH;
  if (load<u16>(template, AT_DPI) != <u16>CANONICAL_DPI) return UNSUPPORTED;
  const check = load<u32>(template, AT_CHECK);
  store<u32>(template, 0, AT_CHECK);
  const computed = crc32(template, <usize>length);
  store<u32>(template, check, AT_CHECK);
  return check == computed ? 0 : BAD_FORMAT;
}

export function headWidth(template: usize): i32 {
  return <i32>load<u16>(template, AT_WIDTH);
}

export function headHeight(template: usize): i32 {
  return <i32>load<u16>(template, AT_HEIGHT);
}

/** 0 when the picture named none. */
export function headCaptureDpi(template: usize): i32 {
  return <i32>load<u16>(template, AT_CAPTURE_DPI);
}

export function headVersion(template: usize): u32 {
  return load<u32>(template, AT_VERSION);
}

export function headKind(template: usize): i32 {
  return <i32>load<u8>(template, AT_KIND);
}
