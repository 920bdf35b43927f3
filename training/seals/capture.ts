// Scanners, document feeders and phones. Those of the wide models are drawn from wide ranges; those of
// `grain` are other ones than any that train.
import sharp from 'sharp';
import { drawnAlong, isWide, type Physics } from './inking.ts';
import {
  blurred,
  clamp,
  convolved,
  MASTER,
  mapped,
  type Plane,
  plane,
  smoothNoise,
  warped,
} from './plane.ts';
import type { Chance } from './random.ts';
import type { Picture } from './sheet.ts';

/** Rows of a sheet that stand for the paper around it. */
const EDGE = 24;

export type Device = 'flatbed' | 'feeder' | 'phone';

export interface Shot {
  readonly device: Device;
  /** True resolution; a phone does not tell it. */
  readonly dpi: number;
  readonly isGrey: boolean;
  readonly quality: number;
}

export interface Captured {
  readonly file: Buffer;
  readonly turnDegrees: number;
}

export function shotOf(chance: Chance, physics: Physics): Shot {
  const share = physics === 'ridge' ? [0.75, 0.9] : [0.5, 0.75];
  const roll = chance.uniform(0, 1);
  const device = roll < (share[0] ?? 1) ? 'flatbed' : roll < (share[1] ?? 1) ? 'feeder' : 'phone';
  const dpi = device === 'phone' ? chance.uniform(200, 380) : chance.pick([200, 300, 300]);
  const isGrey = device !== 'phone' && chance.happens(0.25);
  return { device, dpi, isGrey, quality: 56 + chance.whole(34) };
}

type Place = (x: number, y: number, out: Float64Array) => void;

/** From output pixels to sheet pixels. */
function placement(
  chance: Chance,
  sheet: Plane,
  side: number,
  shot: Shot,
  physics: Physics,
  turn: number,
): Place {
  const ratio = (MASTER * 25.4) / shot.dpi;
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const reach = shot.device === 'phone' ? 0.3 : 1.5;
  const shiftX = chance.uniform(-reach, reach) * MASTER;
  const shiftY = chance.uniform(-reach, reach) * MASTER;
  const isFeeder = shot.device === 'feeder';
  const stretch = isFeeder ? 1 + chance.normal(0.004) : 1;
  const shear = isFeeder ? chance.normal(0.002) : 0;
  const wobble = isFeeder && physics === 'grain' ? chance.uniform(0.02, 0.1) * MASTER : 0;
  const wave = chance.uniform(40, 160);
  const isPhone = shot.device === 'phone';
  const tiltX = isPhone ? chance.normal(0.035) : 0;
  const tiltY = isPhone ? chance.normal(0.035) : 0;
  const barrel = isPhone && physics === 'grain' ? chance.normal(0.008) : 0;
  // A sheet that does not lie flat, seen from above.
  const curl = isPhone && isWide(physics) ? chance.normal(0.012) : 0;
  const curlTurn = isWide(physics) ? chance.uniform(0, Math.PI) : 0;
  const [curlC, curlS] = [Math.cos(curlTurn), Math.sin(curlTurn)];
  return (x, y, out) => {
    let u = (x + 0.5) / side - 0.5;
    let v = (y + 0.5) / side - 0.5;
    const bulge = 1 + barrel * 4 * (u * u + v * v);
    u *= bulge;
    v *= bulge;
    const bent = curl * (curlC * u + curlS * v) ** 2;
    u += curlC * bent;
    v += curlS * bent;
    const depth = 1 / (1 + 2 * (tiltX * u + tiltY * v));
    const px = u * depth * side * ratio + shear * v * side * ratio;
    const py = v * depth * side * ratio * stretch + wobble * Math.sin(y / wave);
    out[0] = c * px - s * py + sheet.width / 2 + shiftX - 0.5;
    out[1] = s * px + c * py + sheet.height / 2 + shiftY - 0.5;
  };
}

