// The net of assembly/vendors/glyphs/eye.ts, with its gradient; its products are those of the `training` module.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TrainingKernels, trainingKernels } from '../tagger/kernels.ts';
import type { Chance } from './random.ts';

export const SIDE = 20;
export const PIXELS = SIDE * SIDE;
export const CHANNELS = 3;
/** Planes of a kept picture: the last tells where the mark is looked at. */
export const PLANES = 4;
const FIRST = 8;
const SECOND = 16;
const THIRD = 8;
const BOUND = 8;

/** What the eye saw of one pair: `places` holds x, y and half side (mm) of each mark. */
export interface EyePair {
  readonly id: string;
  readonly query: string;
  readonly genuine: boolean;
  readonly sub: string | null;
  /** Index of its first mark's picture. */
  readonly at: number;
  readonly places: readonly number[];
  /** Marks, by number, whose character is known to be another one. */
  readonly others?: readonly number[];
}

export const eyePath = () => join(process.cwd(), 'assembly', 'vendors', 'glyphs', 'eye.json');

/** A convolution with stride 2 and a border of 1: where each tap of each output reads, -1 beyond the edge. */
interface Convolution {
  readonly outputs: number;
  readonly taps: number;
  readonly reads: Int32Array;
}

/** `readOf` tells where channel c of place (u, v) lies in what is read. */
function convolution(
  side: number,
  channels: number,
  size: number,
  readOf: (c: number, u: number, v: number) => number,
): Convolution {
  const half = side / 2;
  const reads: number[] = [];
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      for (let c = 0; c < channels; c++) {
        for (let j = 0; j < size; j++) {
          for (let i = 0; i < size; i++) {
            const [u, v] = [2 * x - 1 + i, 2 * y - 1 + j];
            const isInside = u >= 0 && v >= 0 && u < side && v < side;
            reads.push(isInside ? readOf(c, u, v) : -1);
          }
        }
      }
    }
  }
  return { outputs: half * half, taps: channels * size * size, reads: Int32Array.from(reads) };
}

const HALF_SIDE = SIDE / 2;
const first = convolution(SIDE, CHANNELS, 4, (c, u, v) => (c * SIDE + v) * SIDE + u);
/** Maps lie place by place, their units beside each other. */
const second = convolution(HALF_SIDE, FIRST, 3, (c, u, v) => (v * HALF_SIDE + u) * FIRST + c);
const INPUTS = SECOND * second.outputs;

/** Numbers of each layer: weights input by input, then biases. The last layer is one unit. */
const layers = [
  { units: FIRST, inputs: first.taps },
  { units: SECOND, inputs: second.taps },
  { units: THIRD, inputs: INPUTS },
  { units: 1, inputs: THIRD },
] as const;
const starts = layers.map((_, at) =>
  layers.slice(0, at).reduce((sum, { units, inputs }) => sum + units * (inputs + 1), 0),
);
const numberCount = layers.reduce((sum, { units, inputs }) => sum + units * (inputs + 1), 0);

/** Reads that lie beyond the edge come from here. */
function gather({ outputs, taps, reads }: Convolution, from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < outputs * taps; i++) {
    const at = reads[i] as number;
    to[i] = at < 0 ? 0 : (from[at] as number);
  }
}

/** Where a layer's weights start in the numbers, and its biases. */
const weightsAt = (layer: number) => starts[layer] as number;
const biasesAt = (layer: 0 | 1 | 2 | 3) =>
  weightsAt(layer) + layers[layer].units * layers[layer].inputs;

/** A table of f32 in the module's memory: its address, and the numbers. */
interface Table {
  readonly at: number;
  readonly numbers: Float32Array;
}

export class Eye {
  private readonly kernels: TrainingKernels;
  readonly numbers: Float32Array;
  readonly gradient: Float32Array;
  private readonly tables: Readonly<
    Record<
      'w' | 'g' | 'columns1' | 'columns2' | 'maps1' | 'maps2' | 'third' | 'slope3' | 'slope2',
      Table
    >
  >;
  private readonly slopes: Readonly<Record<'maps1' | 'columns2' | 'turned2' | 'turned3', Table>>;

  private constructor(kernels: TrainingKernels) {
    this.kernels = kernels;
    kernels.reset();
    const take = (count: number) => ({ at: kernels.reserve(4 * count), count });
    const addresses = {
      w: take(numberCount),
      g: take(numberCount),
      columns1: take(first.outputs * first.taps),
      columns2: take(second.outputs * second.taps),
      maps1: take(FIRST * first.outputs),
      maps2: take(INPUTS),
      third: take(THIRD),
      slope3: take(THIRD),
      slope2: take(INPUTS),
    };
    const slopes = {
      maps1: take(FIRST * first.outputs),
      columns2: take(second.outputs * second.taps),
      turned2: take(SECOND * second.taps),
      turned3: take(THIRD * INPUTS),
    };
    // Memory grows no more from here on.
    const shown = <K extends string>(from: Record<K, { at: number; count: number }>) =>
      Object.fromEntries(
        (Object.entries(from) as [K, { at: number; count: number }][]).map(
          ([key, { at, count }]) => [
            key,
            { at, numbers: new Float32Array(kernels.memory.buffer, at, count) },
          ],
        ),
      ) as Record<K, Table>;
    this.tables = shown(addresses);
    this.slopes = shown(slopes);
    this.numbers = this.tables.w.numbers;
    this.gradient = this.tables.g.numbers;
  }

