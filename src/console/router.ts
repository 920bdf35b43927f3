import { computed, signal } from '@preact/signals';

/** Where the page is: the address without its origin. */
export const place = signal(currentPlace());
export const path = computed(() => place.value.split('?')[0] ?? '/');
export const query = computed(() => new URLSearchParams(place.value.split('?')[1] ?? ''));

function currentPlace(): string {
  return window.location.pathname + window.location.search;
}

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === place.value) return;
  if (options.replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  place.value = to;
}

/** Sets one parameter of the address without a new step in the history. */
export function setParameter(name: string, value: string | undefined): void {
  const next = new URLSearchParams(query.value);
  if (value === undefined || value === '') next.delete(name);
  else next.set(name, value);
  const search = next.toString();
  navigate(search === '' ? path.value : `${path.value}?${search}`, { replace: true });
}

/** Plain clicks on our own links stay in the page; all others are the browser's. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target.closest('a') : null;
  if (target?.target !== '' || target.hasAttribute('download')) return;
  if (target.hasAttribute('data-leave') || target.getAttribute('href')?.startsWith('#')) return;
  if (target.origin !== window.location.origin) return;
  event.preventDefault();
  navigate(target.pathname + target.search);
}

export function startRouter(): void {
  document.addEventListener('click', followLink);
  window.addEventListener('popstate', () => {
    place.value = currentPlace();
  });
}
