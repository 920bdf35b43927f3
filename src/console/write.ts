import { useRef, useState } from 'preact/hooks';
import { type ApiError, newIdempotencyKey } from '../client/api.ts';
import { asApiError } from './resource.ts';

const blobNumbers = new WeakMap<Blob, number>();
let blobCount = 0;

/** Files have no text to compare; two are the same when they are the same object. */
function blobNumber(blob: Blob): number {
  const known = blobNumbers.get(blob) ?? ++blobCount;
  blobNumbers.set(blob, known);
  return known;
}

/**
 * One intention to write, from a form: at most one at a time, and a repetition of the same draft
 * carries the same key, so that an answer lost on the way does not double the effect.
 */
export function useWrite<D>(act: (draft: D, keyFor: (step: string) => string) => Promise<void>): {
  busy: boolean;
  error: ApiError | undefined;
  run: (draft: D) => Promise<void>;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const intention = useRef<{ draft: string; keys: Map<string, string> } | undefined>(undefined);

  async function run(draft: D) {
    if (busy) return;
    const fingerprint = JSON.stringify(draft, (_, value: unknown) =>
      value instanceof Blob ? blobNumber(value) : value,
    );
    if (intention.current?.draft !== fingerprint) {
      intention.current = { draft: fingerprint, keys: new Map() };
    }
    const { keys } = intention.current;
    const keyFor = (step: string) => {
      const key = keys.get(step) ?? newIdempotencyKey();
      keys.set(step, key);
      return key;
    };
    setBusy(true);
    setError(undefined);
    try {
      await act(draft, keyFor);
    } catch (cause) {
      setError(asApiError(cause));
    } finally {
      setBusy(false);
    }
  }

  return { busy, error, run };
}
