import { signal } from '@preact/signals';
import { remember } from './storage.ts';

export type Theme = 'light' | 'dark';

/** `theme.js` has set the attribute before the first paint; it is the first value. */
export const theme = signal<Theme>(
  document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light',
);

export function setTheme(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset.theme = next;
  remember('theme', next);
}
