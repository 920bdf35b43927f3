import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { SealPicture } from './electronic-seal.ts';

/** The vermilion of seal paste, and paper; in the order of a 1-bit picture's two grey values. */
const palette = Uint8Array.of(0xc8, 0x34, 0x1b, 0xff, 0xff, 0xff);
/** Paper lets through what is under it. */
const opacity = Uint8Array.of(0xff, 0x00);

const headerAt = 8;
const headerBytes = 25;
const bitDepthAt = 24;
const colourTypeAt = 25;
const GREY = 0;
const INDEXED = 3;

/**
 * The picture of an electronic seal from a 1-bit grey PNG (W3C PNG §11.2.1) of an imprint: the same
 * pixels in vermilion on nothing, and the size at which they were made.
 *
 * @throws RangeError for any other picture: this service makes the imprint's picture itself
 */
export function sealPictureOf(png: Uint8Array, dpi: number): SealPicture {
  const header = png.slice(headerAt, headerAt + headerBytes);
  if (png[bitDepthAt] !== 1 || png[colourTypeAt] !== GREY) {
    throw new RangeError('the picture of an imprint has one bit of grey');
  }
  const view = new DataView(header.buffer);
  const mm = (pixels: number) => Math.max(1, Math.round((pixels * 25.4) / dpi));
  const [widthMm, heightMm] = [mm(view.getUint32(8)), mm(view.getUint32(12))];
  header[colourTypeAt - headerAt] = INDEXED;
  const data = concatBytes(
    png.subarray(0, headerAt),
    chunk('IHDR', header.subarray(8, headerBytes - 4)),
    chunk('PLTE', palette),
    chunk('tRNS', opacity),
    png.subarray(headerAt + headerBytes),
  );
  return { type: 'png', data, widthMm, heightMm };
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatBytes(utf8ToBytes(type), data);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, data.length);
  const check = new Uint8Array(4);
  new DataView(check.buffer).setUint32(0, crc32(body));
  return concatBytes(length, body, check);
}

/** CRC-32 of W3C PNG §5.5, bit by bit: headers only, never pixels. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
