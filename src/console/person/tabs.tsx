import { path } from '../router.ts';
import { p } from './words.ts';

const tabs = [
  ['/keys', 'keys.title'],
  ['/devices', 'devices.title'],
  ['/signed', 'signed.title'],
] as const;

/** The three pages about oneself. */
export function PersonTabs() {
  return (
    <nav class="seg" aria-label={p('person.pages')}>
      {tabs.map(([href, words]) => (
        <a key={href} href={href} aria-current={path.value === href ? 'page' : undefined}>
          {p(words)}
        </a>
      ))}
    </nav>
  );
}
