import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadPictures } from '../../../src/core/pictures.ts';
import type { Precheck } from '../../../src/core/precheck.ts';
import type { Raster } from '../../../src/core/raster.ts';

const pictures = await loadPictures();

interface Scene {
  side?: number;
  /** Degrees clockwise. */
  turn?: number;
  ink?: string;
  paper?: string;
  shape?: 'round' | 'square' | 'oval';
  /** Which strokes stand inside; another number is another seal. */
  text?: number;
  blur?: number;
  /** SVG that is laid over the imprint in the paper's colour, and one in its own. */
  erase?: string;
  over?: string;
  dpi?: number;
  offset?: [number, number];
}

/** Strokes like the characters on a seal: their number and which bars each has follow the seed. */
function strokes(seed: number): string {
  let marks = '';
  const glyphs = 6 + ((seed * 3) % 7);
  for (let place = 0; place < glyphs; place++) {
    const angle = -140 + (place * 280) / (glyphs - 1);
    let glyph = '';
    for (let bar = 0; bar < 8; bar++) {
      if (Math.imul((seed * 97 + place) * 31 + bar, 2654435761) >>> 30 === 0) continue;
      glyph +=
        bar < 4
          ? `<rect x="-22" y="${-26 + bar * 15}" width="44" height="6"/>`
          : `<rect x="${-22 + (bar - 4) * 13}" y="-26" width="5" height="52"/>`;
    }
    marks += `<g transform="rotate(${angle}) translate(0 -165)">${glyph}</g>`;
  }
  return marks;
}

const FRAMES = {
  round: '<circle r="235" fill="none" stroke-width="12"/>',
  square: '<rect x="-220" y="-220" width="440" height="440" fill="none" stroke-width="16"/>',
  oval: '<ellipse rx="270" ry="215" fill="none" stroke-width="10"/>',
};

