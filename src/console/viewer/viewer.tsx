import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { type KeyBinding, useKeys } from '../keys.ts';
import { query, setParameter } from '../router.ts';
import { theme } from '../theme.ts';
import { readout } from './geometry.ts';
import type { ImprintPair } from './load.ts';
import {
  differencesOf,
  type Fold,
  frameOf,
  letterOf,
  type Mode,
  makeLayers,
  modes,
  type Nudge,
  noNudge,
  paint,
  panes,
  register,
  type Scene,
  scaleOf,
  themeColours,
  type View,
} from './paint.ts';

const zoomMin = 0.5;
const zoomMax = 16;
/** WCAG 2.2 §2.3.1 allows three flashes a second; two are enough to see a difference. */
const blinkMs = 500;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const signed = (value: number, digits: number) =>
  `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(digits)}`;

function parseMode(text: string | null): Mode {
  return modes.find((mode) => mode === text) ?? 'overlay';
}

function useSize(host: { current: HTMLElement | null }) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [host]);
  return size;
}

/** Alternates only after the person started it, and never when motion is unwelcome. */
function useBlink(on: boolean) {
  const [shows, setShows] = useState<'reserved' | 'query'>('reserved');
  const [running, setRunning] = useState(false);
  const flip = () => setShows((now) => (now === 'reserved' ? 'query' : 'reserved'));
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  useEffect(() => {
    if (!on) setRunning(false);
    if (!on || !running) return;
    const timer = setInterval(flip, blinkMs);
    return () => clearInterval(timer);
  }, [on, running]);
  const step = () => {
    if (still || !on) flip();
    else setRunning(!running);
  };
  return { shows, running, step };
}

/**
 * The imprint viewer: side by side, overlay, blink and fold over one registration.
 *
 * The stage shows where to look and colours nothing by score. Everything on it also stands in the
 * read-out and in the table of differences, for those who do not see it.
 */
