import type { TrainingRun } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { Panel } from '../parts/page.tsx';
import { usePoll } from '../parts/poll.ts';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client } from '../session.ts';
import { LossPlot } from './loss-plot.tsx';
import { f } from './words.ts';

/** A training that is under way is looked at every second, an idle list now and then. */
const liveMs = 1_000;
const idleMs = 10_000;
/** Rounds take seconds: whoever says nothing for so long was cut off. */
const silentMs = 75_000;
const million = 1_000_000;
const tones: Record<TrainingRun['state'], Tone> = {
  running: 'run',
  stopped: 'wait',
  failed: 'no',
  finished: 'ok',
};

const isSilent = ({ state, updatedAt }: TrainingRun) =>
  state === 'running' && Date.now() - Date.parse(updatedAt) > silentMs;

/** Trainings as they go on: rounds, losses, and how to go on where one stopped. */
export function TrainingRuns() {
  const [runs, reload] = useResource(
    (signal) => client.federation.trainingRuns({}, { signal }),
    [],
  );
  const isLive =
    runs.kind === 'ready' &&
    runs.value.items.some((run) => run.state === 'running' && !isSilent(run));
  usePoll(reload, isLive ? liveMs : idleMs);
  return (
    <Loaded resource={runs} reload={reload} lines={8}>
      {({ items }) =>
        items.length === 0 ? (
          <Panel title={f('runs.title')}>
            <Empty title={f('runs.none')} hint={f('runs.none.hint')}>
              <code class="mono small">
                cinnabar federation train DIR --out MODEL.json --report --url {location.origin}
              </code>
            </Empty>
          </Panel>
        ) : (
          items.map((run) => <Run key={run.id} run={run} />)
        )
      }
    </Loaded>
  );
}

function Run({ run }: { run: TrainingRun }) {
  const { state, history, version, modelHash, auc } = run;
  const last = history.at(-1);
  const best = history.toSorted((a, b) => a[2] - b[2])[0];
  const canGoOn = run.method === 'scorecard' && (state === 'stopped' || isSilent(run));
  return (
    <Panel title={t('model.title', { version })}>
      <div class="row" role="status">
        <span class="grow">
          {last ? f('runs.round', { round: last[0], most: run.roundsMax }) : f('runs.waiting')}
        </span>
        <Status tone={tones[state]} chip>
          {f(`runs.state.${state}`)}
        </Status>
      </div>
      <progress
        class="rounds"
        max={run.roundsMax}
        value={state === 'finished' ? run.roundsMax : (last?.[0] ?? 0)}
      />
      <p class="small muted">
        {t(`model.method.${run.method}`)} ·{' '}
        {f('runs.rows', {
          train: run.trainingRows,
          validation: run.validationRows,
          parties: run.parties,
        })}{' '}
        · {f('runs.by', { who: run.reportedBy, at: formatMoment(run.startedAt) })} ·{' '}
        {f('runs.updated', { at: formatMoment(run.updatedAt) })}
      </p>
      {isSilent(run) && <p class="wrong">{f('runs.silent')}</p>}
      {canGoOn && <p>{f('runs.resume')}</p>}
      {history.length > 1 && (
        <div class="plots">
          <LossPlot history={history} />
        </div>
      )}
      {best && (
        <p class="small">
          {f('runs.best', { round: best[0], loss: (best[2] / million).toFixed(4) })}
        </p>
      )}
      {modelHash && auc !== undefined && (
        <p class="small" title={modelHash}>
          {f('runs.model', { hash: shortHash(modelHash), auc: (auc / million).toFixed(4) })}
        </p>
      )}
    </Panel>
  );
}
