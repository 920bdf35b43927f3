import './measure.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Summary } from '../../lib/measure.ts';
import { formatBytes } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { query, setParameter } from '../router.ts';
import { saveFile } from '../save-file.ts';
import { showToast } from '../toast.ts';
import {
  type Figures,
  type Group,
  groups,
  type News,
  type Order,
  peerOf,
  perSecond,
  type RowId,
  rowIds,
  type Setting,
} from './plan.ts';
import {
  formatMedian,
  formatRate,
  formatSpread,
  type Report,
  rateUnit,
  sentenceOfClock,
  toJson,
  toMarkdown,
} from './report.ts';

const roundChoices = [5, 21, 101] as const;
const usualRounds = 21;
const sampleMicros = 10_000;
const floorMicros = 5_000;

type Phase =
  | { kind: 'idle' }
  | { kind: 'running'; group?: Group['id'] }
  | { kind: 'done' }
  | { kind: 'stopped' }
  | { kind: 'failed'; message: string };

const tones: Record<Phase['kind'], Tone> = {
  idle: 'off',
  running: 'run',
  done: 'ok',
  stopped: 'wait',
  failed: 'no',
};

interface Measurement {
  phase: Phase;
  /** Of the run that is shown, whatever is chosen for the next. */
  rounds: number;
  at: Date;
  setting: Setting | undefined;
  figures: Figures;
}

/** One worker for each measurement; it ends with it, or with the page. */
function useMeasurement() {
  const [state, setState] = useState<Measurement>({
    phase: { kind: 'idle' },
    rounds: usualRounds,
    at: new Date(),
    setting: undefined,
    figures: new Map(),
  });
  const worker = useRef<Worker | undefined>(undefined);

  function end(phase: Phase) {
    worker.current?.terminate();
    worker.current = undefined;
    setState((old) => ({ ...old, phase }));
  }

  function hear(news: News) {
    switch (news.kind) {
      case 'ready':
        return setState((old) => ({ ...old, setting: news.setting }));
      case 'begun':
        return setState((old) => ({ ...old, phase: { kind: 'running', group: news.group } }));
      case 'figures':
        return setState((old) => ({
          ...old,
          figures: new Map([...old.figures, ...news.figures]),
        }));
      case 'done':
        return end({ kind: 'done' });
      case 'failed':
        return end({ kind: 'failed', message: news.message });
    }
  }

  function start(rounds: number) {
    worker.current?.terminate();
    setState({
      phase: { kind: 'running' },
      rounds,
      at: new Date(),
      setting: undefined,
      figures: new Map(),
    });
    const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    made.onmessage = ({ data }: MessageEvent<News>) => hear(data);
    // A script that does not arrive has no message of its own.
    made.onerror = ({ message }) => end({ kind: 'failed', message: message ?? '' });
    worker.current = made;
    made.postMessage({ rounds, sampleMicros, floorMicros } satisfies Order);
  }

  useEffect(() => () => worker.current?.terminate(), []);
  return { ...state, start, stop: () => end({ kind: 'stopped' }) };
}

/** Throughput from zero, with the quartiles as a line; the longest bar of the group is full. */
function Bar(props: { row: RowId; summary: Summary; most: number }) {
  const share = (micros: number) => (100 * perSecond(props.row, micros)) / props.most;
  const { median, low, high } = props.summary;
  return (
    <svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class="fill-ink" y="2" width={share(median)} height="8" />
      <path class="quartiles" d={`M${share(high)} 6H${share(low)}`} />
      <path class="zero" d="M0 0V12" />
    </svg>
  );
}

function Progress({ share }: { share: number }) {
  return (
    <svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" y="5" width="100" height="2" />
      <rect class="done" y="5" width={100 * share} height="2" />
    </svg>
  );
}

