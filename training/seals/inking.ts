// From a plate's relief to ink on paper: how a plate, a pad and a sheet may meet. The models share
// nothing but the noise. `ridge` is a threshold on the softened relief, `film` a squeezed film of
// viscous ink, `soak` thin ink that creeps along the paper's fibres, `weave` a cloth pad whose threads
// carry the ink, `paste` the old paste of pigment, oil and floss, `porous` a stamp of fine foam that holds its own oily ink, `grain` a foam pad that
// gives single grains. The last one is kept out of training, to judge.
import { blurred, clamp, MASTER, mapped, type Plane, plane, smoothNoise } from './plane.ts';
import type { Chance } from './random.ts';

export type Physics = 'ridge' | 'film' | 'soak' | 'weave' | 'porous' | 'paste' | 'grain';

/** Models whose sheets, devices and printers are drawn from wide ranges instead of one kind each. */
export const isWide = (physics: Physics) => ['soak', 'weave', 'porous', 'paste'].includes(physics);

/** Ink of a relief, 0 to about 1; `wear` and haste run from 0 (an account is opened) to 1. */
export type Inking = (chance: Chance, relief: Plane, wear: number) => Plane;

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

/** Mean along short straight lines: what fibres of one direction do to what lies on them. */
export function drawnAlong({ width, height, data }: Plane, angle: number, reach: number): Plane {
  const out = plane(width, height);
  const steps = Math.max(1, Math.round(reach / 2));
  const count = 2 * steps + 1;
  const dx = Int32Array.from({ length: count }, (_, k) =>
    Math.round((((k - steps) * reach) / steps) * Math.cos(angle)),
  );
  const dy = Int32Array.from({ length: count }, (_, k) =>
    Math.round((((k - steps) * reach) / steps) * Math.sin(angle)),
  );
  const margin = Math.ceil(reach) + 1;
  for (let y = 0; y < height; y++) {
    const isRowInside = y >= margin && y < height - margin;
    for (let x = 0; x < width; x++) {
      const isInside = isRowInside && x >= margin && x < width - margin;
      let sum = 0;
      for (let k = 0; k < count; k++) {
        const u = x + (dx[k] as number);
        const v = y + (dy[k] as number);
        sum += isInside
          ? (data[v * width + u] as number)
          : (data[clamp(v, 0, height - 1) * width + clamp(u, 0, width - 1)] as number);
      }
      out.data[y * width + x] = sum / count;
    }
  }
  return out;
}

/** Thin ink soaks in and creeps along fibres: feathered rims, darker where it dried last. */
function soak(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.5) * wear, chance.uniform(6, 16));
  const wetness = chance.uniform(0.2, 0.75) - 0.25 * wear * chance.uniform(0, 1);
  const soft = blurred(relief, chance.uniform(0.03, 0.06) * MASTER);
  const turn = chance.uniform(0, Math.PI);
  const creeps = [0, 1, 2].map((k) => {
    const angle = turn + (k * Math.PI) / 3 + chance.normal(0.2);
    const fibres = drawnAlong(
      smoothNoise(chance, width, height, 0.1 * MASTER),
      angle,
      chance.uniform(0.4, 0.8) * MASTER,
    );
    const crept = drawnAlong(soft, angle, (0.08 + 0.25 * wetness) * MASTER);
    return { fibres, crept };
  });
  const coarse = smoothNoise(chance, width, height, chance.uniform(0.5, 1.2) * MASTER);
  const bite = 0.5 - 0.22 * wetness;
  const dark = chance.uniform(0.65, 0.95);
  const wet = mapped(soft, (value, i) => {
    let reach = value;
    for (const { fibres, crept } of creeps) {
      const led = clamp(0.25 + 0.9 * (fibres.data[i] as number));
      reach = Math.max(reach, led * (crept.data[i] as number));
    }
    const p = clamp(pressure.data[i] as number, -2.5, 2.5);
    const thin = 0.06 * wear * p + 0.05 * (0.4 + wear) * (coarse.data[i] as number);
    return clamp((reach - bite - thin) * 4 + 0.35);
  });
  const inside = blurred(wet, chance.uniform(0.1, 0.2) * MASTER);
  const rim = chance.uniform(0, 0.22);
  return mapped(wet, (value, i) => {
    const edge = clamp(1.3 * (1 - (inside.data[i] as number)));
    const mottle = 0.05 * (0.3 + wear) * (coarse.data[i] as number);
    return clamp(value * (dark * (1 - rim) + rim * edge - mottle), 0, 1.1);
  });
}

