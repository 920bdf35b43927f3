import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import source from '#wasm/seal';
import { instantiate, moduleOf } from '../../../src/core/load.ts';
import { loadPictures } from '../../../src/core/pictures.ts';
import { MAX_PICTURE_BYTES, MAX_PIXELS, MAX_SIDE_PX } from '../../../src/core/raster.ts';
import { SealError, type SealErrorCode } from '../../../src/core/seal-error.ts';
import { type JpegKind, jpegFile, segment } from '../../helpers/jpeg-file.ts';
import {
  blankRows,
  chunk,
  concat,
  header,
  type PngKind,
  pngFile,
  SIGNATURE,
} from '../../helpers/png-file.ts';

// Thousands of pictures a test: a busy machine may take longer than the default.
vi.setConfig({ testTimeout: 60_000 });

const pictures = await loadPictures();

function codeOf(file: Uint8Array): SealErrorCode | 'decoded' {
  try {
    pictures.decode(file);
    return 'decoded';
  } catch (error) {
    if (error instanceof SealError) return error.code;
    throw error;
  }
}

const grey: PngKind = { width: 8, height: 8, colourType: 0, bitDepth: 8 };
const single: JpegKind = { width: 24, height: 16, sampling: [[1, 1]] };
const colour: JpegKind = {
  width: 24,
  height: 16,
  sampling: [
    [2, 2],
    [1, 1],
    [1, 1],
  ],
};
const ramp = (x: number, y: number) => (x * 9 + y * 5) & 255;
const jpegRamp = (_: number, x: number, y: number) => ramp(x, y);

/** A grey 8 by 8 PNG around the given data. */
function around(data: Uint8Array, kind: PngKind = grey): Uint8Array {
  return concat([SIGNATURE, header(kind), chunk('IDAT', data), chunk('IEND')]);
}

/** A zlib stream around raw DEFLATE bytes, with a checksum that is not looked at in time. */
function zlib(raw: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(0x78, 0x01), raw, new Uint8Array(4)]);
}