function Row(props: {
  group: Group;
  row: RowId;
  summary: Summary | undefined;
  most: number;
  phase: Phase;
  rounds: number;
  /** How many times as fast ours is, beside a peer. */
  times: number | undefined;
}) {
  const { group, row, summary, phase, rounds } = props;
  const samples = summary?.samples ?? 0;
  const isRunning = phase.kind === 'running' && phase.group === group.id && samples < rounds;
  const nothing = <span class="faint">—</span>;
  return (
    <tr data-row={row} class={isRunning ? 'forming' : ''}>
      <td>
        {t(`core.row.${row}`)}
        {props.times !== undefined && (
          <span class="small muted"> · {t('core.times', { times: props.times.toFixed(1) })}</span>
        )}
      </td>
      <td class="num" data-label={t(`core.median.${group.unit}`)}>
        {summary ? formatMedian(group, summary) : nothing}
      </td>
      <td class="num" data-label={t('core.spread')}>
        {summary ? formatSpread(summary) : nothing}
      </td>
      <td class="num" data-label={rateUnit(group)}>
        {summary ? formatRate(row, summary) : nothing}
      </td>
      <td class="drawn">
        {summary && !isRunning && <Bar row={row} summary={summary} most={props.most} />}
        {isRunning && (
          <span class="under-way">
            <Progress share={samples / rounds} />
            <span class="num small">
              {samples} / {rounds}
            </span>
          </span>
        )}
      </td>
    </tr>
  );
}

function timesOf(row: RowId, figures: Figures): number | undefined {
  const ours = peerOf[row] && figures.get(peerOf[row])?.median;
  const theirs = figures.get(row)?.median;
  return ours === undefined || theirs === undefined ? undefined : theirs / ours;
}