/** Ink from the threads of a cloth pad: a woven pattern, stronger where the pad was nearly dry. */
function weave(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.6) * wear, chance.uniform(6, 14));
  const pitch = chance.uniform(0.22, 0.6) * MASTER;
  const angle = chance.uniform(0, Math.PI);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const bendX = smoothNoise(chance, width, height, chance.uniform(2, 5) * MASTER);
  const bendY = smoothNoise(chance, width, height, chance.uniform(2, 5) * MASTER);
  const uneven = smoothNoise(chance, width, height, chance.uniform(0.15, 0.4) * MASTER);
  const dryness = chance.uniform(0.1, 0.45) + 0.4 * wear * chance.uniform(0.2, 1);
  const soft = blurred(relief, chance.uniform(0.04, 0.075) * MASTER);
  const level = chance.uniform(0.7, 0.98);
  const spread = chance.uniform(-0.15, 0.15);
  const wet = mapped(soft, (value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const u = ((c * x + s * y) / pitch + 0.35 * (bendX.data[i] as number)) * 2 * Math.PI;
    const v = ((c * y - s * x) / pitch + 0.35 * (bendY.data[i] as number)) * 2 * Math.PI;
    const thread = 0.5 * (Math.cos(u) * Math.cos(v)) + 0.25 * (Math.cos(u) + Math.cos(v));
    const p = clamp(pressure.data[i] as number, -2.5, 2.5);
    const dry = dryness * (0.35 - thread + 0.4 * (uneven.data[i] as number) + 0.3 * p);
    return clamp((value - 0.5 + spread * 0.3) * 4 + 0.5) * clamp(1.05 - 0.75 * Math.max(0, dry));
  });
  const run = blurred(wet, chance.uniform(0.02, 0.06) * MASTER);
  return mapped(run, (value) => level * value);
}

/** Oily ink pressed out of fine foam: even and a little transparent, rounded corners, a faint halo. */
function porous(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.4) * wear, chance.uniform(8, 20));
  const round = blurred(relief, chance.uniform(0.06, 0.12) * MASTER);
  const bite = 0.5 + chance.uniform(-0.12, 0.06);
  const edge = chance.uniform(3, 8);
  const pores = smoothNoise(chance, width, height, chance.uniform(0.06, 0.09) * MASTER);
  const clouds = smoothNoise(chance, width, height, chance.uniform(2, 6) * MASTER);
  const level = chance.uniform(0.5, 0.9) * (1 - 0.3 * wear * chance.uniform(0, 1));
  const rough = chance.uniform(0.02, 0.08) + 0.1 * wear * chance.uniform(0, 1);
  const wet = mapped(round, (value, i) => {
    const p = clamp(pressure.data[i] as number, -2.5, 2.5);
    const cover = 1 / (1 + Math.exp(-(value - bite - 0.05 * wear * p) * 4 * edge));
    const cloud = 1 - 0.08 * (0.4 + wear) * (clouds.data[i] as number) - 0.1 * wear * p;
    return cover * level * clamp(cloud, 0.2, 1.3) * (1 - rough * (pores.data[i] as number));
  });
  const halo = blurred(wet, chance.uniform(0.3, 0.7) * MASTER);
  const oil = chance.uniform(0, 0.1);
  return mapped(wet, (value, i) => clamp(Math.max(value, oil * (halo.data[i] as number)), 0, 1.1));
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

/** Pigment paste: thick where it stuck, missing where the paper or the paste was hollow. */
function paste(chance: Chance, relief: Plane, wear: number): Plane {
  const { width, height } = relief;
  const pressure = pressureOf(chance, relief, chance.uniform(0, 0.5) * wear, chance.uniform(6, 16));
  const soft = blurred(relief, chance.uniform(0.04, 0.08) * MASTER);
  const finest = chance.uniform(0.12, 0.22);
  const lumps = [1, 2.1, 4.5, 9].map((ratio) =>
    smoothNoise(chance, width, height, finest * ratio * MASTER),
  );
  const slope = chance.uniform(0.4, 0.9);
  const weights = [0, 1, 2, 3].map((k) => slope ** k);
  const total = Math.hypot(...weights);
  const contrast = chance.uniform(0.15, 0.55) + 0.3 * wear * chance.uniform(0, 1);
  const load = chance.uniform(0.8, 1.25) - 0.35 * wear * chance.uniform(0, 1);
  const edge = chance.uniform(2.2, 4);
  const covering = chance.uniform(1.2, 2.6);
  const wet = mapped(soft, (value, i) => {
    let lump = 0;
    for (let k = 0; k < 4; k++)
      lump += (weights[k] as number) * ((lumps[k] as Plane).data[i] as number);
    const p = clamp(pressure.data[i] as number, -2.5, 2.5);
    const thick = load + contrast * (lump / total) - 0.12 * wear * p;
    const there = clamp((value - 0.5 + 0.2 * (thick - 0.9)) * edge + 0.5);
    return there * (1 - Math.exp(-covering * Math.max(0, thick - 0.15)));
  });
  return blurred(wet, chance.uniform(0.015, 0.04) * MASTER);
}

export const inkings: Readonly<Record<Physics, Inking>> = {
  ridge,
  film,
  soak,
  weave,
  porous,
  paste,
  grain,
};
