// The model of assembly/vendors/decision.ts, with its gradient.
import { join } from 'node:path';

export const HIDDEN = 16;
export const WORST = 8;
const FLOOR = -6;

export interface Sizes {
  readonly scales: number;
  readonly figures: number;
  readonly whole: number;
}

/** As in weights.json; `[weights, bias]` of each layer. */
export interface NetFile {
  fm: number[][];
  fs: number[][];
  gm: number[];
  gs: number[];
  a: [number[][], number[]][];
  b: [number[][], number[]][];
  l: [number[][], number[]];
  c: [number[][], number[]];
  d: [number[][], number[]];
}

/** As in assembly/vendors/stroke/fine.ts: more certainty is asked for where a seal has fine print. */
export function withCaution(odds: number, marks: number): number {
  const share = (value: number) => Math.max(0, Math.min(1, value));
  return odds - 1.2 * share((marks - 5) / 6) * share((odds + 3) / 3);
}

/** As in assembly/vendors/glyphs/marks.ts: a mark that is surely another counts for itself. */
export function withDoubt(odds: number, doubt: number): number {
  return Math.max(odds - doubt, Math.min(odds, -2));
}

export function filePathOf(vendor: string): string {
  return join(process.cwd(), 'assembly', 'vendors', vendor, 'weights.json');
}

const zeros = (count: number) => new Array<number>(count).fill(0);
const table = (rows: number, columns: number) => Array.from({ length: rows }, () => zeros(columns));

export function emptyNet({ scales, figures, whole }: Sizes): NetFile {
  const summary = whole + scales * (WORST + 1);
  const each = <T>(make: () => T) => Array.from({ length: scales }, make);
  return {
    fm: each(() => zeros(figures)),
    fs: each(() => zeros(figures).fill(1)),
    gm: zeros(whole),
    gs: zeros(whole).fill(1),
    a: each(() => [table(HIDDEN, figures + 2), zeros(HIDDEN)]),
    b: each(() => [table(1, HIDDEN), zeros(1)]),
    l: [table(1, summary), zeros(1)],
    c: [table(HIDDEN, summary), zeros(HIDDEN)],
    d: [table(1, HIDDEN), zeros(1)],
  };
}

/** Where each layer lies in the flat parameters. */
export interface Plan extends Sizes {
  readonly inputs: number;
  readonly summary: number;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly l: number;
  readonly c: number;
  readonly d: number;
  readonly count: number;
}

export function planOf(sizes: Sizes): Plan {
  const inputs = sizes.figures + 2;
  const summary = sizes.whole + sizes.scales * (WORST + 1);
  let next = 0;
  const take = (count: number) => {
    const at = next;
    next += count;
    return at;
  };
  const a: number[] = [];
  const b: number[] = [];
  for (let scale = 0; scale < sizes.scales; scale++) {
    a.push(take(HIDDEN * (inputs + 1)));
    b.push(take(HIDDEN + 1));
  }
  const l = take(summary + 1);
  const c = take(HIDDEN * (summary + 1));
  const d = take(HIDDEN + 1);
  return { ...sizes, inputs, summary, a, b, l, c, d, count: next };
}

/** A pair's evidence in units of its spread: tiles by scale (`inputs` a tile) and the whole. */
export interface Evidence {
  readonly tiles: readonly Float32Array[];
  readonly whole: Float32Array;
}

/** Scratch of one pass, kept for the way back. */
interface Pass {
  readonly hidden: Float32Array[];
  readonly scores: Float32Array[];
  readonly tops: Int32Array[];
  readonly z: Float64Array;
  readonly last: Float64Array;
  readonly slopes: Float64Array;
}

export class Net {
  readonly plan: Plan;
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  private pass: Pass | undefined;

  constructor(plan: Plan) {
    this.plan = plan;
    this.weights = new Float64Array(plan.count);
    this.gradient = new Float64Array(plan.count);
  }

  private scoreTiles(scale: number, tiles: Float32Array) {
    const { inputs, a, b } = this.plan;
    const w = this.weights;
    const count = tiles.length / inputs;
    const hidden = new Float32Array(count * HIDDEN);
    const scores = new Float32Array(count);
    const first = a[scale] as number;
    const second = b[scale] as number;
    for (let t = 0; t < count; t++) {
      let score = w[second + HIDDEN] as number;
      for (let unit = 0; unit < HIDDEN; unit++) {
        const row = first + unit * (inputs + 1);
        let sum = w[row + inputs] as number;
        for (let i = 0; i < inputs; i++)
          sum += (w[row + i] as number) * (tiles[t * inputs + i] as number);
        const value = Math.tanh(sum);
        hidden[t * HIDDEN + unit] = value;
        score += value * (w[second + unit] as number);
      }
      scores[t] = score;
    }
    return { hidden, scores };
  }

