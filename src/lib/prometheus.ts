// Counters in the Prometheus text format, version 0.0.4. Label values come from our own tables
// (routes, calls, codes), so there is nothing to escape and no end to fear.

export type Labels = Readonly<Record<string, string>>;

/** Upper bounds in seconds, for what answers within ten seconds or not at all. */
const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function textOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
}

function headOf(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

export function createHistogram(name: string, help: string) {
  const series = new Map<string, { count: number; seconds: number; buckets: number[] }>();
  return {
    observe(labels: Labels, ms: number): void {
      const key = textOf(labels);
      const one = series.get(key) ?? {
        count: 0,
        seconds: 0,
        buckets: bucketsSeconds.map(() => 0),
      };
      series.set(key, one);
      const seconds = ms / 1000;
      one.count += 1;
      one.seconds += seconds;
      bucketsSeconds.forEach((bound, index) => {
        if (seconds <= bound) one.buckets[index] = (one.buckets[index] ?? 0) + 1;
      });
    },
    lines(): string[] {
      const lines = headOf(name, 'histogram', help);
      for (const [labels, { count, seconds, buckets }] of series) {
        bucketsSeconds.forEach((bound, index) => {
          lines.push(`${name}_bucket{${labels},le="${bound}"} ${buckets[index] ?? 0}`);
        });
        lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
        lines.push(`${name}_sum{${labels}} ${seconds}`);
        lines.push(`${name}_count{${labels}} ${count}`);
      }
      return lines;
    },
  };
}

export function createCounter(name: string, help: string) {
  const series = new Map<string, number>();
  return {
    add(labels: Labels, count = 1): void {
      const key = textOf(labels);
      series.set(key, (series.get(key) ?? 0) + count);
    },
    lines(): string[] {
      const values = [...series].map(([labels, value]) => `${name}{${labels}} ${value}`);
      return [...headOf(name, 'counter', help), ...values];
    },
  };
}

/** What is read at the moment somebody asks. */
export function gaugeLines(name: string, help: string, value: number): string[] {
  return [...headOf(name, 'gauge', help), `${name} ${value}`];
}
