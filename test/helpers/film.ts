import type { Raster } from '../../src/core/raster.ts';

/**
 * A film of one still, laid in the middle of white frames: YUV4MPEG2 with 4:2:0 planes, ITU-R BT.601
 * in studio range. Width and height are even.
 */
export function filmOf(still: Raster, width: number, height: number): Uint8Array {
  const left = (width - still.width) >> 1;
  const top = (height - still.height) >> 1;
  const colourAt = (x: number, y: number): readonly [number, number, number] => {
    const [u, v] = [x - left, y - top];
    if (u < 0 || v < 0 || u >= still.width || v >= still.height) return [252, 251, 248];
    const [r = 0, g = 0, b = 0] = still.rgba.subarray(4 * (v * still.width + u));
    return [r, g, b];
  };
  const luma = new Uint8Array(width * height);
  const [blue, red] = [0, 1].map(() => new Uint8Array((width * height) / 4)) as [
    Uint8Array,
    Uint8Array,
  ];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = colourAt(x, y);
      luma[y * width + x] = 16 + (65.5 * r + 128.6 * g + 25 * b) / 256;
      const half = (y >> 1) * (width >> 1) + (x >> 1);
      blue[half] = 128 + (-37.8 * r - 74.2 * g + 112 * b) / 256;
      red[half] = 128 + (112 * r - 93.8 * g - 18.2 * b) / 256;
    }
  }
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, blue, red]);
  return Buffer.concat([head, frame, frame, frame]);
}
