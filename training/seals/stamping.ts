// From a plate's relief to ink on paper. Three models that share nothing but the noise: `ridge`
// (a threshold on the softened relief), `film` (a squeezed film of viscous ink) and `grain` (a foam
// pad that gives single grains). The last one is kept out of training, to judge.
import {
  blurred,
  clamp,
  MASTER,
  mapped,
  type Plane,
  quantile,
  smoothNoise,
  warped,
} from './plane.ts';
import type { Chance } from './random.ts';

export type Physics = 'ridge' | 'film' | 'grain';

/** Wear and haste, 0 (an account is opened) to 1. */
export interface Imprint {
  /** Ink, 0 to about 1. */
  readonly ink: Plane;
  readonly faults: readonly string[];
}

/** Rubber and paper give way: a smooth displacement and a small change of size. */
function stretched(relief: Plane, chance: Chance, wear: number): Plane {
  const { width, height } = relief;
  const reach = (chance.uniform(0.02, 0.04) + 0.05 * wear * chance.uniform(0.2, 1)) * MASTER;
  const cell = chance.uniform(10, 16) * MASTER;
  const dx = smoothNoise(chance, width, height, cell);
  const dy = smoothNoise(chance, width, height, cell);
  const scale = 1 + chance.uniform(-0.002, 0.002) * (0.5 + wear);
  const squeeze = chance.uniform(-0.0012, 0.0012) * (0.5 + wear);
  const middle = width / 2;
  return warped(relief, width, height, (x, y, out) => {
    const i = y * width + x;
    out[0] = (x - middle) * (scale + squeeze) + middle + reach * (dx.data[i] as number);
    out[1] = (y - middle) * (scale - squeeze) + middle + reach * (dy.data[i] as number);
  });
}

/** Pressure, mean 0: uneven hand, and a tilt that grows with haste. */
function pressureOf(chance: Chance, { width, height }: Plane, tilt: number, cellMm: number): Plane {
  const angle = chance.uniform(0, 2 * Math.PI);
  const uneven = smoothNoise(chance, width, height, cellMm * MASTER);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return mapped(uneven, (value, i) => {
    const x = (i % width) / (width / 2) - 1;
    const y = Math.floor(i / width) / (height / 2) - 1;
    return 0.55 * value + 2 * tilt * (c * x + s * y);
  });
}

/** The side that was not pressed, with a ragged edge and specks beyond it. */
function lose(chance: Chance, ink: Plane, share: number): Plane {
  const { width, height } = ink;
  const angle = chance.uniform(0, 2 * Math.PI);
  const ragged = smoothNoise(chance, width, height, 5 * MASTER);
  const specks = smoothNoise(chance, width, height, 0.35 * MASTER);
  const along = mapped(
    ragged,
    (value, i) =>
      (i % width) * Math.cos(angle) +
      Math.floor(i / width) * Math.sin(angle) +
      1.1 * MASTER * value,
  );
  const inked = along.data.filter((_, i) => (ink.data[i] as number) > 0.5);
  const limit = quantile(inked, 1 - 0.92 * share);
  return mapped(ink, (value, i) => {
    const gone = clamp(((along.data[i] as number) - limit) / MASTER + 0.5);
    return value * clamp(1 - gone + ((specks.data[i] as number) > 1.2 ? 0.35 : 0));
  });
}

/** A second, weaker touch of the stamp, or a slip while it stood. */
function touchTwice(chance: Chance, ink: Plane): Plane {
  const angle = chance.uniform(0, 2 * Math.PI);
  const shift = chance.uniform(0.15, 0.6) * MASTER;
  const turn = chance.normal(0.006);
  const strength = chance.uniform(0.25, 0.7);
  const middle = ink.width / 2;
  const ghost = warped(ink, ink.width, ink.height, (x, y, out) => {
    out[0] = x - middle - turn * (y - middle) + middle + shift * Math.cos(angle);
    out[1] = y - middle + turn * (x - middle) + middle + shift * Math.sin(angle);
  });
  const patchy = smoothNoise(chance, ink.width, ink.height, 6 * MASTER);
  return mapped(ink, (value, i) => {
    const part = strength * clamp(0.7 + 0.5 * (patchy.data[i] as number));
    return Math.max(value, part * (ghost.data[i] as number));
  });
}

/** Drawn out by a finger or a sheet in one direction. */
function smear(chance: Chance, ink: Plane, reachMm: number): Plane {
  const angle = chance.uniform(0, 2 * Math.PI);
  const steps = Math.max(2, Math.ceil(reachMm * MASTER));
  let drawn = ink;
  for (let k = 1; k <= 3; k++) {
    const [dx, dy] = [(Math.cos(angle) * steps * k) / 3, (Math.sin(angle) * steps * k) / 3];
    const moved = warped(ink, ink.width, ink.height, (x, y, out) => {
      out[0] = x + dx;
      out[1] = y + dy;
    });
    const fade = 0.6 / k;
    drawn = mapped(drawn, (value, i) => Math.max(value, fade * (moved.data[i] as number)));
  }
  return drawn;
}

