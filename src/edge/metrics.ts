import { createHistogram } from '../lib/prometheus.ts';

/** One answered request. */
export interface RequestSample {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/**
 * Counts requests since this isolate started.
 *
 * A Worker runs in many isolates that come and go, each with counters of its own, so the names say
 * `isolate`: a scraper sees whichever one answers. Routes are patterns, so the number of series is
 * bounded by the route table.
 */
export function createMetrics() {
  const requests = createHistogram(
    'cinnabar_isolate_request_duration_seconds',
    'Time to answer, by the clock of this isolate, since it started.',
  );
  return {
    count({ method, route, status, ms }: RequestSample): void {
      requests.observe({ method, route, status: String(status) }, ms);
    },
    lines: requests.lines,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