  /** Log odds that the pair is genuine. `keep` scales each part of the summary: dropout. */
  forward({ tiles, whole }: Evidence, keep?: Float32Array): number {
    const { plan, weights: w } = this;
    const z = new Float64Array(plan.summary);
    z.set(whole);
    const scored = tiles.map((each, scale) => this.scoreTiles(scale, each));
    const tops = scored.map(({ scores }, scale) => {
      const order = Int32Array.from(scores, (_, i) => i).sort(
        (i, j) => (scores[j] as number) - (scores[i] as number) || i - j,
      );
      const at = plan.whole + scale * (WORST + 1);
      for (let k = 0; k < WORST; k++) {
        z[at + k] = Math.max(
          FLOOR,
          k < order.length ? (scores[order[k] as number] as number) : FLOOR,
        );
      }
      z[at + WORST] = scores.length > 0 ? scores.reduce((x, y) => x + y, 0) / scores.length : FLOOR;
      return order.subarray(0, WORST);
    });
    if (keep) for (let i = 0; i < z.length; i++) z[i] = (z[i] as number) * (keep[i] as number);
    const last = new Float64Array(HIDDEN);
    let out = (w[plan.l + plan.summary] as number) + (w[plan.d + HIDDEN] as number);
    for (let i = 0; i < plan.summary; i++) out += (w[plan.l + i] as number) * (z[i] as number);
    for (let unit = 0; unit < HIDDEN; unit++) {
      const row = plan.c + unit * (plan.summary + 1);
      let sum = w[row + plan.summary] as number;
      for (let i = 0; i < plan.summary; i++) sum += (w[row + i] as number) * (z[i] as number);
      last[unit] = Math.tanh(sum);
      out += (last[unit] as number) * (w[plan.d + unit] as number);
    }
    this.pass = {
      hidden: scored.map(({ hidden }) => hidden),
      scores: scored.map(({ scores }) => scores),
      tops,
      z,
      last,
      slopes: new Float64Array(plan.summary),
    };
    return out;
  }

  /** Adds to the gradient of the last `forward`, whose output has the given slope. */
  backward({ tiles }: Evidence, slope: number, keep?: Float32Array): void {
    const { plan, weights: w, gradient: g, pass } = this;
    if (!pass) throw new Error('nothing went forward');
    const { z, last, slopes } = pass;
    g[plan.l + plan.summary] = (g[plan.l + plan.summary] as number) + slope;
    g[plan.d + HIDDEN] = (g[plan.d + HIDDEN] as number) + slope;
    for (let i = 0; i < plan.summary; i++) {
      g[plan.l + i] = (g[plan.l + i] as number) + slope * (z[i] as number);
      slopes[i] = slope * (w[plan.l + i] as number);
    }
    for (let unit = 0; unit < HIDDEN; unit++) {
      const value = last[unit] as number;
      g[plan.d + unit] = (g[plan.d + unit] as number) + slope * value;
      const inner = slope * (w[plan.d + unit] as number) * (1 - value * value);
      const row = plan.c + unit * (plan.summary + 1);
      g[row + plan.summary] = (g[row + plan.summary] as number) + inner;
      for (let i = 0; i < plan.summary; i++) {
        g[row + i] = (g[row + i] as number) + inner * (z[i] as number);
        slopes[i] = (slopes[i] as number) + inner * (w[row + i] as number);
      }
    }
    if (keep)
      for (let i = 0; i < slopes.length; i++)
        slopes[i] = (slopes[i] as number) * (keep[i] as number);
    tiles.forEach((each, scale) => {
      this.backTiles(scale, each, pass);
    });
  }

