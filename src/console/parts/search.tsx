import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { query, setParameter } from '../router.ts';

const searchAfterMs = 200;

/** A search whose text stays in the address as `q`, a moment after it was typed. */
export function useSearch(label: string): {
  readonly wanted: string;
  readonly field: ComponentChildren;
  focus(): void;
} {
  const wanted = query.value.get('q') ?? '';
  const [text, setText] = useState(wanted);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setParameter('q', text.trim()), searchAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  return {
    wanted,
    focus: () => field.current?.focus(),
    field: (
      <input
        ref={field}
        class="input search"
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    ),
  };
}