export function Viewer(props: {
  pair: ImprintPair;
  /** What stands beside the stage: the verdict above the differences, the voucher below them. */
  above: ComponentChildren;
  below: ComponentChildren;
}) {
  const { pair } = props;
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(host);
  const mode = parseMode(query.value.get('mode'));
  const [hatch, setHatch] = useState(true);
  const [queryOpacity, setQueryOpacity] = useState(1);
  const [nudge, setNudge] = useState<Nudge>(noNudge);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const blink = useBlink(mode === 'blink');

  const frame = useMemo(() => frameOf(pair), [pair]);
  const registered = useMemo(() => register(pair, frame, nudge), [pair, frame, nudge]);
  const differences = useMemo(() => differencesOf(pair, frame), [pair, frame]);
  const middle = { x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2 };
  const [view, setView] = useState<View>({ zoom: 1, middle });
  const [fold, setFold] = useState<Fold>({ at: middle, degrees: 62 });

  const look = theme.value;
  const [colours, font] = useMemo(() => {
    const element = host.current ?? document.body;
    return [themeColours(element), getComputedStyle(element).fontFamily] as const;
  }, [look]);
  const layers = useMemo(
    () => makeLayers(registered, colours, { hatch, queryOpacity }),
    [registered, colours, hatch, queryOpacity],
  );

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || !canvas.current || size.width === 0) return;
    const ratio = window.devicePixelRatio;
    canvas.current.width = Math.round(size.width * ratio);
    canvas.current.height = Math.round(size.height * ratio);
    const scene: Scene = {
      mode,
      frame,
      layers,
      colours,
      view,
      fold,
      blinkShows: blink.shows,
      differences,
      tiles: pair.pair.tiles,
      chosen,
      font,
    };
    paint(context, scene, { ...size, ratio });
  });

  const setMode = useCallback((next: Mode) => {
    setParameter('mode', next === 'overlay' ? undefined : next);
  }, []);
  const zoomBy = (factor: number) =>
    setView((now) => ({ ...now, zoom: clamp(now.zoom * factor, zoomMin, zoomMax) }));
  const turnFold = (degrees: number) =>
    setFold((now) => ({ ...now, degrees: now.degrees + degrees }));
  const shiftBy = (x: number, y: number) =>
    setNudge((now) => ({ ...now, shift: { x: now.shift.x + x, y: now.shift.y + y } }));
  const turnBy = (degrees: number) =>
    setNudge((now) => ({ ...now, turnDegrees: now.turnDegrees + degrees }));
  const reset = () => {
    setView({ zoom: 1, middle });
    setFold({ at: middle, degrees: 62 });
    setChosen(undefined);
  };
  const goTo = (index: number) => {
    const difference = differences[index];
    if (!difference) return;
    setChosen(index);
    const reach = Math.max(frame.right - frame.left, frame.bottom - frame.top);
    const zoom = clamp(reach / (difference.radiusPx * 7), 1, 5);
    setView({ zoom, middle: zoom > 1 ? difference.at : middle });
    if (mode === 'fold') setFold((now) => ({ ...now, at: difference.at }));
  };
  const goNext = () => goTo(chosen === undefined ? 0 : (chosen + 1) % differences.length);
  const bracket = (direction: 1 | -1) => {
    if (mode === 'fold') turnFold(2 * direction);
    else setQueryOpacity((now) => clamp(Math.round((now + 0.1 * direction) * 10) / 10, 0, 1));
  };
  const onStage = () => document.activeElement === host.current;

  const keys: KeyBinding[] = [
    ...modes.map((name, index) => ({
      key: String(index + 1),
      label: t(`viewer.${name}`),
      run: () => setMode(name),
    })),
    { key: 'h', label: t('viewer.hatch'), run: () => setHatch((on) => !on) },
    { key: '[', label: t('viewer.less'), run: () => bracket(-1), repeats: true },
    { key: ']', label: t('viewer.more'), run: () => bracket(1), repeats: true },
    { key: '+', label: t('viewer.zoom-in'), run: () => zoomBy(1.25), repeats: true },
    { key: '-', label: t('viewer.zoom-out'), run: () => zoomBy(0.8), repeats: true },
    { key: '0', label: t('viewer.reset'), run: reset },
    { key: 'r', label: t('viewer.register'), run: () => setNudge(noNudge) },
    ...(differences.length > 0 ? [{ key: 'n', label: t('viewer.next'), run: goNext }] : []),
    ...(mode === 'blink' ? [{ key: ' ', label: t('viewer.hold'), run: blink.step }] : []),
    ...(
      [
        ['ArrowLeft', -1, 0],
        ['ArrowRight', 1, 0],
        ['ArrowUp', 0, -1],
        ['ArrowDown', 0, 1],
      ] as const
    ).map(([key, x, y]) => ({
      key,
      label: t('viewer.nudge'),
      run: () => shiftBy(x, y),
      repeats: true,
      when: onStage,
    })),
    {
      key: 'Shift+ArrowLeft',
      label: t('viewer.turn'),
      run: () => turnBy(-0.1),
      repeats: true,
      when: onStage,
    },
    {
      key: 'Shift+ArrowRight',
      label: t('viewer.turn'),
      run: () => turnBy(0.1),
      repeats: true,
      when: onStage,
    },
  ];
  useKeys(keys);

  function pointAt(event: { clientX: number; clientY: number }) {
    const bounds = host.current?.getBoundingClientRect();
    if (!bounds) return undefined;
    const all = panes(mode, bounds.width, bounds.height);
    const x = event.clientX - bounds.left;
    const pane = all.find((item) => x < item.left + item.width) ?? all[0];
    if (!pane) return undefined;
    const scale = scaleOf(frame, pane.width, pane.height, view.zoom);
    return {
      scale,
      x: view.middle.x + (x - pane.left - pane.width / 2) / scale,
      y: view.middle.y + (event.clientY - bounds.top - pane.height / 2) / scale,
    };
  }

  const drag = useRef<{ x: number; y: number; folds: boolean } | undefined>(undefined);
  const onPointerDown = (event: PointerEvent) => {
    const at = pointAt(event);
    if (!at || event.button !== 0) return;
    const handle = Math.hypot(at.x - fold.at.x, at.y - fold.at.y) * at.scale;
    drag.current = { x: event.clientX, y: event.clientY, folds: mode === 'fold' && handle < 28 };
    host.current?.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const at = pointAt(event);
    if (!at || !drag.current) return;
    const dx = (event.clientX - drag.current.x) / at.scale;
    const dy = (event.clientY - drag.current.y) / at.scale;
    drag.current = { ...drag.current, x: event.clientX, y: event.clientY };
    if (drag.current.folds) {
      setFold((now) => ({ ...now, at: { x: now.at.x + dx, y: now.at.y + dy } }));
    } else {
      setView((now) => ({ ...now, middle: { x: now.middle.x - dx, y: now.middle.y - dy } }));
    }
  };
  const onPointerUp = () => {
    drag.current = undefined;
  };
  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    if (mode === 'fold' && !event.ctrlKey) {
      turnFold(Math.sign(event.deltaY) * (event.shiftKey ? 0.5 : 2));
      return;
    }
    const at = pointAt(event);
    if (!at) return;
    const zoom = clamp(view.zoom * 1.15 ** -Math.sign(event.deltaY), zoomMin, zoomMax);
    // The point under the pointer stays there.
    const keep = view.zoom / zoom;
    setView({
      zoom,
      middle: {
        x: at.x + (view.middle.x - at.x) * keep,
        y: at.y + (view.middle.y - at.y) * keep,
      },
    });
  };

  const figures = readout(registered.transform, pair.pair.query, pair.pair.reserved, pair.pair.dpi);
  const largest = differences[0];
  const description = largest
    ? t('viewer.label.differs', { place: t(`place.${largest.place}`) })
    : t('viewer.label.same');

  return (
    <div class="viewer">
      <div class="tools" role="toolbar" aria-label={t('viewer.tools')}>
        <div class="seg">
          {modes.map((name, index) => (
            <button
              key={name}
              type="button"
              aria-pressed={mode === name}
              onClick={() => setMode(name)}
            >
              {t(`viewer.${name}`)} <kbd>{index + 1}</kbd>
            </button>
          ))}
        </div>
        <span class="grow" />
        {mode === 'overlay' && (
          <>
            <label class="slider">
              {t('viewer.opacity')}
              <input
                type="range"
                min="0"
                max="100"
                step="10"
                value={Math.round(queryOpacity * 100)}
                onInput={(event) => setQueryOpacity(Number(event.currentTarget.value) / 100)}
              />
              <kbd>[</kbd>
              <kbd>]</kbd>
            </label>
            <button
              type="button"
              class="t"
              aria-pressed={hatch}
              onClick={() => setHatch((on) => !on)}
            >
              {t('viewer.hatch')} <kbd>H</kbd>
            </button>
          </>
        )}
        {mode === 'blink' && (
          <button type="button" class="t" aria-pressed={blink.running} onClick={blink.step}>
            {t(blink.running ? 'viewer.hold' : 'viewer.start')} <kbd>{t('key.space')}</kbd>
          </button>
        )}
        <button
          type="button"
          class="t icon"
          onClick={() => zoomBy(0.8)}
          aria-label={t('viewer.zoom-out')}
        >
          −
        </button>
        <span class="small num zoom">{Math.round(view.zoom * 100)}%</span>
        <button
          type="button"
          class="t icon"
          onClick={() => zoomBy(1.25)}
          aria-label={t('viewer.zoom-in')}
        >
          +
        </button>
        <button type="button" class="t" onClick={reset}>
          {t('viewer.reset')} <kbd>0</kbd>
        </button>
      </div>

      <div
        ref={host}
        id="stage"
        class={`stage ${mode}`}
        role="application"
        aria-label={description}
        aria-busy={size.width === 0}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the stage takes the arrow keys
        tabIndex={0}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp}
        onWheel={onWheel}
      >
        <canvas ref={canvas} />
        {mode === 'side' && (
          <>
            <span class="tag first">{t('seal.reserved')}</span>
            <span class="tag second">{t('viewer.query-registered')}</span>
          </>
        )}
        {mode === 'fold' && (
          <>
            <span class="tag first">{t('seal.reserved')}</span>
            <span class="tag last">{t('seal.query')}</span>
          </>
        )}
        {mode === 'blink' && (
          <span class="tag first" aria-live="off">
            {t(blink.shows === 'reserved' ? 'seal.reserved' : 'seal.query')}
          </span>
        )}
      </div>

      <div class="read">
        <span>
          {t('viewer.turned')} <b>{signed(figures.turnDegrees, 1)}°</b>
        </span>
        <span>
          {t('viewer.shifted')}{' '}
          <b>
            {signed(figures.shiftMm.x, 2)} / {signed(figures.shiftMm.y, 2)} mm
          </b>
        </span>
        <span>
          {t('viewer.scaled')} <b>{figures.scale.toFixed(3)}</b>
        </span>
        <span>
          {t('viewer.overlap')} <b>{(registered.overlap * 100).toFixed(1)}%</b>
        </span>
        <span class="grow" />
        {nudge !== noNudge && (
          <button type="button" class="link" onClick={() => setNudge(noNudge)}>
            {t('viewer.register')} <kbd>R</kbd>
          </button>
        )}
        {mode === 'overlay' && (
          <>
            <span class="key">
              <i class="sw reserved" /> {t('viewer.only-reserved')}
            </span>
            <span class="key">
              <i class={`sw query${hatch ? ' hatch' : ''}`} /> {t('viewer.only-query')}
            </span>
            <span class="key">
              <i class="sw agree" /> {t('viewer.both')}
            </span>
          </>
        )}
        {mode === 'fold' && <span>{t('viewer.fold-hint')}</span>}
        {mode === 'heat' && (
          <span class="key">
            <i class="heat-scale" /> {t('viewer.heat.scale')}
          </span>
        )}
      </div>

      <aside class="findings" aria-label={t('verification.findings')}>
        {props.above}
        <section class="differences" aria-label={t('viewer.differences')}>
          <h3>
            {t('viewer.differences')}
            {differences.length > 0 && (
              <button type="button" class="link" onClick={goNext}>
                {t('viewer.next')} <kbd>N</kbd>
              </button>
            )}
          </h3>
          {differences.length === 0 ? (
            <p class="small muted">{t('viewer.no-differences')}</p>
          ) : (
            <table class="diff">
              <thead>
                <tr>
                  <th>{t('viewer.place')}</th>
                  <th class="num">{t('viewer.only-reserved')} mm²</th>
                  <th class="num">{t('viewer.only-query')} mm²</th>
                </tr>
              </thead>
              <tbody>
                {differences.map((difference, index) => (
                  <tr key={letterOf(index)} class={chosen === index ? 'sel' : ''}>
                    <td>
                      <button type="button" class="link" onClick={() => goTo(index)}>
                        <span class="letter">{letterOf(index)}</span>
                        {t(`place.${difference.place}`)}
                      </button>
                    </td>
                    <td class="num">{difference.onlyReservedMm2.toFixed(2)}</td>
                    <td class="num">{difference.onlyQueryMm2.toFixed(2)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
        {props.below}
      </aside>
    </div>
  );
}
