// PNG files of every kind, written by hand, so that tests can also write wrong ones.
import { crc32, deflateSync } from 'node:zlib';

export interface PngKind {
  width: number;
  height: number;
  colourType: 0 | 2 | 3 | 4 | 6;
  bitDepth: 1 | 2 | 4 | 8 | 16;
  interlaced?: boolean;
  /** RGB triples. */
  palette?: Uint8Array;
  transparency?: Uint8Array;
  /** Filter of each row, 0 to 4; taken modulo its length. */
  filters?: readonly number[];
  /** Written between the header and the palette. */
  chunks?: readonly Uint8Array[];
  level?: number;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function chunk(type: string, body: Uint8Array = new Uint8Array()): Uint8Array {
  const typed = concat([Buffer.from(type, 'latin1'), body]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc32(typed));
  return concat([head, typed, tail]);
}

export function header(kind: PngKind): Uint8Array {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(kind.width, 0);
  body.writeUInt32BE(kind.height, 4);
  body[8] = kind.bitDepth;
  body[9] = kind.colourType;
  body[12] = kind.interlaced ? 1 : 0;
  return chunk('IHDR', body);
}

/** A whole file; `sample` gives the raw value of a channel (or index) in the kind's depth. */
export function pngFile(
  kind: PngKind,
  sample: (x: number, y: number, channel: number) => number,
): Uint8Array {
  return concat([
    SIGNATURE,
    header(kind),
    ...(kind.chunks ?? []),
    ...(kind.palette ? [chunk('PLTE', kind.palette)] : []),
    ...(kind.transparency ? [chunk('tRNS', kind.transparency)] : []),
    chunk('IDAT', deflateSync(filteredRows(kind, sample), { level: kind.level ?? 6 })),
    chunk('IEND'),
  ]);
}

/** What the compressed stream holds: filtered rows of all passes. */
export function filteredRows(
  kind: PngKind,
  sample: (x: number, y: number, channel: number) => number,
): Uint8Array {
  const passes = kind.interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  const rows: Uint8Array[] = [];
  for (const [left, top, stepX, stepY] of passes) {
    const columns = Math.ceil((kind.width - left) / stepX);
    if (columns <= 0) continue;
    let above: Uint8Array | undefined;
    for (let y = top; y < kind.height; y += stepY) {
      const row = packRow(kind, columns, (x, channel) => sample(left + x * stepX, y, channel));
      rows.push(filterRow(kind, row, above ?? new Uint8Array(row.length), rows.length));
      above = row;
    }
  }
  return concat(rows);
}

/** What the stream of an all-zero picture holds. */
export function blankRows(kind: PngKind): Uint8Array {
  let total = 0;
  for (const [left, top, stepX, stepY] of kind.interlaced ? PASSES : ([[0, 0, 1, 1]] as const)) {
    const columns = Math.ceil((kind.width - left) / stepX);
    const rows = Math.ceil((kind.height - top) / stepY);
    const bytes = Math.ceil((columns * CHANNELS[kind.colourType] * kind.bitDepth) / 8);
    if (columns > 0 && rows > 0) total += (bytes + 1) * rows;
  }
  return new Uint8Array(total);
}

function packRow(
  kind: PngKind,
  columns: number,
  sample: (x: number, channel: number) => number,
): Uint8Array {
  const channels = CHANNELS[kind.colourType];
  const row = new Uint8Array(Math.ceil((columns * channels * kind.bitDepth) / 8));
  let bit = 0;
  for (let x = 0; x < columns; x++) {
    for (let channel = 0; channel < channels; channel++, bit += kind.bitDepth) {
      const value = sample(x, channel);
      const at = bit >> 3;
      if (kind.bitDepth === 16) {
        row[at] = value >> 8;
        row[at + 1] = value & 255;
      } else {
        row[at] = (row[at] ?? 0) | (value << (8 - kind.bitDepth - (bit & 7)));
      }
    }
  }
  return row;
}

function filterRow(kind: PngKind, row: Uint8Array, above: Uint8Array, index: number): Uint8Array {
  const filters = kind.filters ?? [0];
  const filter = filters[index % filters.length] ?? 0;
  const step = Math.max(1, (CHANNELS[kind.colourType] * kind.bitDepth) >> 3);
  const out = new Uint8Array(row.length + 1);
  out[0] = filter;
  for (let at = 0; at < row.length; at++) {
    const a = at < step ? 0 : (row[at - step] ?? 0);
    const b = above[at] ?? 0;
    const c = at < step ? 0 : (above[at - step] ?? 0);
    const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter] ?? 0;
    out[at + 1] = (row[at] ?? 0) - predicted;
  }
  return out;
}

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
