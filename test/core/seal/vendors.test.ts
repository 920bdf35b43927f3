import { describe, expect, test, vi } from 'vitest';
import { loadSeal, SealError } from '../../../src/core/seal.ts';
import { foreignVendor } from '../../helpers/foreign-vendor.ts';
import { drawn, drawnSeal, sampleScan, turned } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const imprint = drawnSeal();
const block = await foreignVendor();

test('B2: a foreign module joins the vote beside the built-in vendor', async () => {
  const seal = await loadSeal({ vendors: [block] });
  expect(seal.vendors).toEqual([
    { code: 'stroke', name: 'Registered stroke difference', version: '1.5.0' },
    { code: 'spectrum', name: 'Invariant ink spectrum', version: '1.3.0' },
    { code: 'glyphs', name: 'Glyph constellation', version: '1.6.0' },
    { code: 'block', name: 'block', version: '2.1.3' },
  ]);
  const { verdict, vendors } = seal.verify(imprint, imprint);
  expect(verdict).toBe('pass');
  expect(vendors.map(({ code, match }) => [code, match])).toEqual([
    ['stroke', true],
    ['spectrum', true],
    ['glyphs', true],
    ['block', true],
  ]);
  expect(seal.verify(imprint, imprint, { vendors: ['block'] }).vendors).toHaveLength(1);
});

test('B5: a template of one vendor is refused by another', async () => {
  const seal = await loadSeal({ vendors: [block] });
  const mine = seal.enrol(imprint, 'stroke');
  const theirs = seal.enrol(imprint, 'block');
  const refused = expect.objectContaining({ code: 'template_invalid' });
  expect(() => seal.match('block', mine, theirs)).toThrow(refused);
  expect(() => seal.match('stroke', mine, theirs)).toThrow(refused);
  expect(() => seal.match('stroke', theirs, mine)).toThrow(refused);
  expect(() => seal.restore('stroke', theirs)).toThrow(refused);
});

describe('B5: what is enrolled for a comparison at once', () => {
  const scans = {
    reserved: sampleScan('r01-reserved.jpg', 300),
    query: sampleScan('r01-g0.jpg', 200),
  };

  test.each(['stroke', 'spectrum', 'glyphs'])('%s says the same of it', async (code) => {
    const seal = await loadSeal();
    const reserved = seal.enrol(scans.reserved, code, 'reserved');
    const { query } = scans;
    const template = seal.enrol(query, code);
    const evidence = seal.enrol(query, code, 'evidence');
    const expected = seal.match(code, reserved, template);
    expect(seal.match(code, reserved, evidence)).toEqual(expected);
    expect(seal.match(code, reserved, seal.enrol(query, code, 'comparison'))).toEqual(expected);
    expect(seal.keptPart(evidence)).toEqual(template);
    expect(evidence.length).toBeGreaterThan(2 * template.length);
    expect(seal.restore(code, template)).toEqual(seal.restore(code, seal.keptPart(evidence)));
  });

  test.each(['stroke', 'spectrum', 'glyphs'])('%s takes any bytes behind it', async (code) => {
    const seal = await loadSeal();
    const reserved = seal.enrol(scans.reserved, code, 'reserved');
    const passed = seal.enrol(scans.query, code, 'comparison');
    const refused = expect.objectContaining({ code: 'template_invalid' });
    expect(() => seal.match(code, reserved, seal.keptPart(passed))).toThrow(refused);
    expect(() => seal.match(code, reserved, passed.subarray(0, -1))).toThrow(refused);
    const longer = new Uint8Array(passed.length + 1);
    longer.set(passed);
    expect(() => seal.match(code, reserved, longer)).toThrow(refused);
    const own = seal.keptPart(passed).length;
    const scrambled = passed.map((byte, i) => (i < own ? byte : (i * 197) & 255));
    const first = seal.match(code, reserved, scrambled);
    expect(seal.match(code, reserved, scrambled)).toEqual(first);
    expect(first.score).toBeGreaterThanOrEqual(0);
  });

  test('is an ordinary template where a vendor knows nothing of it', async () => {
    const seal = await loadSeal({ vendors: [block] });
    const template = seal.enrol(imprint, 'block');
    expect(seal.enrol(imprint, 'block', 'comparison')).toEqual(template);
    expect(seal.keptPart(seal.enrol(imprint, 'block', 'evidence'))).toEqual(template);
  });
});

const compareHead =
  'export function compare(a: i32, n: i32, b: i32, m: i32, out: i32, room: i32): i32';
const result = (body: string) => `${compareHead} { memory.fill(<usize>out, 0, 48); ${body} }`;

