import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from '../client/api.ts';

export type Resource<T> =
  | { kind: 'loading' }
  | { kind: 'ready'; value: T }
  | { kind: 'failed'; error: ApiError };

export function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : new ApiError('unexpected_answer', { cause });
}

/**
 * Loads when `inputs` change, and again on `reload`. An answer that arrives after its question was
 * withdrawn is dropped; a reload keeps the old value on the page until the new one is here.
 */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
): [Resource<T>, () => void] {
  const [resource, setResource] = useState<Resource<T>>({ kind: 'loading' });
  const [round, setRound] = useState(0);

  // The caller lists the inputs of `load`, as with an effect.
  useEffect(() => {
    const controller = new AbortController();
    if (round === 0) setResource({ kind: 'loading' });
    load(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setResource({ kind: 'ready', value });
      },
      (cause) => {
        if (!controller.signal.aborted) setResource({ kind: 'failed', error: asApiError(cause) });
      },
    );
    return () => controller.abort();
  }, [...inputs, round]);

  const reload = useCallback(() => setRound((value) => value + 1), []);
  return [resource, reload];
}