/** Hard edges where the relief, softened, exceeds a threshold that pressure and roughness move. */
function ridge(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const soft = blurred(relief, 0.045 * MASTER);
  const pressing = chance.uniform(0.1, 0.35) + 0.7 * wear * chance.uniform(0.3, 1);
  const rough = 0.25 + 0.4 * wear * chance.uniform(0.3, 1);
  const spread = chance.uniform(-0.035, 0.035) * (0.4 + wear);
  const voids = chance.uniform(0, 0.25) + 0.5 * wear * chance.uniform(0.1, 1);
  const mottle = chance.uniform(0.08, 0.18) + 0.2 * wear * chance.uniform(0, 1);
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.5) * wear, 9);
  const fine = smoothNoise(chance, width, height, 0.11 * MASTER);
  const middle = smoothNoise(chance, width, height, 0.3 * MASTER);
  const pores = smoothNoise(chance, width, height, 0.14 * MASTER);
  const coarse = smoothNoise(chance, width, height, 0.5 * MASTER);
  const cover = mapped(soft, (value, i) => {
    const p = pressure.data[i] as number;
    const threshold =
      0.5 -
      7 * spread +
      0.1 * pressing * p +
      0.09 * rough * (fine.data[i] as number) +
      0.05 * rough * (middle.data[i] as number);
    const pore = 0.7 * (pores.data[i] as number) + 0.7 * (coarse.data[i] as number);
    const open = 3.1 - 1.9 * voids - 0.55 * pressing * clamp(p, -1.5, 3);
    return clamp((value - threshold) * 3.2 + 0.5) * (1 - clamp((pore - open) * 2.2));
  });
  const around = blurred(cover, 0.12 * MASTER);
  return mapped(cover, (value, i) => {
    const p = clamp(pressure.data[i] as number, -2, 2);
    const depth = 0.86 - 0.1 * p * pressing - 0.7 * mottle * Math.abs(middle.data[i] as number);
    return value * clamp(depth + 0.18 * clamp(0.75 - (around.data[i] as number)), 0.15, 1);
  });
}

/** Ink flows from under the strokes to their rims; what the paper's valleys miss stays white. */
function film(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.6) * wear, chance.uniform(6, 14));
  const load = chance.uniform(0.75, 1.2) - 0.35 * wear * chance.uniform(0, 1);
  const flow = chance.uniform(0.03, 0.09) * MASTER * (0.6 + load);
  const carried = blurred(relief, flow);
  const wide = blurred(relief, 0.22 * MASTER);
  const valleys = smoothNoise(chance, width, height, chance.uniform(0.08, 0.2) * MASTER);
  const fibres = smoothNoise(chance, width, height, chance.uniform(0.25, 0.6) * MASTER);
  const relish = 0.12 + 0.3 * wear * chance.uniform(0, 1);
  const soak = chance.uniform(0.36, 0.6);
  return mapped(carried, (value, i) => {
    const p = clamp(pressure.data[i] as number, -2.5, 2.5);
    const bite = soak + 0.09 * wear * p + 0.1 * relish * (valleys.data[i] as number);
    const wet = 1 / (1 + Math.exp(-(value - bite) * 14));
    const rim = clamp(value - (wide.data[i] as number) + 0.35);
    const thickness = load * (0.55 + 0.45 * rim) * (1 - 0.22 * wear * p);
    const texture =
      1 - relish * (0.5 * (valleys.data[i] as number) + 0.8 * (fibres.data[i] as number));
    return clamp(wet * thickness * clamp(texture, 0.05, 1.4), 0, 1.15);
  });
}

/** Single grains of ink, denser where the foam was pressed, dust between them. */
function grain(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(
    chance,
    relief,
    chance.uniform(0, 0.55) * wear,
    chance.uniform(5, 18),
  );
  const soft = blurred(relief, chance.uniform(0.03, 0.07) * MASTER);
  const size = chance.uniform(0.07, 0.11) * MASTER;
  const dots = smoothNoise(chance, width, height, size);
  const clumps = smoothNoise(chance, width, height, 3.5 * size);
  const fill = chance.uniform(0.75, 1.25) - 0.55 * wear * chance.uniform(0.2, 1);
  const dust = 0.002 + 0.012 * wear * chance.uniform(0, 1);
  const wet = mapped(soft, (value, i) => {
    const p = clamp(pressure.data[i] as number, -2, 2);
    const wanted = value * value * (3 - 2 * value) * (fill - 0.16 * (0.4 + wear) * p);
    const noise = 0.5 + 0.2 * (dots.data[i] as number) + 0.08 * (clumps.data[i] as number);
    const speck = chance.happens(dust) ? 0.5 : 0;
    return Math.max(clamp((wanted - noise * 0.62) * 5 + 0.4), speck * (1 - value));
  });
  const run = blurred(wet, chance.uniform(0.02, 0.05) * MASTER);
  const level = chance.uniform(0.72, 0.98);
  return mapped(
    run,
    (value, i) => level * value * (1 - 0.1 * clamp(clumps.data[i] as number, -1.5, 2)),
  );
}

const models = { ridge, film, grain };

/** Presses the plate once. `severity` runs from 0 to 6. */
export function stamped(
  chance: Chance,
  relief: Plane,
  physics: Physics,
  severity: number,
): Imprint {
  const wear = severity / 6;
  const faults: string[] = [];
  let ink = models[physics](chance, stretched(relief, chance, wear), wear);
  const part = chance.part('faults');
  if (severity >= 3 && part.happens(0.5)) {
    faults.push('loss');
    ink = lose(part, ink, part.uniform(0.02, 0.15));
  }
  if (severity >= 3 && part.happens(physics === 'ridge' ? 0.08 : 0.18)) {
    faults.push('double');
    ink = touchTwice(part, ink);
  }
  if (severity >= 4 && part.happens(0.2)) {
    faults.push('smear');
    ink = smear(part, ink, part.uniform(0.1, 0.4));
  }
  return { ink, faults };
}
