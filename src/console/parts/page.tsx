import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n/index.ts';

export interface Crumb {
  text: string;
  href: string;
}

/** Crumb, title with its state, facts, and at the right the actions, the likely one last. */
export function PageHead(props: {
  title: string;
  /** The title is somebody's name, which stays Chinese on an English page. */
  isName?: boolean;
  crumbs?: readonly Crumb[];
  state?: ComponentChildren;
  facts?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${props.title} · Cinnabar`;
  }, [props.title]);
  return (
    <header class="head">
      <div class="grow">
        {props.crumbs && (
          <nav class="crumb" aria-label={t('nav.crumbs')}>
            {props.crumbs.map((crumb) => (
              <span key={crumb.href}>
                <a href={crumb.href}>{crumb.text}</a> /{' '}
              </span>
            ))}
          </nav>
        )}
        <div class="title">
          <h1 {...(props.isName ? { lang: 'zh-CN' } : {})}>{props.title}</h1>
          {props.state}
        </div>
        {props.facts && <div class="facts">{props.facts}</div>}
      </div>
      {props.actions && <div class="acts">{props.actions}</div>}
    </header>
  );
}

export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
  flush?: boolean;
  class?: string;
}) {
  return (
    <section class={`panel ${props.class ?? ''}`} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        <span class="grow" />
        {props.aside}
      </header>
      {props.flush ? props.children : <div class="in">{props.children}</div>}
    </section>
  );
}

/** Name and value pairs; on a phone they stay pairs. */
export function Facts({ items }: { items: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="kv">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
