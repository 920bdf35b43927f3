import { path } from '../router.ts';
import { q } from './words.ts';

/** Pay, and what was paid. */
export function PayTabs() {
  const tabs = [
    ['/pay', q('pay.title')],
    ['/pay/history', q('pay.history')],
  ] as const;
  return (
    <nav class="seg" aria-label={q('pay.pages')}>
      {tabs.map(([href, words]) => (
        <a key={href} href={href} aria-current={path.value === href ? 'page' : undefined}>
          {words}
        </a>
      ))}
    </nav>
  );
}