  private backTiles(scale: number, tiles: Float32Array, pass: Pass): void {
    const { plan, weights: w, gradient: g } = this;
    const { inputs } = plan;
    const hidden = pass.hidden[scale] as Float32Array;
    const scores = pass.scores[scale] as Float32Array;
    const count = scores.length;
    if (count === 0) return;
    const at = plan.whole + scale * (WORST + 1);
    const slopes = new Float64Array(count).fill((pass.slopes[at + WORST] as number) / count);
    (pass.tops[scale] as Int32Array).forEach((tile, k) => {
      if ((scores[tile] as number) > FLOOR)
        slopes[tile] = (slopes[tile] as number) + (pass.slopes[at + k] as number);
    });
    const first = plan.a[scale] as number;
    const second = plan.b[scale] as number;
    for (let t = 0; t < count; t++) {
      const slope = slopes[t] as number;
      g[second + HIDDEN] = (g[second + HIDDEN] as number) + slope;
      for (let unit = 0; unit < HIDDEN; unit++) {
        const value = hidden[t * HIDDEN + unit] as number;
        g[second + unit] = (g[second + unit] as number) + slope * value;
        const inner = slope * (w[second + unit] as number) * (1 - value * value);
        if (Math.abs(inner) < 1e-9) continue;
        const row = first + unit * (inputs + 1);
        g[row + inputs] = (g[row + inputs] as number) + inner;
        for (let i = 0; i < inputs; i++) {
          g[row + i] = (g[row + i] as number) + inner * (tiles[t * inputs + i] as number);
        }
      }
    }
  }

  /** The layers in the form of weights.json. */
  toFile(spread: Pick<NetFile, 'fm' | 'fs' | 'gm' | 'gs'>): NetFile {
    const { plan, weights: w } = this;
    const rounded = (value: number) => Number(value.toPrecision(6));
    const layer = (at: number, units: number, inputs: number): [number[][], number[]] => {
      const row = (unit: number) => at + unit * (inputs + 1);
      return [
        Array.from({ length: units }, (_, u) =>
          [...w.subarray(row(u), row(u) + inputs)].map(rounded),
        ),
        Array.from({ length: units }, (_, u) => rounded(w[row(u) + inputs] as number)),
      ];
    };
    return {
      ...spread,
      a: plan.a.map((at) => layer(at, HIDDEN, plan.inputs)),
      b: plan.b.map((at) => layer(at, 1, HIDDEN)),
      l: layer(plan.l, 1, plan.summary),
      c: layer(plan.c, HIDDEN, plan.summary),
      d: layer(plan.d, 1, HIDDEN),
    };
  }
}

/** A net of fewer scales and figures of the whole in the shape of `plan`: what it lacks counts nothing. */
export function widened(file: NetFile, plan: Plan): NetFile {
  const { scales, whole, inputs, figures } = plan;
  const [had, hadWhole] = [file.a.length, file.gm.length];
  const more = scales - had;
  const each = <T>(make: () => T) => Array.from({ length: more }, make);
  const row = (values: readonly number[]) => [
    ...values.slice(0, hadWhole),
    ...zeros(whole - hadWhole),
    ...values.slice(hadWhole),
    ...zeros(more * (WORST + 1)),
  ];
  const pad = (values: readonly number[], value: number) => [
    ...values,
    ...zeros(whole - hadWhole).fill(value),
  ];
  return {
    ...file,
    fm: [...file.fm, ...each(() => zeros(figures))],
    fs: [...file.fs, ...each(() => zeros(figures).fill(1))],
    gm: pad(file.gm, 0),
    gs: pad(file.gs, 1),
    a: [...file.a, ...each((): [number[][], number[]] => [table(HIDDEN, inputs), zeros(HIDDEN)])],
    b: [...file.b, ...each((): [number[][], number[]] => [table(1, HIDDEN), zeros(1)])],
    l: [file.l[0].map(row), file.l[1]],
    c: [file.c[0].map(row), file.c[1]],
  };
}

/** The net of a file, to score with. */
export function netOf(file: NetFile, plan: Plan): Net {
  const net = new Net(plan);
  const put = (at: number, [rows, bias]: readonly [number[][], number[]]) => {
    rows.forEach((row, unit) => {
      const from = at + unit * (row.length + 1);
      net.weights.set(row, from);
      net.weights[from + row.length] = bias[unit] ?? 0;
    });
  };
  plan.a.forEach((at, scale) => {
    put(at, file.a[scale] ?? [[], []]);
  });
  plan.b.forEach((at, scale) => {
    put(at, file.b[scale] ?? [[], []]);
  });
  put(plan.l, file.l);
  put(plan.c, file.c);
  put(plan.d, file.d);
  return net;
}
