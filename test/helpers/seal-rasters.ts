import { readFileSync } from 'node:fs';
import type { Bitmap1, Raster } from '../../src/core/raster.ts';
import { loadSeal } from '../../src/core/seal.ts';

const folder = new URL('../../src/console/public/samples/', import.meta.url);
const pictures = await loadSeal();

/** One of the sample scans that the console ships. */
export function sampleScan(file: string, dpi: number): Raster {
  return { ...pictures.decode(readFileSync(new URL(file, folder))), dpi };
}

/** A canonical picture as a raster: ink of the given colour on white paper. */
export function rasterOf(
  { width, height, bits }: Bitmap1,
  ink: readonly [number, number, number] = [200, 30, 40],
): Raster {
  const stride = (width + 7) >> 3;
  return drawn(width, height, (x, y) =>
    ((bits[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? ink : [255, 255, 255],
  );
}

export function drawn(
  width: number,
  height: number,
  colourAt: (x: number, y: number) => readonly number[],
): Raster {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++)
    rgba.set(colourAt(i % width, Math.floor(i / width)), 4 * i);
  return { width, height, rgba, dpi: 300 };
}

/** A small drawn seal, 17 mm square: a rim, a cross and a corner mark. */
export function drawnSeal(): Raster {
  return drawn(220, 220, (x, y) => {
    const u = x - 110;
    const v = y - 110;
    const edge = Math.max(Math.abs(u), Math.abs(v));
    const isRim = edge > 88 && edge < 98;
    const isCross = edge < 60 && (Math.abs(u) < 7 || Math.abs(v + 12) < 7);
    const isMark = Math.hypot(u - 55, v - 55) < 12;
    return isRim || isCross || isMark ? [200, 30, 40] : [255, 255, 255];
  });
}

/** The raster turned by degrees, clockwise, and moved, on a larger white sheet. */
export function turned(raster: Raster, degrees: number, dx: number, dy: number): Raster {
  const side = Math.ceil(1.5 * Math.max(raster.width, raster.height));
  const c = Math.cos((degrees * Math.PI) / 180);
  const s = Math.sin((degrees * Math.PI) / 180);
  const valueAt = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= raster.width || y >= raster.height
      ? 255
      : (raster.rgba[4 * (y * raster.width + x) + channel] ?? 255);
  const turnedRaster = drawn(side, side, (x, y) => {
    const u = x - side / 2 - dx;
    const v = y - side / 2 - dy;
    const px = c * u + s * v + raster.width / 2;
    const py = c * v - s * u + raster.height / 2;
    const [x0, y0] = [Math.floor(px), Math.floor(py)];
    return [0, 1, 2].map((channel) => {
      const row = (dy1: number) =>
        valueAt(x0, y0 + dy1, channel) * (1 - px + x0) +
        valueAt(x0 + 1, y0 + dy1, channel) * (px - x0);
      return Math.round(row(0) * (1 - py + y0) + row(1) * (py - y0));
    });
  });
  return turnedRaster;
}

/** The raster with every dark dot thrown at random: noise without any stroke. */
export function noise(width: number, height: number): Raster {
  let state = 7;
  return drawn(width, height, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 31 ? [200, 30, 40] : [250, 250, 250];
  });
}