  static async load(): Promise<Eye> {
    const path = join(process.cwd(), 'wasm-build', 'out', 'training.wasm');
    return new Eye(trainingKernels(await WebAssembly.compile(await readFile(path))));
  }

  start(chance: Chance): void {
    layers.forEach(({ units, inputs }, layer) => {
      const from = weightsAt(layer);
      const spread = Math.sqrt(2 / inputs);
      for (let i = 0; i < units * inputs; i++) this.numbers[from + i] = chance.normal(spread);
    });
  }

  /** `rows` rows of a layer's inputs through it, rectified. */
  private pass(layer: 0 | 1 | 2, rows: number, from: Table, to: Table): void {
    const { units, inputs } = layers[layer];
    const { at } = this.tables.w;
    const row = 4 * units;
    this.kernels.setRows(rows, units, at + 4 * biasesAt(layer), to.at, row);
    this.kernels.product(
      rows,
      inputs,
      units,
      ...([from.at, 4 * inputs, 4] as const),
      ...([at + 4 * weightsAt(layer), row] as const),
      ...([to.at, row] as const),
    );
    this.kernels.rectify(rows * units, to.at);
  }

  /** Log odds that the query shows another mark. */
  forward(picture: Float32Array): number {
    const { columns1, columns2, maps1, maps2, third } = this.tables;
    gather(first, picture, columns1.numbers);
    this.pass(0, first.outputs, columns1, maps1);
    gather(second, maps1.numbers, columns2.numbers);
    this.pass(1, second.outputs, columns2, maps2);
    this.pass(2, 1, maps2, third);
    const last = weightsAt(3);
    let odds = this.numbers[biasesAt(3)] as number;
    for (let unit = 0; unit < THIRD; unit++)
      odds += (third.numbers[unit] as number) * (this.numbers[last + unit] as number);
    return Math.max(-BOUND, Math.min(BOUND, odds));
  }

  /** Adds what `rows` rows of slopes do to a layer's weights and biases. */
  private learn(layer: 0 | 1 | 2, rows: number, inputs: Table, slopes: Table): void {
    const { units, inputs: count } = layers[layer];
    const { at } = this.tables.g;
    const row = 4 * units;
    this.kernels.addRows(rows, units, slopes.at, row, at + 4 * biasesAt(layer));
    this.kernels.product(
      count,
      rows,
      units,
      ...([inputs.at, 4, 4 * count] as const),
      ...([slopes.at, row] as const),
      ...([at + 4 * weightsAt(layer), row] as const),
    );
  }

  /** Turns the weights that slopes go back through; once after every step. */
  prepareBack(): void {
    const { at } = this.tables.w;
    this.kernels.transpose(second.taps, SECOND, at + 4 * weightsAt(1), this.slopes.turned2.at);
    this.kernels.transpose(INPUTS, THIRD, at + 4 * weightsAt(2), this.slopes.turned3.at);
  }

  /** Adds to the gradient of the last `forward`, whose odds have the given slope. */
  backward(slope: number): void {
    const { kernels, numbers: w, gradient: g } = this;
    const { columns1, columns2, maps1, maps2, third, slope3, slope2 } = this.tables;
    const back = this.slopes;
    const last = weightsAt(3);
    g[biasesAt(3)] = (g[biasesAt(3)] as number) + slope;
    for (let unit = 0; unit < THIRD; unit++) {
      g[last + unit] = (g[last + unit] as number) + slope * (third.numbers[unit] as number);
      slope3.numbers[unit] = slope * (w[last + unit] as number);
    }
    kernels.rectifyBack(THIRD, third.at, slope3.at);
    this.learn(2, 1, maps2, slope3);
    slope2.numbers.fill(0);
    kernels.product(
      1,
      THIRD,
      INPUTS,
      slope3.at,
      4 * THIRD,
      4,
      back.turned3.at,
      4 * INPUTS,
      slope2.at,
      4 * INPUTS,
    );
    kernels.rectifyBack(INPUTS, maps2.at, slope2.at);
    this.learn(1, second.outputs, columns2, slope2);
    back.columns2.numbers.fill(0);
    const row = 4 * second.taps;
    kernels.product(
      second.outputs,
      SECOND,
      second.taps,
      slope2.at,
      4 * SECOND,
      4,
      back.turned2.at,
      row,
      back.columns2.at,
      row,
    );
    const down = back.maps1.numbers.fill(0);
    for (let i = 0; i < second.outputs * second.taps; i++) {
      const read = second.reads[i] as number;
      if (read >= 0) down[read] = (down[read] as number) + (back.columns2.numbers[i] as number);
    }
    kernels.rectifyBack(FIRST * first.outputs, maps1.at, back.maps1.at);
    this.learn(0, first.outputs, columns1, back.maps1);
  }

  /** The layers as eye.json holds them: weights unit by unit, the third layer's inputs map by map. */
  toFile(): number[][] {
    const rounded = (at: number) => Number((this.numbers[at] as number).toPrecision(5));
    return layers.map(({ units, inputs }, layer) => {
      const inputOf = (i: number) =>
        layer === 2 ? (i % second.outputs) * SECOND + Math.floor(i / second.outputs) : i;
      const weights = Array.from({ length: units * inputs }, (_, k) =>
        rounded(weightsAt(layer) + inputOf(k % inputs) * units + Math.floor(k / inputs)),
      );
      const biases = biasesAt(layer as 0 | 1 | 2 | 3);
      return [...weights, ...Array.from({ length: units }, (_, unit) => rounded(biases + unit))];
    });
  }
}