/** Bytes of fields in the order of a DEFLATE stream, least significant bit first. */
function stream(...fields: (readonly [value: number, bits: number])[]): Uint8Array {
  const bits = fields.map(([value, size]) => [...value.toString(2).padStart(size, '0')].reverse());
  const bytes =
    bits
      .flat()
      .join('')
      .match(/.{1,8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt([...byte].reverse().join(''), 2));
}

function replaced(file: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(file);
  copy.set(bytes, at);
  return copy;
}

function indexOf(file: Uint8Array, ...bytes: number[]): number {
  const at = Buffer.from(file).indexOf(Uint8Array.from(bytes));
  expect(at).toBeGreaterThan(0);
  return at;
}

/** A PNG whose header says `width` by `height` and whose data never come that far. */
function claimed(width: number, height: number, kind: Partial<PngKind> = {}): Uint8Array {
  return around(deflateSync(new Uint8Array(72)), { ...grey, ...kind, width, height });
}

describe('limits, decided by the header', () => {
  test('PNG sides and area: at, one below and one above', () => {
    // Over the limits the size decides; within them the missing data.
    expect(codeOf(claimed(MAX_SIDE_PX, 1))).toBe('picture_corrupt');
    expect(codeOf(claimed(MAX_SIDE_PX + 1, 1))).toBe('picture_too_large');
    expect(codeOf(claimed(1, MAX_SIDE_PX))).toBe('picture_corrupt');
    expect(codeOf(claimed(1, MAX_SIDE_PX + 1))).toBe('picture_too_large');
    expect(codeOf(claimed(4000, MAX_PIXELS / 4000))).toBe('picture_corrupt');
    expect(codeOf(claimed(4000, MAX_PIXELS / 4000 + 1))).toBe('picture_too_large');
    expect(codeOf(claimed(0xffffffff, 0xffffffff))).toBe('picture_too_large');
    expect(codeOf(claimed(65536, 65536))).toBe('picture_too_large');
  });

  test('a lower limit of the caller, at and above', () => {
    const file = pngFile({ ...grey, width: 30, height: 20 }, () => 0);
    expect(pictures.decode(file, { pixelsMax: 600 })).toMatchObject({ width: 30, height: 20 });
    expect(() => pictures.decode(file, { pixelsMax: 599 })).toThrow(
      expect.objectContaining({ code: 'picture_too_large' }),
    );
  });

  test('JPEG sides and area: at, one below and one above', () => {
    const sized = (width: number, height: number) => {
      const file = jpegFile(single, jpegRamp);
      const at = indexOf(file, 0xff, 0xc0);
      return replaced(file, at + 5, height >> 8, height & 255, width >> 8, width & 255);
    };
    expect(codeOf(sized(MAX_SIDE_PX, 1))).toBe('picture_corrupt');
    expect(codeOf(sized(MAX_SIDE_PX + 1, 1))).toBe('picture_too_large');
    expect(codeOf(sized(1, MAX_SIDE_PX + 1))).toBe('picture_too_large');
    expect(codeOf(sized(4000, 3000))).toBe('picture_corrupt');
    expect(codeOf(sized(4000, 3001))).toBe('picture_too_large');
    expect(codeOf(sized(65535, 65535))).toBe('picture_too_large');
  });

  test('the longest file', () => {
    const file = pngFile(grey, ramp);
    const padded = new Uint8Array(MAX_PICTURE_BYTES);
    padded.set(file);
    expect(codeOf(padded)).toBe('decoded');
    expect(codeOf(new Uint8Array(MAX_PICTURE_BYTES + 1))).toBe('picture_too_large');
  });

  test('the largest pictures decode', () => {
    for (const interlaced of [false, true]) {
      const kind: PngKind = { ...grey, width: 4000, height: 3000, interlaced };
      const { rgba } = pictures.decode(around(deflateSync(blankRows(kind)), kind));
      expect(rgba.length).toBe(MAX_PIXELS * 4);
      expect([...rgba.subarray(-4)]).toEqual([0, 0, 0, 255]);
    }
  });
});

describe('not read', () => {
  const jpeg = jpegFile(single, jpegRamp);
  const frame = indexOf(jpeg, 0xff, 0xc0);
  const cases: [string, Uint8Array][] = [
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(0x89)],
    ['GIF', Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;')],
    ['BMP', Buffer.from('BM\x46\x00\x00\x00')],
    ['text', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['PNG signature spoilt by a text transfer', replaced(pngFile(grey, ramp), 4, 0x0a)],
    ['PNG with an unknown critical chunk', pngFile({ ...grey, chunks: [chunk('ABCD')] }, ramp)],
    ...[0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf].map(
      (marker): [string, Uint8Array] => [
        `JPEG frame ${marker.toString(16)}`,
        replaced(jpeg, frame + 1, marker),
      ],
    ),
    [
      'JPEG with arithmetic conditioning',
      jpegFile({ ...single, segments: [segment(0xcc, [0, 0])] }, jpegRamp),
    ],
    ['JPEG of 12 bits', jpegFile({ ...single, frame: 0xc1, precision: 12 }, jpegRamp)],
    ['JPEG whose height comes later', replaced(jpeg, frame + 5, 0, 0)],
    ['JPEG with DNL', jpegFile({ ...single, segments: [segment(0xdc, [0, 16])] }, jpegRamp)],
    [
      'JPEG of two components',
      jpegFile(
        {
          ...single,
          sampling: [
            [1, 1],
            [1, 1],
          ],
        },
        jpegRamp,
      ),
    ],
  ];
  test.each(cases)('%s', (_, file) => {
    expect(codeOf(file)).toBe('picture_unsupported');
  });
});

describe('damaged PNG', () => {
  const good = pngFile(grey, ramp);
  const rows = new Uint8Array(72);
  const indexed: PngKind = { ...grey, colourType: 3, palette: new Uint8Array(9) };
  const body = (type: string, bytes: number[]) => chunk(type, Uint8Array.from(bytes));
  const headerWith = (at: number, value: number) => {
    const bytes = Uint8Array.from(header(grey).subarray(8, 21));
    bytes[at] = value;
    return concat([
      SIGNATURE,
      chunk('IHDR', bytes),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND'),
    ]);
  };
  const cases: [string, Uint8Array][] = [
    ['no chunk', SIGNATURE],
    ['no width', headerWith(3, 0)],
    ['no height', headerWith(7, 0)],
    ['depth 3', headerWith(8, 3)],
    ['depth 0', headerWith(8, 0)],
    ['true colour with 4 bits', headerWith(9, 2).map((byte, at) => (at === 24 ? 4 : byte))],
    ['colour type 5', headerWith(9, 5)],
    ['header chunk too long', concat([SIGNATURE, chunk('IHDR', new Uint8Array(14))])],
    ['second header', pngFile({ ...grey, chunks: [header(grey)] }, ramp)],
    ['no data', concat([SIGNATURE, header(grey), chunk('IEND')])],
    ['empty data', around(new Uint8Array())],
    ['no end chunk', good.subarray(0, -12)],
    [
      'data in two places',
      concat([good.subarray(0, -12), body('tIME', []), body('IDAT', []), chunk('IEND')]),
    ],
    ['wrong CRC of the header', replaced(good, 29, 1, 2, 3, 4)],
    ['wrong CRC of the data', replaced(good, good.length - 13, (good.at(-13) ?? 0) ^ 1)],
    ['chunk longer than the file', replaced(good, 33, 0x7f, 0xff, 0xff, 0xff)],
    ['chunk of negative length', replaced(good, 33, 0xff, 0xff, 0xff, 0xff)],
    ['indexed without palette', around(deflateSync(rows), { ...grey, colourType: 3 })],
    ['palette of 4 bytes', pngFile({ ...indexed, palette: new Uint8Array(4) }, () => 0)],
    ['palette larger than the depth', pngFile({ ...indexed, bitDepth: 1 }, () => 0)],
    ['two palettes', pngFile({ ...indexed, chunks: [body('PLTE', [1, 2, 3])] }, () => 0)],
    ['palette with grey', pngFile({ ...grey, palette: new Uint8Array(3) }, ramp)],
    ['index beyond the palette', pngFile(indexed, () => 3)],
    ['more alphas than colours', pngFile({ ...indexed, transparency: new Uint8Array(4) }, () => 0)],
    ['transparency of 3 bytes', pngFile({ ...grey, transparency: new Uint8Array(3) }, ramp)],
    [
      'transparency with alpha',
      pngFile({ ...grey, colourType: 4, transparency: new Uint8Array(2) }, ramp),
    ],
    ['filter 5', pngFile({ ...grey, filters: [5] }, ramp)],
    ['filter 255', pngFile({ ...grey, filters: [255] }, ramp)],
    ['one byte too few', around(deflateSync(rows.subarray(1)))],
    ['one byte too many', around(deflateSync(new Uint8Array(73)))],
    ['far too many', around(deflateSync(new Uint8Array(1 << 20)))],
  ];
  test.each(cases)('%s', (_, file) => {
    expect(codeOf(file)).toBe('picture_corrupt');
  });
});

describe('damaged DEFLATE', () => {
  const rows = new Uint8Array(72);
  const good = deflateSync(rows);
  const dynamic = (hlit: number, hdist: number, lengths: number[]) =>
    stream(
      [1, 1],
      [2, 2],
      [hlit - 257, 5],
      [hdist - 1, 5],
      [lengths.length - 4, 4],
      ...lengths.map((length): [number, number] => [length, 3]),
    );
  const padded = (raw: Uint8Array) => zlib(concat([raw, new Uint8Array(64)]));
  const cases: [string, Uint8Array][] = [
    ['another method', replaced(good, 0, 0x79)],
    ['window of 64 KiB', Uint8Array.of(0x88, 0x1c, ...good.subarray(2))],
    ['header check', replaced(good, 1, 0x9d)],
    ['preset dictionary', Uint8Array.of(0x78, 0x20 | 0x1f, ...good.subarray(2))],
    ['wrong checksum', replaced(good, good.length - 1, (good.at(-1) ?? 0) ^ 1)],
    ['no checksum', good.subarray(0, -4)],
    ['block type 3', padded(stream([1, 1], [3, 2]))],
    [
      'stored length and its complement differ',
      padded(stream([1, 1], [0, 2], [0, 5], [72, 16], [0, 16])),
    ],
    [
      'stored block longer than the stream',
      zlib(stream([1, 1], [0, 2], [0, 5], [72, 16], [0xffff ^ 72, 16])),
    ],
    ['match before the start', padded(stream([1, 1], [1, 2], [0b1000000, 7], [0, 5]))],
    ['length code 286', padded(stream([1, 1], [1, 2], [0b01100011, 8]))],
    ['distance code 30', padded(stream([1, 1], [1, 2], [0x0c, 8], [0b1000000, 7], [0b01111, 5]))],
    ['287 length codes', padded(dynamic(287, 1, [1, 1, 0, 0]))],
    ['31 distance codes', padded(dynamic(257, 31, [1, 1, 0, 0]))],
    ['code lengths over-subscribed', padded(dynamic(257, 1, [1, 1, 1, 0]))],
    ['code lengths incomplete', padded(dynamic(257, 1, [2, 2, 2, 0]))],
    ['no code lengths', padded(dynamic(257, 1, [0, 0, 0, 0]))],
    ['repeat before the first length', padded(dynamic(257, 1, [1, 0, 0, 1]))],
    ['nothing behind the header', zlib(new Uint8Array())],
  ];
  test.each(cases)('%s', (_, data) => {
    expect(codeOf(around(data))).toBe('picture_corrupt');
  });
});

describe('damaged JPEG', () => {
  const good = jpegFile(colour, jpegRamp);
  const at = (...bytes: number[]) => indexOf(good, ...bytes);
  const frame = at(0xff, 0xc0);
  const scan = at(0xff, 0xda);
  const tables = at(0xff, 0xc4);
  const restarting = jpegFile({ ...single, restartInterval: 1 }, jpegRamp);
  const progressive = replaced(good, frame + 1, 0xc2);
  const without = (from: number) => {
    const length = ((good[from + 2] ?? 0) << 8) | (good[from + 3] ?? 0);
    return concat([good.subarray(0, from), good.subarray(from + 2 + length)]);
  };
  const cases: [string, Uint8Array][] = [
    ['no segment', Uint8Array.of(0xff, 0xd8, 0xff)],
    ['no frame', without(frame)],
    [
      'two frames',
      concat([good.subarray(0, frame), good.subarray(frame, tables), good.subarray(frame)]),
    ],
    ['no quantiser', without(at(0xff, 0xdb))],
    ['no Huffman table', without(tables)],
    ['no scan', without(scan)],
    ['no end', good.subarray(0, -2)],
    ['width 0', replaced(good, frame + 7, 0, 0)],
    ['sampling 0', replaced(good, frame + 11, 0x02)],
    ['sampling 5', replaced(good, frame + 11, 0x51)],
    ['quantiser 4', replaced(good, frame + 12, 4)],
    ['the same component twice', replaced(good, frame + 13, 1)],
    ['step 0', replaced(good, at(0xff, 0xdb) + 9, 0)],
    ['quantiser table 4', replaced(good, at(0xff, 0xdb) + 4, 4)],
    ['quantiser of 3 bytes', replaced(good, at(0xff, 0xdb) + 4, 0x20)],
    ['Huffman table 4', replaced(good, tables + 4, 4)],
    ['Huffman class 2', replaced(good, tables + 4, 0x20)],
    ['Huffman code over-subscribed', replaced(good, tables + 5, 3)],
    ['Huffman table longer than its segment', replaced(good, tables + 8, 200)],
    ['DC size 16', replaced(good, tables + 21, 16)],
    ['scan of an unknown component', replaced(good, scan + 5, 9)],
    ['scan of one component twice', replaced(good, scan + 7, 1)],
    ['scan of no component', replaced(good, scan + 4, 0)],
    ['scan of four components', replaced(good, scan + 4, 4)],
    ['undefined table', replaced(good, scan + 6, 0x11)],
    ['table 4', replaced(good, scan + 6, 0x44)],
    ['a band in a sequential scan', replaced(good, scan + 11, 1)],
    ['an approximation in a sequential scan', replaced(good, scan + 13, 1)],
    ['DC and AC in one progressive scan', progressive],
    ['segment length 1', replaced(good, scan + 2, 0, 1)],
    ['segment beyond the file', replaced(good, scan + 2, 0xff, 0xff)],
    [
      'bytes between segments',
      concat([good.subarray(0, frame), Uint8Array.of(0), good.subarray(frame)]),
    ],
    ['restart marker missing', replaced(restarting, indexOf(restarting, 0xff, 0xd1), 0x55, 0x55)],
    [
      'restart markers out of order',
      replaced(restarting, indexOf(restarting, 0xff, 0xd1), 0xff, 0xd2),
    ],
    [
      'restart outside a scan',
      concat([good.subarray(0, frame), Uint8Array.of(0xff, 0xd0, 0, 2), good.subarray(frame)]),
    ],
    [
      'MCU of more than ten blocks',
      jpegFile(
        {
          ...colour,
          sampling: [
            [4, 2],
            [1, 1],
            [2, 1],
          ],
        },
        jpegRamp,
      ),
    ],
  ];
  test.each(cases)('%s', (_, file) => {
    expect(codeOf(file)).toBe('picture_corrupt');
  });
});

describe('progressive scans', () => {
  const size = { width: 8, height: 8, sampling: [[1, 1]] } as const;
  const whole = jpegFile({ ...size, frame: 0xc2 }, () => 128);
  const head = whole.subarray(0, indexOf(whole, 0xff, 0xda));
  const scan = (first: number, last: number, high: number, low: number, ...data: number[]) =>
    concat([segment(0xda, [1, 1, 0, first, last, (high << 4) | low]), Uint8Array.from(data)]);
  const file = (...scans: Uint8Array[]) => concat([head, ...scans, Uint8Array.of(0xff, 0xd9)]);
  // Code 0000 is a DC difference of nothing, 00000000 the end of a band.
  const dc = scan(0, 0, 0, 1, 0x0f);
  const ac = scan(1, 63, 0, 1, 0x00);

  test('in order they decode', () => {
    expect(codeOf(file(dc))).toBe('decoded');
    expect(codeOf(file(dc, ac))).toBe('decoded');
    expect(codeOf(file(dc, scan(0, 0, 1, 0, 0x7f), ac, scan(1, 63, 1, 0, 0x00)))).toBe('decoded');
  });

  const cases: [string, Uint8Array][] = [
    ['AC before DC', file(ac, dc)],
    ['AC alone', file(ac)],
    ['the same band twice', file(dc, ac, ac)],
    ['DC twice', file(dc, dc)],
    ['a refinement of nothing', file(dc, scan(1, 63, 1, 0, 0x00))],
    ['a refinement by two bits', file(dc, ac, scan(1, 63, 2, 0, 0x00))],
    ['a refinement out of turn', file(dc, ac, scan(1, 63, 3, 2, 0x00))],
    ['a band that ends before it begins', file(dc, scan(5, 4, 0, 0, 0x00))],
    ['a band beyond 63', file(dc, scan(1, 64, 0, 0, 0x00))],
    ['14 bits of approximation', file(scan(0, 0, 0, 14, 0x0f))],
  ];
  test.each(cases)('%s', (_, bad) => {
    expect(codeOf(bad)).toBe('picture_corrupt');
  });

  test('one more than 100 scans', () => {
    // A band a scan, then refinements: 1 + 63 + 36 scans.
    const bands = Array.from({ length: 63 }, (_, k) => scan(k + 1, k + 1, 0, 1, 0x00));
    const finer = Array.from({ length: 37 }, (_, k) => scan(k + 1, k + 1, 1, 0, 0x00));
    expect(codeOf(file(dc, ...bands, ...finer.slice(0, 36)))).toBe('decoded');
    expect(codeOf(file(dc, ...bands, ...finer))).toBe('picture_corrupt');
  });
});

describe('bombs', () => {
  interface Exports {
    readonly memory: WebAssembly.Memory;
    reserve(length: number): number;
    open(length: number, pixelsMax: number): number;
    nextBand(): number;
  }
  const MIB = 1024 * 1024;

  /** Runs a file on a fresh instance; returns the last status and the memory taken. */
  async function spent(file: Uint8Array, pixelsMax = MAX_PIXELS) {
    const core = instantiate<Exports>(await moduleOf(source));
    const input = core.reserve(file.length);
    new Uint8Array(core.memory.buffer, input, file.length).set(file);
    let status = core.open(file.length, pixelsMax);
    if (status === 0)
      do status = core.nextBand();
      while (status > 0);
    return { status, bytes: core.memory.buffer.byteLength };
  }

  /** 400 MiB of zeros in about 400 KB. */
  const zeros = deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_SYNC_FLUSH });
  const swelling = zlib(concat(new Array<Uint8Array>(400).fill(zeros)));

  test('a small header over data that expand a thousandfold', async () => {
    const file = around(swelling);
    expect(file.length).toBeGreaterThan(389_000);
    expect(codeOf(file)).toBe('picture_corrupt');
    expect((await spent(file)).bytes).toBeLessThan(2 * MIB);
  });

  test('a lower limit of the caller counts before memory is taken', async () => {
    const file = jpegFile({ ...single, width: 4000, height: 3000 }, () => 0);
    expect((await spent(file)).bytes).toBeGreaterThan(8 * MIB);
    const refused = await spent(file, MAX_PIXELS - 1);
    expect(refused.status).toBeLessThan(0);
    expect(refused.bytes).toBeLessThan(file.length + 2 * MIB);
  });

  test('20000 by 20000 pixels in 400 KB', async () => {
    const file = around(swelling, { ...grey, width: 20000, height: 20000 });
    expect(codeOf(file)).toBe('picture_too_large');
    expect((await spent(file)).bytes).toBeLessThan(2 * MIB);
  });

  test('large headers over little data take no memory', async () => {
    const png = claimed(4096, 2929, { colourType: 6, bitDepth: 16, interlaced: true });
    const spentOnPng = await spent(png);
    expect(spentOnPng.status).toBe(-2);
    // A page or two, by how full the first ones are.
    expect(spentOnPng.bytes).toBeLessThanOrEqual(2 * 65_536);
    const jpeg = jpegFile(colour, jpegRamp);
    const large = replaced(jpeg, indexOf(jpeg, 0xff, 0xc0) + 5, 0x0b, 0x71, 0x10, 0x00);
    const { status, bytes } = await spent(large);
    expect(status).toBe(-2);
    expect(bytes).toBeLessThan(MIB);
  });

  test('one empty dynamic block too many', () => {
    // Code lengths: 18 is 0, 0 is 10, 1 is 11; then 256 zeros, length 1 for the end of the block,
    // none for distances, and the end of the block.
    const lengths = [0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    const empty = [
      ...([
        [0, 1],
        [2, 2],
        [0, 5],
        [0, 5],
        [14, 4],
      ] as const),
      ...lengths.map((length) => [length, 3] as const),
      ...([
        [0, 1],
        [127, 7],
        [0, 1],
        [107, 7],
        [0b11, 2],
        [0b01, 2],
        [0, 1],
      ] as const),
    ];
    const data = deflateSync(new Uint8Array(72), { level: 0 });
    const behind = (blocks: number) => {
      // Padded to whole bytes by an empty stored block.
      const many = stream(...new Array<typeof empty>(blocks).fill(empty).flat(), [0, 3]);
      const stored = concat([Uint8Array.of(0x78, 0x01), many, Uint8Array.of(0, 0, 0xff, 0xff)]);
      return around(concat([stored, data.subarray(2)]));
    };
    expect(codeOf(behind(1))).toBe('decoded');
    expect(codeOf(behind(4096))).toBe('decoded');
    expect(codeOf(behind(4097))).toBe('picture_corrupt');
  });

  test('memory has a hard limit of 96 MiB', async () => {
    const core = instantiate<Exports>(await moduleOf(source));
    expect(() => core.memory.grow(1536)).toThrow(RangeError);
    core.memory.grow(1536 - core.memory.buffer.byteLength / 65536);
    expect(() => core.memory.grow(1)).toThrow(RangeError);
  });

  test('a picture that needs more than that is too large', async () => {
    // Four components without subsampling, progressive: 96 MB of coefficients.
    const sampling = [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ] as const;
    const small = jpegFile({ width: 8, height: 8, sampling, frame: 0xc2 }, () => 128);
    const scan = indexOf(small, 0xff, 0xda);
    const head = replaced(small, indexOf(small, 0xff, 0xc2) + 5, 0x0b, 0x71, 0x10, 0x00);
    const dc = segment(0xda, [4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 0, 0]);
    const file = concat([head.subarray(0, scan), dc, new Uint8Array(8 * MIB)]);
    expect(codeOf(file)).toBe('picture_too_large');
    expect((await spent(file)).bytes).toBeLessThanOrEqual(96 * MIB);
    // The instance that grew is gone, and the next picture decodes.
    expect(codeOf(pngFile(grey, ramp))).toBe('decoded');
  });
});