/** Lenses and electronics: unsharp, or sharpened with a halo; a disc or a drag for phones. */
function optics(
  chance: Chance,
  channel: Plane,
  shot: Shot,
  severity: number,
  physics: Physics,
): Plane {
  const scale = shot.dpi / 300;
  if (isWide(physics)) return widely(chance, channel, shot, severity);
  if (shot.device === 'phone') {
    if (physics !== 'grain') return blurred(channel, chance.uniform(0.5, 1.3) * scale);
    const radius = 1 + 2 * Math.round(chance.uniform(0.3, 1.3) * scale);
    const smooth = convolved(channel, new Float32Array(radius).fill(1));
    const wide = blurred(smooth, 1.6);
    return mapped(smooth, (value, i) => value + 0.7 * (value - (wide.data[i] as number)));
  }
  const most = severity <= 2 ? 0.5 : 0.95;
  const soft = blurred(channel, chance.uniform(0.1, most) * scale);
  if (physics === 'ridge' || chance.happens(0.5)) return soft;
  const wide = blurred(soft, 1.1);
  const gain = chance.uniform(0.3, 0.9);
  return mapped(soft, (value, i) => value + gain * (value - (wide.data[i] as number)));
}

/** Out of focus or dragged, then sharpened by any amount. */
function widely(chance: Chance, channel: Plane, shot: Shot, severity: number): Plane {
  const scale = shot.dpi / 300;
  const isPhone = shot.device === 'phone';
  const soft = blurred(
    channel,
    chance.uniform(0.1, (severity <= 2 ? 0.6 : 1) + 0.4 * +isPhone) * scale,
  );
  const drag = isPhone && chance.happens(0.4) ? chance.uniform(0.5, 2) * scale : 0;
  const turn = chance.uniform(0, Math.PI);
  const seen = drag > 0 ? drawnAlong(soft, turn, drag) : soft;
  const gain = chance.happens(0.6) ? chance.uniform(0, 1.1) : 0;
  const wide = blurred(seen, chance.uniform(0.7, 2.4));
  return mapped(seen, (value, i) => value + gain * (value - (wide.data[i] as number)));
}

/** Light that falls off, and for `grain` phones the edge of a shadow. */
function lightOn(
  chance: Chance,
  width: number,
  height: number,
  shot: Shot,
  physics: Physics,
): Plane {
  const light = plane(width, height, 1);
  const [gx, gy] = [chance.normal(0.12), chance.normal(0.12)];
  const vignette = chance.uniform(0, 0.18);
  const shade = physics === 'grain' && chance.happens(0.5) ? chance.uniform(0.12, 0.35) : 0;
  const angle = chance.uniform(0, 2 * Math.PI);
  const edge = chance.uniform(-0.3, 0.3);
  const uneven = smoothNoise(chance, width, height, 0.7 * width);
  const isDim = isWide(physics) && chance.happens(0.4);
  const shadow = isDim
    ? blurred(
        mapped(smoothNoise(chance, width, height, 0.3 * width), (value) => (value > 0.6 ? 1 : 0)),
        chance.uniform(2, 25),
      )
    : undefined;
  const dim = chance.uniform(0.1, 0.45);
  for (let i = 0; i < light.data.length; i++) {
    const u = (i % width) / width - 0.5;
    const v = Math.floor(i / width) / height - 0.5;
    if (shot.device === 'feeder') {
      light.data[i] = 1;
      continue;
    }
    const cut = clamp((u * Math.cos(angle) + v * Math.sin(angle) - edge) * 9 + 0.5);
    const even =
      1 + gx * u + gy * v - vignette * 2 * (u * u + v * v) + 0.03 * (uneven.data[i] as number);
    const dark = shadow ? dim * (shadow.data[i] as number) : shade * cut;
    light.data[i] = even * (1 - dark);
  }
  return light;
}

/** Rows that a feeder's lamp makes lighter or darker, and a dirty spot's streak. */
function bands(chance: Chance, height: number): Float32Array {
  const rows = new Float32Array(height);
  let drift = 0;
  for (let y = 0; y < height; y++) {
    drift = 0.9 * drift + chance.normal(0.004);
    rows[y] = 1 + drift;
  }
  return rows;
}

/** Levels that are stretched or cut off at either end, and a bend between. */
function wideTone(chance: Chance): (value: number) => number {
  const black = chance.uniform(-0.12, 0.06);
  const white = chance.happens(0.4) ? chance.uniform(0.86, 0.97) : chance.uniform(0.97, 1.12);
  const gamma = chance.uniform(0.78, 1.28);
  return (value) => 255 * clamp((value / 255 - black) / (white - black)) ** gamma;
}