describe('B6: a vendor that breaks down has not agreed, and the rest is still asked', () => {
  test.each([
    ['traps when it compares', { compare: `${compareHead} { unreachable(); return 0; }` }],
    ['reads outside its memory', { compare: `${compareHead} { return load<i32>(-8); }` }],
    ['gives a score above one', { compare: result('store<f32>(<usize>out, 2); return 48;') }],
    [
      'gives a score that is no number',
      { compare: result('store<f32>(<usize>out, NaN); return 48;') },
    ],
    ['says it wrote less than a record', { compare: result('return 3;') }],
    ['says it wrote more than the room', { compare: result('return room + 1;') }],
    [
      'counts tiles it did not write',
      { compare: result('store<u32>(<usize>out, 9, 36); return 48;') },
    ],
    [
      'says that its template is longer than what it wrote',
      {
        enrol:
          'export function enrol(a: i32, b: i32, c: i32, d: f32, k: i32, e: i32, f: i32): i32 { store<u32>(<usize>e, 99, 28); return 98; }',
      },
    ],
    ['gives an unknown status', { compare: `${compareHead} { return -77; }` }],
    [
      'traps when it enrols',
      {
        enrol:
          'export function enrol(a: i32, b: i32, c: i32, d: f32, k: i32, e: i32, f: i32): i32 { unreachable(); return 0; }',
      },
    ],
    [
      'makes an empty template',
      {
        enrol:
          'export function enrol(a: i32, b: i32, c: i32, d: f32, k: i32, e: i32, f: i32): i32 { return 0; }',
      },
    ],
  ])('%s', async (_, fault) => {
    const seal = await loadSeal({ vendors: [await foreignVendor(fault)] });
    const { match, verdict, vendors, reasons } = seal.verify(imprint, imprint);
    expect(match).toBe(false);
    expect(verdict).toBe('review');
    expect(vendors.map((vendor) => vendor.match)).toEqual([true, true, true, false]);
    expect(reasons).toEqual([{ code: 'vendor_failed', detail: 'block' }]);
  });

  test('and is whole again at the next call', async () => {
    const failing = `${compareHead} { if (load<u8>(n + a - 1) == 255) unreachable(); return -2; }`;
    const seal = await loadSeal({ vendors: [await foreignVendor({ compare: failing })] });
    const template = new Uint8Array(64).fill(255);
    expect(() => seal.match('block', template, template)).toThrow(
      expect.objectContaining({ code: 'core_failed' }),
    );
    const other = new Uint8Array(64);
    expect(() => seal.match('block', other, other)).toThrow(
      expect.objectContaining({ code: 'template_invalid' }),
    );
  });
});

describe('modules that are no vendors are refused when they are loaded', () => {
  test.each([
    [
      'another import',
      {
        prelude:
          '@external("host", "spy") declare function spy(): void;\nlet top: usize = 0; const code: usize = 8; spy();',
      },
    ],
    ['a missing function', { restore: '' }],
    ['a wrong info record', { info: 'export function info(): i32 { return alloc(80); }' }],
    [
      'an info record outside of memory',
      { info: 'export function info(): i32 { return 0x7ffffff0; }' },
    ],
    ['no memory for anything', { info: 'export function info(): i32 { return 0; }' }],
  ])('%s', async (_, fault) => {
    const module = await foreignVendor(fault);
    await expect(loadSeal({ vendors: [module] })).rejects.toBeInstanceOf(SealError);
  });

  test('two of the same code', async () => {
    await expect(loadSeal({ vendors: [block, block] })).rejects.toBeInstanceOf(SealError);
  });
});

/** Which of the segments a to g each digit lights, a the lowest bit. */
const segments = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
const [DIGIT_WIDTH, DIGIT_HEIGHT, DIGIT_PITCH, DIGITS_AT] = [11, 19, 17, { x: 80, y: 230 }];

function isInDigit(digit: number, x: number, y: number): boolean {
  const [right, middle, bottom] = [DIGIT_WIDTH - 3, (DIGIT_HEIGHT - 3) / 2, DIGIT_HEIGHT - 3];
  if (x < 0 || y < 0 || x >= DIGIT_WIDTH || y >= DIGIT_HEIGHT) return false;
  const isUpper = y < DIGIT_HEIGHT / 2;
  const lit = [
    y < 3,
    x >= right && isUpper,
    x >= right && !isUpper,
    y >= bottom,
    x < 3 && !isUpper,
    x < 3 && isUpper,
    y >= middle && y < middle + 3,
  ];
  return lit.some((isLit, segment) => isLit && ((segments[digit] ?? 0) >> segment) & 1);
}

/** A round seal of 28 mm with two bars and a line of digits 1.6 mm high. */
function numberedSeal(digits: string) {
  return drawn(360, 360, (x, y) => {
    const away = Math.hypot(x - 180, y - 180);
    const isBar = Math.abs(x - 180) < 70 && (Math.abs(y - 120) < 8 || Math.abs(y - 170) < 8);
    const isStem = Math.abs(x - 180) < 8 && y > 80 && y < 210;
    const place = Math.floor((x - DIGITS_AT.x) / DIGIT_PITCH);
    const digit = Number(digits[place] ?? Number.NaN);
    const isDigit = isInDigit(digit, x - DIGITS_AT.x - place * DIGIT_PITCH, y - DIGITS_AT.y);
    const isInk = (away > 150 && away < 164) || isBar || isStem || isDigit;
    return isInk ? [200, 30, 40] : [255, 255, 255];
  });
}

test('B4: glyphs sees one digit changed in small print, and shows which', async () => {
  const seal = await loadSeal();
  const reserved = seal.enrol(numberedSeal('310582946720'), 'glyphs');
  const judged = (digits: string) =>
    seal.match('glyphs', reserved, seal.enrol(turned(numberedSeal(digits), 37, 3, -5), 'glyphs'));
  const genuine = judged('310582946720');
  const changed = judged('310584946720');
  expect(genuine.match).toBe(true);
  expect(changed.score).toBeLessThan(0.5 * genuine.score);
  const [worst] = changed.tiles.toSorted((a, b) => a.score - b.score);
  // The changed digit is the sixth; the canonical picture is the whole one, whose ink comes near its edges.
  const [x, y] = [DIGITS_AT.x + 5 * DIGIT_PITCH + DIGIT_WIDTH / 2, DIGITS_AT.y + DIGIT_HEIGHT / 2];
  expect(Math.abs((worst?.x ?? 0) - x)).toBeLessThan(12);
  expect(Math.abs((worst?.y ?? 0) - y)).toBeLessThan(12);
});
