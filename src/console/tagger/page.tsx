import './tagger.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  formatOf,
  type Label,
  labels,
  type OperatingPoint,
  operatingPoints,
  type Span,
  type Tagger,
} from '../../core/tagger.ts';
import { setTick } from '../home/ticks.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty } from '../parts/states.tsx';
import examples from './examples.json';

/** More than this is cut: the page answers at every key. */
const MOST = 10_000;

/** Texts to begin with. Nobody in them exists. */
const exampleNames = Object.keys(examples) as (keyof typeof examples)[];

/** The text again, under the field, with its sensitive stretches marked. */
function Marks(props: { text: string; spans: readonly Span[]; chosen: number }) {
  const parts: ComponentChildren[] = [];
  let at = 0;
  props.spans.forEach(({ start, end, label }, i) => {
    parts.push(props.text.slice(at, start));
    parts.push(
      <mark key={start} data-label={label} class={i === props.chosen ? 'chosen' : ''}>
        {props.text.slice(start, end)}
      </mark>,
    );
    at = end;
  });
  // A last line break has no height of its own.
  return (
    <>
      {parts}
      {`${props.text.slice(at)}\n`}
    </>
  );
}

function Editor(props: {
  text: string;
  spans: readonly Span[];
  chosen: number;
  field: { current: HTMLTextAreaElement | null };
  onText: (text: string) => void;
}) {
  const under = useRef<HTMLDivElement>(null);
  const follow = () => {
    const { field } = props;
    if (!under.current || !field.current) return;
    under.current.scrollTop = field.current.scrollTop;
  };
  useEffect(follow);
  return (
    <div class="tagged">
      <div class="under" ref={under} aria-hidden="true" lang="zh-CN">
        <Marks text={props.text} spans={props.spans} chosen={props.chosen} />
      </div>
      <textarea
        ref={props.field}
        aria-label={t('tagger.text')}
        lang="zh-CN"
        rows={12}
        maxLength={MOST}
        spellcheck={false}
        autocomplete="off"
        value={props.text}
        placeholder={t('tagger.placeholder')}
        onInput={(event) => props.onText(event.currentTarget.value)}
        onScroll={follow}
      />
    </div>
  );
}

function Point(props: { point: OperatingPoint; onPoint: (point: OperatingPoint) => void }) {
  return (
    <div class="field point">
      <label for="tagger-point">{t('tagger.point')}</label>
      <input
        id="tagger-point"
        type="range"
        min={0}
        max={operatingPoints.length - 1}
        step={1}
        value={operatingPoints.indexOf(props.point)}
        aria-valuetext={t(`tagger.point.${props.point}`)}
        onInput={(event) =>
          props.onPoint(operatingPoints[Number(event.currentTarget.value)] ?? 'balanced')
        }
      />
      <div class="stops" aria-hidden="true">
        {operatingPoints.map((point) => (
          <span key={point} class={point === props.point ? 'now' : ''}>
            {t(`tagger.point.${point}`)}
          </span>
        ))}
      </div>
      <div class="hint">{t(`tagger.point.${props.point}.hint`)}</div>
    </div>
  );
}

