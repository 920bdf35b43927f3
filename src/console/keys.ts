import { computed, signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { remember, remembered } from './storage.ts';

/** One key of a page: what is pressed, what it says in the help, what it does. */
export interface KeyBinding {
  /** `KeyboardEvent.key`, or two of them for a sequence: `g h`. `mod+Enter` for Ctrl or Cmd. */
  key: string;
  label: string;
  run: () => void;
  /** Steers something that is held down, such as panning; the help shows it all the same. */
  repeats?: boolean;
  /** The key is ours only while this holds; otherwise the browser keeps it. */
  when?: () => boolean;
}

const groups = signal<readonly { id: number; bindings: readonly KeyBinding[] }[]>([]);
export const activeKeys = computed(() => groups.value.flatMap((group) => group.bindings));

/** WCAG 2.2 §2.1.4: keys without a modifier can be switched off. */
export const singleKeys = signal(remembered('single-keys') !== 'off');

export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  remember('single-keys', on ? 'on' : 'off');
}

let nextId = 0;

/**
 * The keys of a component, for as long as it is on the page. Later components win. They hold
 * before the page is painted: whoever sees it may press them, however fast.
 */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const id = useRef(0);
  useLayoutEffect(() => {
    id.current = ++nextId;
    return () => {
      groups.value = groups.peek().filter((group) => group.id !== id.current);
    };
  }, []);
  useLayoutEffect(() => {
    const others = groups.peek().filter((group) => group.id !== id.current);
    groups.value = [...others, { id: id.current, bindings }].sort((a, b) => a.id - b.id);
  });
}

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches('select, textarea')) return true;
  return (
    target instanceof HTMLInputElement &&
    !['checkbox', 'radio', 'button', 'submit', 'file', 'range'].includes(target.type)
  );
}

/** A focused control keeps the keys that the browser gives it. */
function ownsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (key === ' ' || key === 'Enter') {
    return target.matches('a, button, input, summary, [role="option"]');
  }
  if (key.startsWith('Arrow')) return target.matches('input');
  return false;
}

const sequenceMs = 1200;
let lead: { key: string; atMs: number } | undefined;

function wantedBy(event: KeyboardEvent): string[] {
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const plain = event.shiftKey && event.key.length > 1 ? `Shift+${name}` : name;
  if (lead && event.timeStamp - lead.atMs < sequenceMs) return [`${lead.key} ${name}`, plain];
  return [plain];
}

const heldMs = 3000;
let held: KeyboardEvent[] | undefined;

/** While the component is on the page, keys that nothing wants are kept for what comes after it. */
export function useHeldKeys(): void {
  useLayoutEffect(() => {
    held = [];
    return () => {
      const waiting = held?.filter((event) => performance.now() - event.timeStamp < heldMs);
      held = undefined;
      // What replaces the component has its keys when the present rendering is over.
      queueMicrotask(() => waiting?.forEach(onKeyDown));
    };
  }, []);
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const withModifier = event.ctrlKey || event.metaKey;
  if (!withModifier && (inField(event.target) || ownsKey(event.target, event.key))) return;
  if (!withModifier && !singleKeys.value && event.key.length === 1) return;
  if (document.querySelector('dialog[open]') !== null) return;

  const wanted = withModifier ? [`mod+${event.key}`] : wantedBy(event);
  const bindings = activeKeys.peek();
  for (const key of wanted) {
    const binding = bindings.findLast((item) => item.key === key && (item.when?.() ?? true));
    if (!binding || (event.repeat && !binding.repeats)) continue;
    lead = undefined;
    event.preventDefault();
    binding.run();
    return;
  }
  const leads = !withModifier && bindings.some((item) => item.key.startsWith(`${event.key} `));
  lead = leads ? { key: event.key, atMs: event.timeStamp } : undefined;
  if (!leads) held?.push(event);
}

export function startKeys(): void {
  document.addEventListener('keydown', onKeyDown);
}