function toneOf(chance: Chance, severity: number, physics: Physics): (value: number) => number {
  if (severity === 0) return (value) => value;
  if (isWide(physics)) return wideTone(chance);
  const gamma = 1 + chance.uniform(-0.05, 0.05) * (1 + severity / 3);
  const contrast = chance.uniform(0.85, 1.08);
  const isCurved = physics === 'grain';
  return (value) => {
    const v = clamp(value / 255);
    const bent = isCurved ? v + 0.06 * Math.sin(2 * Math.PI * (v - 0.5)) * -1 : v ** gamma;
    return 255 * (severity >= 3 ? (bent - 0.5) * contrast + 0.5 : bent);
  };
}

/** What lies beyond the sheet: paper like its edge, without the dots of one printed there. */
function around({ width, data }: Plane): number {
  const edge = data.subarray(0, EDGE * width);
  return edge.reduce((sum, value) => sum + value, 0) / edge.length;
}

/** Takes the picture and writes it as JPEG. */
export async function captured(
  chance: Chance,
  sheet: Picture,
  shot: Shot,
  severity: number,
  physics: Physics,
  spanMm: number,
  turnDegrees?: number,
): Promise<Captured> {
  const degrees = turnDegrees ?? chance.uniform(-180, 180);
  const side = Math.round(((spanMm + 5) * shot.dpi) / 25.4);
  const ratio = (MASTER * 25.4) / shot.dpi;
  const place = placement(chance, sheet[0], side, shot, physics, (degrees * Math.PI) / 180);
  const seed = chance.part('optics');
  const light =
    shot.device === 'flatbed'
      ? undefined
      : lightOn(chance.part('light'), side, side, shot, physics);
  const rows = shot.device === 'feeder' ? bands(chance.part('bands'), side) : undefined;
  const tone = toneOf(chance.part('tone'), severity, physics);
  const spread = severity <= 1 ? 0.8 : chance.uniform(0.8, shot.device === 'phone' ? 3.2 : 2.2);
  const kind = chance.part('clouds');
  const isClouded = kind.happens(0.5);
  const cloudSize = kind.uniform(1.2, 2.6);
  const channels = sheet.map((channel, c) => {
    const ready = blurred(channel, Math.max(0.3, 0.42 * ratio));
    const taken = warped(ready, side, side, place, around(channel));
    // The same lens for all three colours.
    const seen = optics(seed.part('lens'), taken, shot, severity, physics);
    const cast = severity > 0 ? 1 + chance.normal(0.01 * (1 + severity / 3)) : 1;
    const noise = chance.part('noise', c);
    // Noise that the device's own smoothing left in clouds.
    const cloud =
      isWide(physics) && isClouded ? smoothNoise(noise, side, side, cloudSize) : undefined;
    return mapped(seen, (value, i) => {
      const lit = value * cast * (light ? (light.data[i] as number) : 1);
      return (
        tone(lit * (rows ? (rows[Math.floor(i / side)] as number) : 1)) +
        spread * (cloud ? (cloud.data[i] as number) : noise.normal())
      );
    });
  });
  const file = await encode(channels, shot);
  return { file, turnDegrees: degrees };
}

async function encode([red, green, blue]: readonly Plane[], shot: Shot): Promise<Buffer> {
  if (!red || !green || !blue) throw new Error('a picture has three channels');
  const { width, height } = red;
  const count = shot.isGrey ? 1 : 3;
  const bytes = new Uint8Array(width * height * count);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [red.data[i] as number, green.data[i] as number, blue.data[i] as number];
    if (shot.isGrey) {
      bytes[i] = Math.round(clamp(0.299 * r + 0.587 * g + 0.114 * b, 0, 255));
    } else {
      bytes[3 * i] = Math.round(clamp(r, 0, 255));
      bytes[3 * i + 1] = Math.round(clamp(g, 0, 255));
      bytes[3 * i + 2] = Math.round(clamp(b, 0, 255));
    }
  }
  return sharp(bytes, { raw: { width, height, channels: count } })
    .jpeg({ quality: shot.quality, chromaSubsampling: '4:2:0' })
    .toBuffer();
}
