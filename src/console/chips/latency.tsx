import { useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { type HistogramName, histograms, type Latency, latenciesIn, within } from './latencies.ts';

const rowsShown = 12;
const names = Object.keys(histograms) as HistogramName[];

async function readMetrics(signal: AbortSignal): Promise<string> {
  const response = await fetch('/metrics', { signal });
  if (!response.ok) throw new Error(`metrics: the service answered ${response.status}`);
  return response.text();
}

function duration(seconds: number): string {
  return seconds < 1 ? `${seconds * 1000} ms` : `${seconds} s`;
}

/** Beyond the last bound nothing is known but that. */
function bounded(latency: Latency, share: number): string {
  const bound = within(latency, share);
  const last = latency.bounds.filter(Number.isFinite).at(-1) ?? 0;
  return Number.isFinite(bound) ? `≤ ${duration(bound)}` : `> ${duration(last)}`;
}

/** How many calls fell into each bucket; what counts is the shape, the figures are in the title. */
function Bars({ latency }: { latency: Latency }) {
  const { bounds, buckets } = latency;
  const top = Math.max(1, ...buckets);
  const said = buckets.flatMap((count, i) => {
    const bound = bounds[i] ?? 0;
    return count > 0 ? [`${Number.isFinite(bound) ? `≤ ${duration(bound)}` : '…'}: ${count}`] : [];
  });
  return (
    <span class="latency-bars" role="img" aria-label={said.join(', ')} title={said.join('\n')}>
      {buckets.map((count, i) => (
        <i key={bounds[i]} style={{ height: `${count === 0 ? 0 : 8 + (92 * count) / top}%` }} />
      ))}
    </span>
  );
}

function LatencyTable({ latencies }: { latencies: readonly Latency[] }) {
  if (latencies.length === 0) return <Empty title={t('latency.none')} />;
  const bounds = latencies[0]?.bounds ?? [];
  return (
    <table class="table list">
      <thead>
        <tr>
          <th>{t('latency.what')}</th>
          <th class="num">{t('latency.count')}</th>
          <th>
            {t('latency.spread')}{' '}
            <span class="nowrap">
              {duration(bounds[0] ?? 0)} – {duration(bounds.at(-2) ?? 0)}
            </span>
          </th>
          <th class="num">{t('latency.half')}</th>
          <th class="num">{t('latency.most')}</th>
        </tr>
      </thead>
      <tbody>
        {latencies.slice(0, rowsShown).map((latency) => (
          <tr key={latency.name}>
            <td class="mono wide">{latency.name}</td>
            <td class="num" data-label={t('latency.count')}>
              {latency.count}
            </td>
            <td data-label={t('latency.spread')}>
              <Bars latency={latency} />
            </td>
            <td class="num nowrap" data-label={t('latency.half')}>
              {bounded(latency, 0.5)}
            </td>
            <td class="num nowrap" data-label={t('latency.most')}>
              {bounded(latency, 0.95)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How long requests, and calls to chips and parties, took: what `/metrics` counts, as plots. */
export function LatencyPanel() {
  const [which, setWhich] = useState<HistogramName>('calls');
  const [metrics, reload] = useResource(readMetrics, []);
  return (
    <Panel
      title={t('latency.title')}
      aside={
        <span class="latency-acts">
          <span class="seg small">
            {names.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === which}
                onClick={() => setWhich(name)}
              >
                {t(`latency.${name}`)}
              </button>
            ))}
          </span>
          <button type="button" class="link" onClick={reload}>
            {t('latency.again')}
          </button>
        </span>
      }
      flush
    >
      <Loaded resource={metrics} reload={reload} lines={4}>
        {(text) => <LatencyTable latencies={latenciesIn(text, which)} />}
      </Loaded>
      <p class="latency-note small faint">{t('latency.note')}</p>
    </Panel>
  );
}