function Legend(props: {
  spans: readonly Span[];
  hidden: ReadonlySet<Label>;
  onToggle: (label: Label) => void;
}) {
  return (
    <fieldset class="legend">
      <legend class="label">{t('tagger.labels')}</legend>
      {labels.map((label) => (
        <label key={label} class="check">
          <input
            type="checkbox"
            checked={!props.hidden.has(label)}
            onChange={() => props.onToggle(label)}
          />
          <mark data-label={label}>{t(`tagger.label.${label}`)}</mark>
          <span class="num small">{props.spans.filter((span) => span.label === label).length}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Findings(props: {
  text: string;
  spans: readonly Span[];
  chosen: number;
  onChoose: (index: number) => void;
}) {
  if (props.spans.length === 0) {
    return <Empty title={t('tagger.nothing')} hint={t('tagger.nothing.hint')} />;
  }
  return (
    <ol class="findings">
      {props.spans.map((span, i) => (
        <li key={span.start}>
          <button
            type="button"
            aria-current={i === props.chosen ? 'true' : undefined}
            onClick={() => props.onChoose(i)}
          >
            <mark data-label={span.label}>{t(`tagger.label.${span.label}`)}</mark>
            <span class="what" lang="zh-CN">
              {props.text.slice(span.start, span.end)}
            </span>
            <span class="num small">{span.score.toFixed(2)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** What the tagger finds while one types. Everything stays in this tab. */
export function Playground({ tagger }: { tagger: Tagger }) {
  const [text, setText] = useState<string>(examples.counter);
  const [point, setPoint] = useState<OperatingPoint>('balanced');
  const [hidden, setHidden] = useState<ReadonlySet<Label>>(new Set());
  const [chosen, setChosen] = useState(-1);
  const field = useRef<HTMLTextAreaElement>(null);
  const found = useMemo(() => {
    const startedAt = performance.now();
    const all = tagger.tag(text, { point });
    return { all, format: formatOf(text), millis: performance.now() - startedAt };
  }, [tagger, text, point]);
  const spans = found.all.filter(({ label }) => !hidden.has(label));
  useEffect(() => {
    if (found.all.length > 0) setTick('token.find');
  }, [found.all.length]);

  function show(next: string) {
    setText(next.slice(0, MOST));
    setChosen(-1);
  }
  useEffect(() => {
    const span = spans[chosen];
    if (span) field.current?.setSelectionRange(span.start, span.end);
  }, [chosen]);
  function toggle(label: Label) {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    setHidden(next);
    setChosen(-1);
  }
  // Two quick presses are two steps.
  const step = (by: number) =>
    setChosen((old) => {
      const next = old < 0 && by < 0 ? spans.length - 1 : old + by;
      return spans.length === 0 ? -1 : (next + spans.length) % spans.length;
    });
  useKeys([
    { key: 'n', label: t('tagger.key.next'), run: () => step(1) },
    { key: 'p', label: t('tagger.key.previous'), run: () => step(-1) },
    { key: 'e', label: t('tagger.key.edit'), run: () => field.current?.focus() },
  ]);

  return (
    <>
      <PageHead title={t('tagger.title')} facts={t('tagger.lead')} />
      <div class="body columns playground">
        <Panel
          title={t('tagger.text')}
          aside={
            <span class="small num">
              {found.format && `${t(`tagger.format.${found.format}`)} · `}
              {t('tagger.time', { count: text.length, millis: found.millis.toFixed(1) })}
            </span>
          }
        >
          <Editor text={text} spans={spans} chosen={chosen} field={field} onText={show} />
          <div class="starts">
            <span class="small">{t('tagger.examples')}</span>
            {exampleNames.map((name) => (
              <button key={name} type="button" class="btn" onClick={() => show(examples[name])}>
                {t(`tagger.example.${name}`)}
              </button>
            ))}
            <button type="button" class="btn quiet" onClick={() => show('')}>
              {t('tagger.clear')}
            </button>
          </div>
          {text.length >= MOST && (
            <p class="small" role="status">
              {t('tagger.cut', { most: MOST })}
            </p>
          )}
        </Panel>
        <div class="side">
          <Panel title={t('tagger.settings')}>
            <Point point={point} onPoint={setPoint} />
            <Legend spans={found.all} hidden={hidden} onToggle={toggle} />
          </Panel>
          <Panel
            title={t('tagger.findings')}
            aside={
              <span class="small" role="status">
                {t('tagger.count', { count: spans.length })}
              </span>
            }
            flush
          >
            <Findings text={text} spans={spans} chosen={chosen} onChoose={setChosen} />
          </Panel>
        </div>
      </div>
    </>
  );
}
