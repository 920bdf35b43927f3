// JPEG files of every legal sampling, scan layout and restart interval, written by hand. Huffman
// codes have fixed lengths, so the files are large and simple.
import { concat } from './png-file.ts';

export interface JpegKind {
  width: number;
  height: number;
  /** Sampling factors of each component: across, down. */
  sampling: readonly (readonly [number, number])[];
  restartInterval?: number;
  /** One scan a component instead of one for all. */
  separateScans?: boolean;
  /** Step of every quantiser entry. */
  step?: number;
  /** Segments between SOI and the tables. */
  segments?: readonly Uint8Array[];
  ids?: readonly number[];
  precision?: number;
  /** Second byte of the frame's marker. */
  frame?: number;
}

const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
const DC_BITS = 4;
const AC_BITS = 8;
const END_OF_BLOCK = 0x00;
const ZERO_RUN = 0xf0;
const AC_SYMBOLS = [
  END_OF_BLOCK,
  ZERO_RUN,
  ...Array.from({ length: 160 }, (_, i) => (Math.floor(i / 10) << 4) | ((i % 10) + 1)),
];

export function segment(marker: number, body: Uint8Array | readonly number[]): Uint8Array {
  const length = body.length + 2;
  return concat([Uint8Array.of(0xff, marker, length >> 8, length & 255), Uint8Array.from(body)]);
}

/** APP14 of Adobe with the given transform. */
export function adobe(transform: number): Uint8Array {
  return segment(0xee, [...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform]);
}

export function jfif(units: number, x: number, y: number): Uint8Array {
  const density = [units, x >> 8, x & 255, y >> 8, y & 255, 0, 0];
  return segment(0xe0, [...Buffer.from('JFIF\0'), 1, 2, ...density]);
}

