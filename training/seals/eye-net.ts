// The net of assembly/vendors/glyphs/eye.ts, with its gradient.
import { join } from 'node:path';
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
}

export const eyePath = () => join(process.cwd(), 'assembly', 'vendors', 'glyphs', 'eye.json');

/** A convolution with stride 2 and a border of 1: where each tap of each output reads, -1 beyond the edge. */
interface Convolution {
  readonly outputs: number;
  readonly taps: number;
  readonly reads: Int32Array;
}

function convolution(side: number, channels: number, size: number): Convolution {
  const half = side / 2;
  const reads: number[] = [];
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      for (let c = 0; c < channels; c++) {
        for (let j = 0; j < size; j++) {
          for (let i = 0; i < size; i++) {
            const [u, v] = [2 * x - 1 + i, 2 * y - 1 + j];
            const isInside = u >= 0 && v >= 0 && u < side && v < side;
            reads.push(isInside ? (c * side + v) * side + u : -1);
          }
        }
      }
    }
  }
  return { outputs: half * half, taps: channels * size * size, reads: Int32Array.from(reads) };
}

const first = convolution(SIDE, CHANNELS, 4);
const second = convolution(SIDE / 2, FIRST, 3);
const INPUTS = SECOND * second.outputs;

/** Numbers of each layer: weights unit by unit, then biases. */
export const layers = [
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

export class Eye {
  readonly numbers = new Float32Array(numberCount);
  readonly gradient = new Float32Array(numberCount);
  private readonly columns1 = new Float32Array(first.outputs * first.taps);
  private readonly columns2 = new Float32Array(second.outputs * second.taps);
  private readonly maps1 = new Float32Array(FIRST * first.outputs);
  private readonly maps2 = new Float32Array(INPUTS);
  private readonly third = new Float32Array(THIRD);
  private readonly slope3 = new Float32Array(THIRD);
  private readonly slope2 = new Float32Array(INPUTS);
  private readonly slope1 = new Float32Array(FIRST * first.outputs);

  start(chance: Chance): void {
    layers.forEach(({ units, inputs }, layer) => {
      const from = starts[layer] as number;
      const spread = Math.sqrt(2 / inputs);
      for (let i = 0; i < units * inputs; i++) this.numbers[from + i] = chance.normal(spread);
    });
  }

  private convolve(layer: 0 | 1, { outputs, taps }: Convolution, columns: Float32Array): void {
    const { units } = layers[layer];
    const from = starts[layer] as number;
    const to = layer === 0 ? this.maps1 : this.maps2;
    for (let unit = 0; unit < units; unit++) {
      const row = from + unit * taps;
      const bias = this.numbers[from + units * taps + unit] as number;
      for (let place = 0; place < outputs; place++) {
        let sum = bias;
        const column = place * taps;
        for (let i = 0; i < taps; i++)
          sum += (this.numbers[row + i] as number) * (columns[column + i] as number);
        to[unit * outputs + place] = sum > 0 ? sum : 0;
      }
    }
  }

  /** Log odds that the query shows another mark. */
  forward(picture: Float32Array): number {
    gather(first, picture, this.columns1);
    this.convolve(0, first, this.columns1);
    gather(second, this.maps1, this.columns2);
    this.convolve(1, second, this.columns2);
    const [at3, at4] = [starts[2] as number, starts[3] as number];
    let odds = this.numbers[at4 + THIRD] as number;
    for (let unit = 0; unit < THIRD; unit++) {
      let sum = this.numbers[at3 + THIRD * INPUTS + unit] as number;
      for (let i = 0; i < INPUTS; i++)
        sum += (this.numbers[at3 + unit * INPUTS + i] as number) * (this.maps2[i] as number);
      this.third[unit] = sum > 0 ? sum : 0;
      odds += (this.third[unit] as number) * (this.numbers[at4 + unit] as number);
    }
    return Math.max(-BOUND, Math.min(BOUND, odds));
  }

  /** Adds to the gradient of the last `forward`, whose odds have the given slope. */
  backward(slope: number): void {
    const { numbers: w, gradient: g } = this;
    const [at3, at4] = [starts[2] as number, starts[3] as number];
    g[at4 + THIRD] = (g[at4 + THIRD] as number) + slope;
    this.slope2.fill(0);
    for (let unit = 0; unit < THIRD; unit++) {
      const value = this.third[unit] as number;
      g[at4 + unit] = (g[at4 + unit] as number) + slope * value;
      const inner = value > 0 ? slope * (w[at4 + unit] as number) : 0;
      this.slope3[unit] = inner;
      if (inner === 0) continue;
      const row = at3 + unit * INPUTS;
      g[at3 + THIRD * INPUTS + unit] = (g[at3 + THIRD * INPUTS + unit] as number) + inner;
      for (let i = 0; i < INPUTS; i++) {
        g[row + i] = (g[row + i] as number) + inner * (this.maps2[i] as number);
        this.slope2[i] = (this.slope2[i] as number) + inner * (w[row + i] as number);
      }
    }
    this.slope1.fill(0);
    this.backConvolution(1, second, this.columns2, this.maps2, this.slope2, this.slope1);
    this.backConvolution(0, first, this.columns1, this.maps1, this.slope1);
  }

  private backConvolution(
    layer: 0 | 1,
    { outputs, taps, reads }: Convolution,
    columns: Float32Array,
    maps: Float32Array,
    slopes: Float32Array,
    down?: Float32Array,
  ): void {
    const { numbers: w, gradient: g } = this;
    const { units } = layers[layer];
    const from = starts[layer] as number;
    for (let unit = 0; unit < units; unit++) {
      const row = from + unit * taps;
      const bias = from + units * taps + unit;
      for (let place = 0; place < outputs; place++) {
        const at = unit * outputs + place;
        const slope = slopes[at] as number;
        if (slope === 0 || (maps[at] as number) <= 0) continue;
        g[bias] = (g[bias] as number) + slope;
        const column = place * taps;
        for (let i = 0; i < taps; i++)
          g[row + i] = (g[row + i] as number) + slope * (columns[column + i] as number);
        if (!down) continue;
        for (let i = 0; i < taps; i++) {
          const read = reads[column + i] as number;
          if (read >= 0) down[read] = (down[read] as number) + slope * (w[row + i] as number);
        }
      }
    }
  }

  /** The layers as eye.json holds them. */
  toFile(): number[][] {
    return layers.map(({ units, inputs }, layer) => {
      const from = starts[layer] as number;
      return [...this.numbers.subarray(from, from + units * (inputs + 1))].map((value) =>
        Number(value.toPrecision(5)),
      );
    });
  }
}
