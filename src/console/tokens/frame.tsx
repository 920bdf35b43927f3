import type { ComponentChildren } from 'preact';
import { PageHead } from '../parts/page.tsx';
import { path } from '../router.ts';
import { k, type TokenKey } from './words.ts';
import './tokens.css';

const tabs = [
  ['/tokens', 'tab.token'],
  ['/tokens/behaviour', 'tab.behaviour'],
  ['/tokens/systems', 'tab.systems'],
  ['/tokens/keys', 'tab.keys'],
] as const;

/** The head that the token pages share: title, and the way to the others. */
export function TokenFrame(props: {
  title: TokenKey;
  lead: TokenKey;
  state?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <>
      <PageHead
        title={k(props.title)}
        state={props.state}
        facts={<span>{k(props.lead)}</span>}
        actions={props.actions}
      />
      <div class="body">
        <nav class="seg token-tabs" aria-label={k('tabs')}>
          {tabs.map(([href, words]) => (
            <a key={href} href={href} aria-current={path.value === href ? 'page' : undefined}>
              {k(words)}
            </a>
          ))}
        </nav>
        {props.children}
      </div>
    </>
  );
}
