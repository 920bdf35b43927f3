import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiError, Page } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { asApiError, useResource } from '../resource.ts';
import { Loaded, Refusal } from './states.tsx';

/** A list by cursor: the first page at once, more on request, never by itself. */
export function Paged<T>(props: {
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  inputs: readonly unknown[];
  empty: ComponentChildren;
  children: (items: readonly T[]) => ComponentChildren;
}) {
  const [more, setMore] = useState<readonly T[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [first, reload] = useResource(async (signal) => {
    const page = await props.load(undefined, signal);
    setMore([]);
    setCursor(page.nextCursor);
    return page;
  }, props.inputs);

  async function loadMore(from: string) {
    setBusy(true);
    setError(undefined);
    try {
      const page = await props.load(from, new AbortController().signal);
      setMore((items) => [...items, ...page.items]);
      setCursor(page.nextCursor);
    } catch (cause) {
      setError(asApiError(cause));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Loaded resource={first} reload={reload} lines={6}>
      {(page) => {
        const items = [...page.items, ...more];
        if (items.length === 0) return props.empty;
        return (
          <>
            {props.children(items)}
            {error && <Refusal what="error.not-loaded" error={error} />}
            {cursor !== null && (
              <div class="more">
                <button
                  type="button"
                  class="btn"
                  aria-busy={busy}
                  onClick={() => void loadMore(cursor)}
                >
                  {t('action.more')}
                </button>
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
