import { describe, expect, it } from 'vitest';
import { latenciesIn, within } from '../../src/console/chips/latencies.ts';
import { createHistogram } from '../../src/lib/prometheus.ts';

describe('latencies read from /metrics', () => {
  const requests = createHistogram('cinnabar_isolate_request_duration_seconds', 'Requests.');
  const calls = createHistogram('cinnabar_isolate_call_duration_seconds', 'Calls.');
  const route = '/v1/seals/{id}';
  for (const ms of [3, 4, 30, 40, 20_000]) {
    requests.observe({ method: 'GET', route, status: ms > 100 ? '503' : '200' }, ms);
  }
  calls.observe({ to: 'chips', call: 'sign', outcome: 'ok' }, 70);
  const text = [...requests.lines(), ...calls.lines()].join('\n');

  it('adds up what differs in status alone, and keeps the slowest apart', () => {
    const [one, ...others] = latenciesIn(text, 'requests');
    expect(others).toEqual([]);
    expect(one).toMatchObject({ name: `GET ${route}`, count: 5 });
    expect(one?.seconds).toBeCloseTo(20.077, 6);
    expect(one?.buckets).toEqual([2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(one && [within(one, 0.4), within(one, 0.5), within(one, 0.95)]).toEqual([
      0.005,
      0.05,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('knows each histogram by its name, and says nothing where nothing was counted', () => {
    expect(latenciesIn(text, 'calls').map(({ name }) => name)).toEqual(['chips sign']);
    expect(latenciesIn('', 'calls')).toEqual([]);
    expect(latenciesIn('cinnabar_ledger_entries 4', 'requests')).toEqual([]);
  });
});
