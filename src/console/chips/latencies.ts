/** How long one kind of call took, by buckets, as `/metrics` counts it. */
export interface Latency {
  /** A route with its method, or a part of the service with what it was asked. */
  readonly name: string;
  readonly count: number;
  /** Seconds of all of them together. */
  readonly seconds: number;
  /** Upper bounds in seconds, ascending; the last is infinite. */
  readonly bounds: readonly number[];
  /** How many fell into each bucket, and not into the one before. */
  readonly buckets: readonly number[];
}

/** Which label names a series; what else they say (status, outcome) is added up. */
export const histograms = {
  calls: { metric: 'cinnabar_isolate_call_duration_seconds', labels: ['to', 'call'] },
  requests: { metric: 'cinnabar_isolate_request_duration_seconds', labels: ['method', 'route'] },
} as const;
export type HistogramName = keyof typeof histograms;

const line = /^(\w+?)_(bucket|sum|count)\{(.*)\} (\S+)$/;
const label = /(\w+)="([^"]*)"/g;

/** Reads one histogram out of the Prometheus text format, version 0.0.4; the slowest sum first. */
export function latenciesIn(text: string, which: HistogramName): Latency[] {
  const { metric, labels } = histograms[which];
  const found = new Map<string, { count: number; seconds: number; upTo: Map<number, number> }>();
  for (const one of text.split('\n')) {
    const [, name, kind, inside = '', figure] = line.exec(one) ?? [];
    if (name !== metric) continue;
    const said = new Map(Array.from(inside.matchAll(label), ([, key, value]) => [key, value]));
    const key = labels.map((part) => said.get(part) ?? '').join(' ');
    const series = found.get(key) ?? { count: 0, seconds: 0, upTo: new Map() };
    found.set(key, series);
    const value = Number(figure);
    if (kind === 'sum') series.seconds += value;
    else if (kind === 'count') series.count += value;
    else {
      const bound = Number(said.get('le')?.replace('+Inf', 'Infinity'));
      series.upTo.set(bound, (series.upTo.get(bound) ?? 0) + value);
    }
  }
  return [...found]
    .map(([name, { count, seconds, upTo }]) => {
      const steps = [...upTo].sort(([a], [b]) => a - b);
      const buckets = steps.map(([, sum], i) => sum - (steps[i - 1]?.[1] ?? 0));
      return { name, count, seconds, bounds: steps.map(([bound]) => bound), buckets };
    })
    .sort((a, b) => b.seconds - a.seconds || b.count - a.count);
}

/** The bound in seconds within which this share (0 to 1) of the calls ended. */
export function within({ count, bounds, buckets }: Latency, share: number): number {
  let sum = 0;
  for (const [i, bucket] of buckets.entries()) {
    sum += bucket;
    if (sum >= share * count) return bounds[i] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