/** A scan of a drawn imprint, 600 by 600 unless told. */
async function scan(scene: Scene = {}): Promise<Raster> {
  const { side = 600, turn = 0, ink = '#c8323c', paper = '#fbf9f5', shape = 'round' } = scene;
  const [x, y] = scene.offset ?? [0, 0];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 600 600">
    <rect width="600" height="600" fill="${paper}"/>
    <g transform="translate(${300 + x} ${300 + y}) rotate(${turn})" fill="${ink}" stroke="${ink}" stroke-width="0">
      ${FRAMES[shape]}${strokes(scene.text ?? 1)}
      <path d="M0-60 18-19 57-19 26 8 37 49 0 25-37 49-26 8-57-19-18-19Z"/>
      ${scene.erase ? `<g fill="${paper}" stroke="none">${scene.erase}</g>` : ''}
    </g>${scene.over ?? ''}</svg>`;
  const drawn = sharp(Buffer.from(svg)).ensureAlpha();
  const soft = scene.blur ? sharp(await drawn.png().toBuffer()).blur(scene.blur) : drawn;
  const { data, info } = await soft.raw().toBuffer({ resolveWithObject: true });
  const rgba = new Uint8Array(data);
  return { width: info.width, height: info.height, rgba, ...(scene.dpi ? { dpi: scene.dpi } : {}) };
}

const codes = (result: Precheck) => result.reasons.map(({ code }) => code);
const check = async (scene: Scene) => codes(pictures.precheck(await scan(scene)));

describe('B11: a good imprint passes', () => {
  const scenes: [string, Scene][] = [
    ['round', {}],
    ['square', { shape: 'square' }],
    ['oval', { shape: 'oval' }],
    ['turned', { turn: 77 }],
    ['off the middle', { offset: [40, -30] }],
    ['blue ink', { ink: '#2a3f9e' }],
    ['black ink', { ink: '#222' }],
    ['black and white, as restored from a template', { ink: '#000', paper: '#fff' }],
    ['light ink', { ink: '#e8a0a0' }],
    ['grey scan', { ink: '#8a8a8a', paper: '#f4f4f4' }],
    ['yellow paper', { paper: '#f5e9b8' }],
    ['large picture', { side: 2000 }],
    ['small picture at 200 dpi', { side: 300, dpi: 200 }],
    [
      'black lines across',
      { over: '<path d="M0 250H600M0 380H600" stroke="#111" stroke-width="3"/>' },
    ],
    [
      'uneven light',
      {
        over: '<defs><linearGradient id="g"><stop stop-opacity=".45"/><stop offset="1" stop-opacity="0"/></linearGradient></defs><rect width="600" height="600" fill="url(#g)"/>',
      },
    ],
  ];
  test.each(scenes)('%s', async (_, scene) => {
    expect(await check(scene)).toEqual([]);
  });

  test('its box is found to the pixel', async () => {
    const { box, inkShare, sharpness, completeness } = pictures.precheck(
      await scan({ offset: [20, 10] }),
    );
    expect(box).toEqual({ x: 79, y: 69, width: 482, height: 482 });
    expect(inkShare).toBeGreaterThan(0.1);
    expect(inkShare).toBeLessThan(0.3);
    expect([sharpness, completeness]).toEqual([1, 1]);
  });
});

describe('B11: a bad one is named', () => {
  test('no imprint', async () => {
    const blank = await sharp({
      create: { width: 600, height: 600, channels: 4, background: '#fff' },
    })
      .raw()
      .toBuffer();
    const nothing = pictures.precheck({ width: 600, height: 600, rgba: new Uint8Array(blank) });
    expect(codes(nothing)).toEqual(['no_imprint']);
    expect(nothing.box).toBeUndefined();
    const noise = Uint8Array.from({ length: 600 * 600 * 4 }, (_, at) =>
      (at & 3) === 3 ? 255 : Math.imul(at, 2654435761) >>> 24,
    );
    expect(pictures.precheck({ width: 600, height: 600, rgba: noise }).ok).toBe(false);
    const tiny = { width: 8, height: 8, rgba: new Uint8Array(256) };
    expect(codes(pictures.precheck(tiny))).toEqual(['no_imprint']);
    const line = '<path d="M50 300H550" stroke="#c8323c" stroke-width="9"/>';
    const erase = '<rect x="-290" y="-290" width="580" height="580"/>';
    expect(await check({ erase, over: line })).toContain('no_imprint');
  });

  test('cut at any border', async () => {
    for (const offset of [
      [-80, 0],
      [80, 0],
      [0, -80],
      [0, 80],
    ] as [number, number][]) {
      expect(await check({ offset })).toContain('cut_off');
    }
  });

  test('a part missing', async () => {
    const erase = '<rect x="60" y="-290" width="300" height="580"/>';
    expect(await check({ erase })).toContain('incomplete');
  });

  test('blurred, and the more blur the less sharp', async () => {
    expect(await check({ blur: 5 })).toContain('blurred');
    const levels: number[] = [];
    for (const blur of [1, 2, 3, 5]) {
      levels.push(pictures.precheck(await scan({ blur, dpi: 300 })).sharpness);
    }
    expect([...levels].sort((a, b) => b - a)).toEqual(levels);
  });

  test('too few pixels, or dots per inch', async () => {
    expect(await check({ side: 80 })).toContain('resolution_low');
    expect(await check({ dpi: 100 })).toContain('resolution_low');
  });

  test('too light', async () => {
    expect(await check({ ink: '#f2d9d9' })).toContain('faint');
  });
});

describe('B11: against a reserved imprint', () => {
  test('the same at any rotation, place and size is like it, and the rotation is found', async () => {
    const reserved = await scan();
    for (const turn of [0, 33, 90, 181, 300]) {
      const query = await scan({ turn, offset: [25, -15], side: turn === 90 ? 420 : 600 });
      const result = pictures.precheck(query, reserved);
      expect(codes(result)).toEqual([]);
      expect(result.likeness).toBeGreaterThan(0.6);
      expect(result.completeness).toBeGreaterThan(0.9);
      const apart = Math.abs((result.rotation ?? 0) - turn);
      expect(Math.min(apart, 360 - apart)).toBeLessThan(6);
    }
  });

  test('another seal of the same shape is less like it than any genuine one', async () => {
    const reserved = await scan();
    const genuine = pictures.precheck(await scan({ turn: 120 }), reserved).likeness ?? 0;
    for (const text of [2, 3, 4, 5]) {
      const other = pictures.precheck(await scan({ text }), reserved).likeness ?? 1;
      expect(other).toBeLessThan(genuine - 0.2);
    }
  });

  test('another shape is unlike', async () => {
    const reserved = await scan();
    const result = pictures.precheck(await scan({ shape: 'square', text: 9 }), reserved);
    expect(result.likeness).toBeLessThan(0.3);
  });

  test('the answer does not depend on what was looked at before', async () => {
    const [a, b, query] = [await scan(), await scan({ text: 2 }), await scan({ turn: 50 })];
    const first = pictures.precheck(query, a);
    pictures.precheck(query, b);
    pictures.precheck(b);
    expect(pictures.precheck(query, a)).toEqual(first);
    expect(pictures.precheck(query, { ...a })).toEqual(first);
  });

  test('a reserved picture without imprint is an error of the caller', async () => {
    const blank = { width: 64, height: 64, rgba: new Uint8Array(64 * 64 * 4).fill(255) };
    const query = await scan();
    expect(() => pictures.precheck(query, blank)).toThrow(
      expect.objectContaining({ code: 'imprint_not_found' }),
    );
  });
});

describe('rasters from elsewhere', () => {
  test('transparency is paper', async () => {
    const raster = await scan({ paper: 'none' });
    expect(raster.rgba[3]).toBe(0);
    expect(codes(pictures.precheck(raster))).toEqual([]);
  });

  test('contradictory ones are refused', () => {
    const invalid = expect.objectContaining({ code: 'picture_invalid' });
    const look = (width: number, height: number, length: number) => () =>
      pictures.precheck({ width, height, rgba: new Uint8Array(length) });
    expect(look(10, 10, 399)).toThrow(invalid);
    expect(look(0, 10, 0)).toThrow(invalid);
    expect(look(2.5, 2, 20)).toThrow(invalid);
    expect(look(4097, 1, 4097 * 4)).toThrow(expect.objectContaining({ code: 'picture_too_large' }));
  });

  test('any size and any pixels give an answer', () => {
    for (let seed = 1; seed < 60; seed++) {
      const [width, height] = [1 + ((seed * 37) % 90), 1 + ((seed * 53) % 70)];
      const rgba = Uint8Array.from({ length: width * height * 4 }, (_, at) =>
        ((at >> 6) * seed) % 3 === 0 ? 0 : Math.imul(at + seed, 2654435761) >>> 24,
      );
      const result = pictures.precheck({ width, height, rgba });
      for (const value of [
        result.sharpness,
        result.completeness,
        result.inkShare,
        result.contrast,
      ]) {
        expect(value >= 0 && value <= 1).toBe(true);
      }
    }
  });
});
