import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../../client/index.ts';
import { type Key, maybe, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import type { Resource } from '../resource.ts';
import { Glyph } from './glyph.tsx';

const shapeAfterMs = 400;

/** Nothing for a moment, then the shape of what comes: a quick answer must not flicker. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), shapeAfterMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="loading" aria-busy="true">
      {shown && (
        <>
          <span class="vh" role="status">
            {t('state.loading')}
          </span>
          {Array.from({ length: lines }, (_, index) => (
            <i key={index} class={`w${index % 4}`} />
          ))}
        </>
      )}
    </div>
  );
}

export function Empty(props: {
  title: string;
  hint?: string;
  /** Nothing else is on the page. */
  isPage?: boolean;
  children?: ComponentChildren;
}) {
  const Heading = props.isPage ? 'h1' : 'h2';
  return (
    <div class="empty">
      <Glyph name="off" />
      <Heading>{props.title}</Heading>
      {props.hint && <p>{props.hint}</p>}
      {props.children}
    </div>
  );
}

/** The reason and the next step for an error, by its code; unknown codes get the general ones. */
export function wordsOf(error: ApiError): { why: string; next: string } {
  return {
    why: maybe(`error.${error.code}.why`) ?? t('error.internal.why'),
    next: maybe(`error.${error.code}.next`) ?? t('error.internal.next'),
  };
}

/** What did not happen, why, what to do next, and a number to quote. */
export function Refusal(props: {
  what: Key | { readonly said: string };
  error: ApiError;
  retry?: () => void;
}) {
  const { why, next } = wordsOf(props.error);
  const place = useRef<HTMLDivElement>(null);
  // Below the fold, under the button that was pressed, nobody would see it.
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [props.error]);
  useKeys(props.retry ? [{ key: 'r', label: t('action.retry'), run: props.retry }] : []);
  return (
    <div class="verdict no" role="alert" ref={place}>
      <Glyph name="no" />
      <h2>{typeof props.what === 'string' ? t(props.what) : props.what.said}</h2>
      <p>
        {why} {next}
        {props.error.requestId && (
          <span class="quote">
            {t('error.number')} <span class="mono">{props.error.requestId}</span>
          </span>
        )}
      </p>
      <Reasons error={props.error} />
      {props.retry && (
        <div class="acts">
          <button type="button" class="btn" onClick={props.retry}>
            {t('action.retry')} <kbd>R</kbd>
          </button>
        </div>
      )}
    </div>
  );
}

/** What exactly stands against it, where the service said so in words that there are. */
function Reasons({ error }: { error: ApiError }) {
  const reasons = new Set(error.fields.flatMap(({ code }) => maybe(`refused.${code}`) ?? []));
  if (reasons.size === 0) return null;
  return (
    <ul class="small">
      {[...reasons].map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

/** Loading, refusal or the thing itself. */
export function Loaded<T>(props: {
  resource: Resource<T>;
  reload: () => void;
  lines?: number;
  children: (value: T) => ComponentChildren;
}) {
  const { resource } = props;
  switch (resource.kind) {
    case 'loading':
      return <Loading lines={props.lines ?? 4} />;
    case 'failed':
      return <Refusal what="error.not-loaded" error={resource.error} retry={props.reload} />;
    case 'ready':
      return <>{props.children(resource.value)}</>;
  }
}
