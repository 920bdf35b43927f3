// Orientation and resolution as PNG, JFIF and EXIF tell them.
import { MAX_DPI, MIN_DPI } from './limits';

const TAG_ORIENTATION: u32 = 0x0112;
const TAG_X_RESOLUTION: u32 = 0x011a;
const TAG_RESOLUTION_UNIT: u32 = 0x0128;

/** EXIF orientation 1 to 8 (CIPA DC-008 §4.6.5, tag 0x0112); 1 is upright. */
export let orientation: i32 = 1;
/** Dots per inch, or 0 when nothing plausible was said. */
export let dpi: f64 = 0;

let bigEndian = false;

export function resetMetadata(): void {
  orientation = 1;
  dpi = 0;
}

/** Takes `x` by `y` dots per inch if they are equal and plausible; the first word holds. */
export function proposeDpi(x: f64, y: f64): void {
  if (dpi != 0 || !(x >= MIN_DPI) || !(x <= MAX_DPI) || !(abs(x - y) <= x * 0.01)) return;
  dpi = nearest(x * 100) / 100;
}

function read16(at: usize): u32 {
  const value = load<u16>(at);
  return bigEndian ? bswap<u16>(value) : value;
}

function read32(at: usize): u32 {
  const value = load<u32>(at);
  return bigEndian ? bswap<u32>(value) : value;
}

/**
 * Reads the TIFF structure of `length` bytes at `from`: its first directory only. Damage is not an
 * error, since the picture does not depend on it; nothing outside the bytes is read.
 */
export function readExif(from: usize, length: usize): void {
  if (length < 8) return;
  const order = load<u16>(from);
  if (order != 0x4949 && order != 0x4d4d) return;
  bigEndian = order == 0x4d4d;
  if (read16(from + 2) != 42) return;
  const directory = <usize>read32(from + 4);
  if (directory > length - 2) return;
  const entries = read16(from + directory);
  let resolution: f64 = 0;
  let unit: u32 = 2;
  for (let index: u32 = 0; index < entries; index++) {
    const offset = directory + 2 + index * 12;
    if (offset + 12 > length) break;
    const entry = from + offset;
    const tag = read16(entry);
    const type = read16(entry + 2);
    if (tag == TAG_ORIENTATION && type == 3) {
      const value = <i32>read16(entry + 8);
      if (value >= 1 && value <= 8) orientation = value;
    } else if (tag == TAG_RESOLUTION_UNIT && type == 3) {
      unit = read16(entry + 8);
    } else if (tag == TAG_X_RESOLUTION && type == 5) {
      const place = <usize>read32(entry + 8);
      if (length >= 8 && place <= length - 8) {
        resolution = <f64>read32(from + place) / <f64>read32(from + place + 4);
      }
    }
  }
  if (unit == 3) resolution *= 2.54;
  if (unit == 2 || unit == 3) proposeDpi(resolution, resolution);
}