function GroupPanel(props: { group: Group; figures: Figures; phase: Phase; rounds: number }) {
  const { group, figures } = props;
  const rates = group.rows.map((row) => {
    const summary = figures.get(row);
    return summary ? perSecond(row, summary.low) : 0;
  });
  const most = Math.max(...rates);
  return (
    <Panel title={t(`core.group.${group.id}`)} flush>
      <table class="table measured">
        <thead>
          <tr>
            <th scope="col">{t('core.what')}</th>
            <th scope="col" class="num">
              {t(`core.median.${group.unit}`)}
            </th>
            <th scope="col" class="num">
              {t('core.spread')}
            </th>
            <th scope="col" class="num">
              {rateUnit(group)}
            </th>
            <th scope="col">{t('core.bar', { unit: rateUnit(group) })}</th>
          </tr>
        </thead>
        <tbody>
          {group.rows.map((row) => (
            <Row
              key={row}
              row={row}
              summary={figures.get(row)}
              most={most}
              times={timesOf(row, figures)}
              {...props}
            />
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function Environment({ setting }: { setting: Setting | undefined }) {
  const facts: [string, string][] = [
    [t('core.browser'), navigator.userAgent],
    [t('core.processors'), String(navigator.hardwareConcurrency)],
  ];
  if (setting) {
    const { name, widthPx, heightPx } = setting.picture;
    facts.push(
      [t('core.clock'), sentenceOfClock(setting)],
      [t('core.picture'), `${name}, ${widthPx} × ${heightPx}`],
      ...setting.modules.map((module): [string, string] => [
        `${module.name}.wasm`,
        `${formatBytes(module.bytes)} (gzip ${formatBytes(module.gzipBytes)})`,
      ]),
    );
  }
  return (
    <Panel title={t('core.environment')} class="environment">
      <Facts items={facts} />
      {!setting && <p class="small faint">{t('core.environment.later')}</p>}
    </Panel>
  );
}

function Failure({ message, retry }: { message: string; retry: () => void }) {
  return (
    <div class="verdict no" role="alert">
      <Glyph name="no" />
      <h2>{t('core.phase.failed')}</h2>
      <p>
        {t('core.failed.why')} {t('core.failed.next')}
        {message !== '' && <span class="quote mono">{message}</span>}
      </p>
      <div class="acts">
        <button type="button" class="btn" onClick={retry}>
          {t('action.retry')} <kbd>R</kbd>
        </button>
      </div>
    </div>
  );
}

/** Copies, and says so; without the right to, says what to do instead. */
function copy(text: string): void {
  const { clipboard } = navigator as Partial<Navigator>;
  const written = clipboard ? clipboard.writeText(text) : Promise.reject(new Error('no clipboard'));
  written.then(
    () => showToast({ text: t('core.copied') }),
    () => showToast({ text: t('core.not-copied') }),
  );
}

function Exports({ report }: { report: Report | undefined }) {
  const acts = [
    { key: 'm', label: t('core.copy.markdown'), run: (it: Report) => copy(toMarkdown(it)) },
    { key: 'j', label: t('core.copy.json'), run: (it: Report) => copy(toJson(it)) },
    {
      key: 'd',
      label: t('core.download'),
      run: (it: Report) =>
        saveFile(
          `cinnabar-core-${it.at.toISOString().slice(0, 10)}.json`,
          toJson(it),
          'application/json',
        ),
    },
  ];
  useKeys(
    report ? acts.map(({ key, label, run }) => ({ key, label, run: () => run(report) })) : [],
  );
  return (
    <div class="exports">
      {acts.map(({ key, label, run }) => (
        <button
          key={key}
          type="button"
          class="btn"
          {...(report ? {} : { 'aria-disabled': 'true', 'aria-describedby': 'nothing-yet' })}
          onClick={() => report && run(report)}
        >
          {!report && <Glyph name="lock" />}
          {label} <kbd>{key.toUpperCase()}</kbd>
        </button>
      ))}
      {!report && (
        <span id="nothing-yet" class="small faint">
          {t('core.nothing-yet')}
        </span>
      )}
    </div>
  );
}

export function MeasurePage() {
  const { phase, rounds, at, setting, figures, start, stop } = useMeasurement();
  const asked = Number(query.value.get('rounds'));
  const chosen = roundChoices.find((choice) => choice === asked) ?? usualRounds;
  const isRunning = phase.kind === 'running';
  const taken = [...figures.values()].reduce((sum, { samples }) => sum + samples, 0);
  const percent = Math.floor(
    (100 * taken) / (rounds * (rowIds.length - (setting?.absent.length ?? 0))),
  );
  const toggle = () => (isRunning ? stop() : start(chosen));
  useKeys([
    { key: 's', label: t(isRunning ? 'core.stop' : 'core.start'), run: toggle },
    ...(phase.kind === 'failed' ? [{ key: 'r', label: t('action.retry'), run: toggle }] : []),
  ]);

  const { userAgent, hardwareConcurrency: processors } = navigator;
  const report =
    setting && figures.size > 0 && !isRunning
      ? { at, userAgent, processors, rounds, setting, figures }
      : undefined;
  return (
    <>
      <PageHead
        title={t('core.title')}
        state={
          <Status tone={tones[phase.kind]} chip>
            {t(`core.phase.${phase.kind}`)}
            {(isRunning || phase.kind === 'stopped') && <span class="num">{percent} %</span>}
          </Status>
        }
        facts={t('core.lead')}
        actions={
          <button
            type="button"
            class={isRunning ? 'btn' : 'btn primary'}
            data-act={isRunning ? 'stop' : 'start'}
            onClick={toggle}
          >
            {t(isRunning ? 'core.stop' : 'core.start')} <kbd>S</kbd>
          </button>
        }
      />
      {/* Only the turning points: a count that is read aloud would drown everything else. */}
      <p class="vh" role="status">
        {phase.kind === 'idle' ? '' : t(`core.phase.${phase.kind}`)}
      </p>
      <div class="body">
        {phase.kind === 'failed' && <Failure message={phase.message} retry={toggle} />}
        <div class="measure-bar">
          <fieldset class="choice">
            <legend class="label">{t('core.rounds')}</legend>
            <div class="seg">
              {roundChoices.map((choice) => (
                <button
                  key={choice}
                  type="button"
                  aria-pressed={choice === chosen}
                  onClick={() => setParameter('rounds', String(choice))}
                >
                  {choice}
                </button>
              ))}
            </div>
          </fieldset>
          <Exports report={report} />
        </div>
        {groups.map((group) => (
          <GroupPanel key={group.id} {...{ group, figures, phase, rounds }} />
        ))}
        <Environment setting={setting} />
        <p class="small muted meaning">{t('core.meaning', { millis: floorMicros / 1000 })}</p>
      </div>
    </>
  );
}
