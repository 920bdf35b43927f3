import { readFile } from 'node:fs/promises';
import type { TracedPair } from './evidence.ts';
import type { Evidence, NetFile, Plan, Sizes } from './net.ts';

/** What the evidence tool wrote, read back. */
export interface Traced {
  readonly sizes: Sizes;
  readonly rows: readonly TracedPair[];
  readonly numbers: Float32Array;
}

export async function readTraced(path: string): Promise<Traced> {
  // The file is the evidence tool's own.
  const { sizes, rows } = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Omit<
    Traced,
    'numbers'
  >;
  const bytes = await readFile(`${path}.f32`);
  return {
    sizes,
    rows,
    numbers: new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    ),
  };
}

type Spread = Pick<NetFile, 'fm' | 'fs' | 'gm' | 'gs'>;

const finite = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? value : 0;

/** Mean and spread of every figure. */
export function spreadOf({ sizes, numbers }: Traced, rows: readonly TracedPair[]): Spread {
  const measure = (
    count: number,
    visit: (add: (figure: number, value: number) => void) => void,
  ) => {
    const sum = new Float64Array(count);
    const squares = new Float64Array(count);
    const seen = new Float64Array(count);
    visit((figure, value) => {
      sum[figure] = (sum[figure] as number) + value;
      squares[figure] = (squares[figure] as number) + value * value;
      seen[figure] = (seen[figure] as number) + 1;
    });
    const mean = [...sum].map((total, i) => total / Math.max(1, seen[i] as number));
    const spread = mean.map(
      (m, i) =>
        Math.sqrt(Math.max(0, (squares[i] as number) / Math.max(1, seen[i] as number) - m * m)) +
        1e-3,
    );
    const rounded = (values: number[]) => values.map((value) => Number(value.toPrecision(6)));
    return { mean: rounded(mean), spread: rounded(spread) };
  };
  const scales = Array.from({ length: sizes.scales }, (_, scale) =>
    measure(sizes.figures, (add) => {
      for (const row of rows) {
        const before = row.counts.slice(0, scale).reduce((a, b) => a + b, 0);
        const from = row.at + before * sizes.figures;
        const count = (row.counts[scale] ?? 0) * sizes.figures;
        for (let i = 0; i < count; i++) add(i % sizes.figures, finite(numbers[from + i]));
      }
    }),
  );
  const whole = measure(sizes.whole, (add) => {
    for (const row of rows) {
      const from = row.at + row.counts.reduce((a, b) => a + b, 0) * sizes.figures;
      for (let i = 0; i < sizes.whole; i++) add(i, finite(numbers[from + i]));
    }
  });
  return {
    fm: scales.map(({ mean }) => mean),
    fs: scales.map(({ spread }) => spread),
    gm: whole.mean,
    gs: whole.spread,
  };
}

const held = (value: number, mean: number, spread: number, bound: number) =>
  Math.max(-bound, Math.min(bound, (value - mean) / spread));

/** Evidence in the form in which the net reads it: `normal` of assembly/vendors/decision.ts. */
export function evidenceOf(
  { sizes, numbers }: Traced,
  row: TracedPair,
  spread: Spread,
  plan: Plan,
): Evidence {
  const wholeAt = row.at + row.counts.reduce((a, b) => a + b, 0) * sizes.figures;
  const whole = Float32Array.from({ length: sizes.whole }, (_, i) =>
    held(finite(numbers[wholeAt + i]), spread.gm[i] ?? 0, spread.gs[i] ?? 1, 4),
  );
  let from = row.at;
  const tiles = row.counts.map((count, scale) => {
    const out = new Float32Array(count * plan.inputs);
    for (let t = 0; t < count; t++) {
      for (let f = 0; f < sizes.figures; f++) {
        const value = finite(numbers[from + t * sizes.figures + f]);
        out[t * plan.inputs + f] = held(
          value,
          spread.fm[scale]?.[f] ?? 0,
          spread.fs[scale]?.[f] ?? 1,
          5,
        );
      }
      out[t * plan.inputs + sizes.figures] = row.grey ? 1 : 0;
      out[t * plan.inputs + sizes.figures + 1] = whole[2] ?? 0;
    }
    from += count * sizes.figures;
    return out;
  });
  return { tiles, whole };
}
