/** One answered request. */
export interface RequestSample {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  readonly labels: string;
  count: number;
  seconds: number;
  readonly buckets: number[];
}

/**
 * Counts requests since this isolate started.
 *
 * A Worker runs in many isolates that come and go, each with counters of its own, so the names say
 * `isolate`: a scraper sees whichever one answers. Routes are patterns, so the number of series is
 * bounded by the route table.
 */
export function createMetrics() {
  const series = new Map<string, Series>();

  function count(sample: RequestSample): void {
    const labels = `method="${sample.method}",route="${sample.route}",status="${sample.status}"`;
    const known = series.get(labels);
    const one = known ?? { labels, count: 0, seconds: 0, buckets: bucketsSeconds.map(() => 0) };
    if (!known) series.set(labels, one);
    const seconds = sample.ms / 1000;
    one.count += 1;
    one.seconds += seconds;
    bucketsSeconds.forEach((bound, index) => {
      if (seconds <= bound) one.buckets[index] = (one.buckets[index] ?? 0) + 1;
    });
  }

  /** The Prometheus text format, version 0.0.4. */
  function text(): string {
    const name = 'cinnabar_isolate_request_duration_seconds';
    const lines = [
      `# HELP ${name} Time to answer, by the clock of this isolate, since it started.`,
      `# TYPE ${name} histogram`,
    ];
    for (const { labels, count: total, seconds, buckets } of series.values()) {
      bucketsSeconds.forEach((bound, index) => {
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${buckets[index] ?? 0}`);
      });
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${total}`);
      lines.push(`${name}_sum{${labels}} ${seconds}`);
      lines.push(`${name}_count{${labels}} ${total}`);
    }
    return `${lines.join('\n')}\n`;
  }

  return { count, text };
}

export type Metrics = ReturnType<typeof createMetrics>;
