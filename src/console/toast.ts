import { signal } from '@preact/signals';

export interface Toast {
  text: string;
  /** Only where the act can really be taken back. */
  undo?: () => void;
}

const shownMs = 5000;

/** One at a time; what was done, in the past tense. Errors are banners, never toasts. */
export const toast = signal<Toast | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

export function showToast(next: Toast): void {
  clearTimeout(timer);
  toast.value = next;
  timer = setTimeout(dismissToast, shownMs);
}

export function dismissToast(): void {
  clearTimeout(timer);
  toast.value = undefined;
}
