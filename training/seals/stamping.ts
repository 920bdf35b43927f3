// One press of a plate on paper: rubber gives way, the ink meets the sheet (inking.ts), and the hand
// errs: a side that was not pressed, a second touch, a smear.
import { inkings, type Physics } from './inking.ts';
import { clamp, MASTER, mapped, type Plane, quantile, smoothNoise, warped } from './plane.ts';
import type { Chance } from './random.ts';

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

/** Presses the plate once. `severity` runs from 0 to 6. */
export function stamped(
  chance: Chance,
  relief: Plane,
  physics: Physics,
  severity: number,
): Imprint {
  const wear = severity / 6;
  const faults: string[] = [];
  let ink = inkings[physics](chance, stretched(relief, chance, wear), wear);
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
