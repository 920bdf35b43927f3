// One-bit pictures as PNG (ISO/IEC 15948): greyscale, one bit a pixel, ink black.
import { take } from '../shared/arena';
import { OUT_OF_MEMORY } from '../shared/status';
import { crc32 } from './checksums';
import { deflate, deflateBound } from './deflate';
import { INPUT_PADDING } from './limits';

/** Signature, IHDR, pHYs and IEND, and the frame of IDAT. */
const FRAME_BYTES: usize = 8 + 25 + 21 + 12 + 12;

let file: usize = 0;
let at: usize = 0;

export function pngFile(): usize {
  return file;
}

function put32(value: u32): void {
  store<u32>(at, bswap(value));
  at += 4;
}

/** Closes a chunk whose type stands at `from`: its CRC is next. */
function putCrc(from: usize): void {
  put32(crc32(from, at - from));
}

/**
 * `ink` holds rows of whole bytes, 1 = ink; sizes are checked by the caller. Returns the length of
 * the file at `pngFile()`.
 */
export function writeBitmap(ink: usize, width: i32, height: i32, dpi: i32): i32 {
  const stride = <usize>((width + 7) >>> 3);
  const length = (stride + 1) * <usize>height;
  const rows = take(length + INPUT_PADDING);
  file = take(FRAME_BYTES + deflateBound(length));
  if (rows == 0 || file == 0) return OUT_OF_MEMORY;
  writeRows(ink, width, height, stride, rows);

  at = file;
  store<u64>(at, 0x0a1a0a0d474e5089);
  at += 8;
  put32(13);
  const header = at;
  put32(0x49484452);
  put32(width);
  put32(height);
  store<u32>(at, 1);
  store<u8>(at, 0, 4);
  at += 5;
  putCrc(header);
  put32(9);
  const density = at;
  put32(0x70485973);
  const perMetre = <u32>nearest(<f64>dpi / 0.0254);
  put32(perMetre);
  put32(perMetre);
  store<u8>(at++, 1);
  putCrc(density);

  const data = at;
  at += 4;
  put32(0x49444154);
  const packed = deflate(rows, <i32>length, at);
  if (packed == 0) return OUT_OF_MEMORY;
  store<u32>(data, bswap(<u32>packed));
  at += packed;
  putCrc(data + 4);
  put32(0);
  const last = at;
  put32(0x49454e44);
  putCrc(last);
  return <i32>(at - file);
}

/** Unfiltered rows in which 0 is black; padding bits are white like the paper. */
function writeRows(ink: usize, width: i32, height: i32, stride: usize, rows: usize): void {
  const spare = <i32>(stride << 3) - width;
  const padding: i32 = (1 << spare) - 1;
  for (let y: usize = 0; y < <usize>height; y++) {
    const from = ink + y * stride;
    const to = rows + y * (stride + 1);
    store<u8>(to, 0);
    for (let x: usize = 0; x < stride; x++) store<u8>(to + x, ~load<u8>(from + x), 1);
    store<u8>(to + stride, <u8>(<i32>load<u8>(to + stride) | padding));
  }
}