/** The TIFF structure of an EXIF block with orientation and, optionally, resolution. */
export function exif(
  { orientation, dpi, unit = 2 }: { orientation?: number; dpi?: number; unit?: number },
  little = true,
): Uint8Array {
  const bytes = Buffer.alloc(64);
  const put16 = (value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const put32 = (value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  bytes.write(little ? 'II' : 'MM', 0, 'latin1');
  put16(42, 2);
  put32(8, 4);
  const entries: [number, number, (at: number) => void][] = [];
  if (orientation !== undefined) entries.push([0x112, 3, (at) => put16(orientation, at)]);
  if (dpi !== undefined) {
    entries.push([0x11a, 5, (at) => put32(56, at)]);
    entries.push([0x128, 3, (at) => put16(unit, at)]);
    put32(dpi, 56);
    put32(1, 60);
  }
  put16(entries.length, 8);
  entries.forEach(([tag, type, write], index) => {
    const at = 10 + index * 12;
    put16(tag, at);
    put16(type, at + 2);
    put32(1, at + 4);
    write(at + 8);
  });
  return new Uint8Array(bytes);
}

export function exifSegment(block: Uint8Array): Uint8Array {
  return segment(0xe1, concat([Buffer.from('Exif\0\0'), block]));
}

/** A whole file; `sample` gives 0 to 255 for a component at its own resolution. */
export function jpegFile(
  kind: JpegKind,
  sample: (component: number, x: number, y: number) => number,
): Uint8Array {
  const { sampling, ids = sampling.map((_, index) => index + 1), restartInterval = 0 } = kind;
  const size = [kind.height >> 8, kind.height & 255, kind.width >> 8, kind.width & 255];
  const frame = [kind.precision ?? 8, ...size, sampling.length];
  sampling.forEach(([h, v], index) => {
    frame.push(ids[index] ?? 0, (h << 4) | v, 0);
  });
  const scans = kind.separateScans ? ids.map((_, index) => [index]) : [ids.map((_, i) => i)];
  return concat([
    Uint8Array.of(0xff, 0xd8),
    ...(kind.segments ?? []),
    segment(0xdb, [0, ...new Array<number>(64).fill(kind.step ?? 2)]),
    segment(kind.frame ?? 0xc0, frame),
    segment(0xc4, [0, ...countsAt(DC_BITS, 12), ...Array.from({ length: 12 }, (_, i) => i)]),
    segment(0xc4, [0x10, ...countsAt(AC_BITS, AC_SYMBOLS.length), ...AC_SYMBOLS]),
    ...(restartInterval > 0 ? [segment(0xdd, [restartInterval >> 8, restartInterval & 255])] : []),
    ...scans.map((members) => scan(kind, ids, members, sample)),
    Uint8Array.of(0xff, 0xd9),
  ]);
}

function countsAt(length: number, count: number): number[] {
  return Array.from({ length: 16 }, (_, index) => (index + 1 === length ? count : 0));
}

function scan(
  kind: JpegKind,
  ids: readonly number[],
  members: readonly number[],
  sample: (component: number, x: number, y: number) => number,
): Uint8Array {
  const head = [members.length, ...members.flatMap((index) => [ids[index] ?? 0, 0]), 0, 63, 0];
  const writer = new BitWriter();
  const most = (axis: 0 | 1) => Math.max(...kind.sampling.map((factors) => factors[axis]));
  const predictions = kind.sampling.map(() => 0);
  const single = members.length === 1;
  const [hMost, vMost] = [most(0), most(1)];
  const [h0, v0] = kind.sampling[members[0] ?? 0] ?? [1, 1];
  const across = single
    ? Math.ceil(Math.ceil((kind.width * h0) / hMost) / 8)
    : Math.ceil(kind.width / (8 * hMost));
  const down = single
    ? Math.ceil(Math.ceil((kind.height * v0) / vMost) / 8)
    : Math.ceil(kind.height / (8 * vMost));
  for (let mcu = 0; mcu < across * down; mcu++) {
    const interval = kind.restartInterval ?? 0;
    if (interval > 0 && mcu > 0 && mcu % interval === 0) {
      writer.restart(mcu / interval - 1);
      predictions.fill(0);
    }
    const column = mcu % across;
    const row = Math.floor(mcu / across);
    for (const index of members) {
      const [h, v] = single ? [1, 1] : (kind.sampling[index] ?? [1, 1]);
      for (let y = 0; y < v; y++) {
        for (let x = 0; x < h; x++) {
          const values = coefficients(kind.step ?? 2, (i, j) =>
            sample(index, (column * h + x) * 8 + i, (row * v + y) * 8 + j),
          );
          predictions[index] = writeBlock(writer, values, predictions[index] ?? 0);
        }
      }
    }
  }
  return concat([segment(0xda, head), writer.finish()]);
}

/** WAVES[u * 8 + x]: the DCT's wave `u` at sample `x`, scaled to be orthonormal. */
const WAVES = Array.from({ length: 64 }, (_, at) => {
  const [u, x] = [at >> 3, at & 7];
  return (Math.cos(((2 * x + 1) * u * Math.PI) / 16) * (u === 0 ? Math.SQRT1_2 : 1)) / 2;
});

function project(values: readonly number[]): number[] {
  return Array.from({ length: 64 }, (_, at) => {
    let sum = 0;
    for (let x = 0; x < 8; x++) {
      sum += (values[(at & 56) | x] ?? 0) * (WAVES[((at & 7) << 3) | x] ?? 0);
    }
    return sum;
  });
}

function transpose(values: readonly number[]): number[] {
  return values.map((_, at) => values[((at & 7) << 3) | (at >> 3)] ?? 0);
}

function coefficients(step: number, sample: (x: number, y: number) => number): number[] {
  const samples = Array.from({ length: 64 }, (_, at) => sample(at & 7, at >> 3) - 128);
  const values = transpose(project(transpose(project(samples))));
  return values.map((value) => Math.round(value / step));
}

function writeBlock(writer: BitWriter, values: readonly number[], prediction: number): number {
  const dc = values[0] ?? 0;
  writeValue(writer, dc - prediction, (size) => writer.put(size, DC_BITS));
  let run = 0;
  const last = ZIGZAG.findLastIndex((place) => values[place] !== 0);
  for (let k = 1; k <= last; k++) {
    const value = values[ZIGZAG[k] ?? 0] ?? 0;
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) writer.put(AC_SYMBOLS.indexOf(ZERO_RUN), AC_BITS);
    const zeros = run;
    writeValue(writer, value, (size) =>
      writer.put(AC_SYMBOLS.indexOf((zeros << 4) | size), AC_BITS),
    );
    run = 0;
  }
  if (last < 63) writer.put(AC_SYMBOLS.indexOf(END_OF_BLOCK), AC_BITS);
  return dc;
}

function writeValue(writer: BitWriter, value: number, putSize: (size: number) => void): void {
  const size = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1;
  putSize(size);
  if (size > 0) writer.put(value > 0 ? value : value + (1 << size) - 1, size);
}

class BitWriter {
  private readonly bytes: number[] = [];
  private bits = 0;
  private count = 0;

  put(value: number, size: number): void {
    for (let bit = size - 1; bit >= 0; bit--) {
      this.bits = (this.bits << 1) | ((value >> bit) & 1);
      if (++this.count === 8) this.flush();
    }
  }

  private flush(): void {
    this.bytes.push(this.bits);
    if (this.bits === 0xff) this.bytes.push(0);
    this.bits = 0;
    this.count = 0;
  }

  private pad(): void {
    while (this.count > 0) this.put(1, 1);
  }

  restart(index: number): void {
    this.pad();
    this.bytes.push(0xff, 0xd0 + (index & 7));
  }

  finish(): Uint8Array {
    this.pad();
    return Uint8Array.from(this.bytes);
  }
}
