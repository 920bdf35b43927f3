import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from './i18n/index.ts';
import { useKeys } from './keys.ts';
import { GoTo } from './parts/go-to.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { Empty, Loading, Refusal } from './parts/states.tsx';
import { placeOf, placesFor, railFor } from './rail.ts';
import { navigate, path } from './router.ts';
import { routeFor } from './routes.tsx';
import { allows, identity, session, startSession } from './session.ts';
import { Help } from './shell/help.tsx';
import { People } from './shell/people.tsx';
import { StatusLine } from './shell/status-line.tsx';
import { ToastSlab } from './shell/toast-slab.tsx';
import { TopBar } from './shell/top-bar.tsx';

function Rail(props: { onFind: () => void }) {
  const here = placeOf(path.value);
  return (
    <nav class="rail" aria-label={t('nav.main')}>
      {railFor().map((entry) => (
        <a
          key={entry.href}
          href={entry.href}
          aria-current={entry.href === here ? 'page' : undefined}
          {...(entry.leaves ? { 'data-leave': '' } : {})}
        >
          {t(entry.words)}
        </a>
      ))}
      {identity.value && (
        <button type="button" aria-haspopup="dialog" onClick={props.onFind}>
          {t('nav.more')}
        </button>
      )}
    </nav>
  );
}

function NotFound() {
  return (
    <div class="body lone">
      <Empty isPage title={t('page.not-found')} hint={t('page.not-found.hint')}>
        <a class="btn" href="/">
          {t('nav.home')}
        </a>
      </Empty>
    </div>
  );
}

function NotAllowed(props: { onPeople: () => void }) {
  return (
    <div class="body lone">
      <Empty
        isPage
        title={t('page.forbidden')}
        hint={t('page.forbidden.hint', {
          role: identity.value ? t(`role.${identity.value.role}`) : '',
        })}
      >
        <button type="button" class="btn" onClick={props.onPeople}>
          {t('people.change')} <kbd>I</kbd>
        </button>
      </Empty>
    </div>
  );
}

function Content(props: { onPeople: () => void }) {
  const state = session.value;
  switch (state.kind) {
    case 'starting':
      return <Loading lines={6} />;
    case 'no-demo':
      return (
        <div class="body lone">
          <Empty title={t('session.none')} hint={t('session.none.hint')}>
            <SignIn />
          </Empty>
        </div>
      );
    case 'failed':
      return (
        <div class="body">
          <Refusal what="error.not-loaded" error={state.error} retry={() => void startSession()} />
        </div>
      );
    case 'ready': {
      const found = routeFor(path.value);
      if (!found) return <NotFound />;
      const { right } = found.route;
      if (right !== undefined && !allows(right)) return <NotAllowed onPeople={props.onPeople} />;
      // Another institution or role sees other things: its pages begin anew.
      return (
        <div class="fill" key={state.identity.id}>
          {found.route.render(found.parameters)}
        </div>
      );
    }
  }
}

/** Whoever pays from this browser has its session keys renewed by opening the console (E5). */
function useKeyRenewal(): void {
  const who = identity.value?.id;
  useEffect(() => {
    if (who === undefined || !allows('pay')) return;
    let isOver = false;
    let end = () => {};
    void import('./pay/renewal.ts').then(
      ({ keepKeysRenewed }) => {
        if (!isOver) end = keepKeysRenewed();
      },
      // Not reached now: the next opening tries again.
      () => undefined,
    );
    return () => {
      isOver = true;
      end();
    };
  }, [who]);
}

export function App() {
  useKeyRenewal();
  const [open, setOpen] = useState<'help' | 'people' | 'find' | undefined>(undefined);
  const page = useRef<HTMLElement>(null);
  const demo = session.value.kind === 'ready' && session.value.identities.length > 0;

  const first = useRef(true);
  const at = path.value;
  // A new path moves the focus to the page; a new parameter of the same page does not.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    page.current?.focus({ preventScroll: true });
    page.current?.scrollTo(0, 0);
  }, [at]);

  useKeys([
    { key: '?', label: t('help.hint'), run: () => setOpen('help') },
    ...(demo ? [{ key: 'i', label: t('people.change'), run: () => setOpen('people') }] : []),
    ...(identity.value
      ? [{ key: 'mod+k', label: t('find.open'), run: () => setOpen('find') }]
      : []),
    ...placesFor().flatMap(({ letter, words, href, leaves }) =>
      letter === undefined
        ? []
        : {
            key: `g ${letter}`,
            label: t(words),
            run: () => (leaves ? window.location.assign(href) : navigate(href)),
          },
    ),
  ]);

  return (
    <div class="frame">
      <a class="skip" href="#page">
        {t('nav.skip')}
      </a>
      {demo && (
        <section class="demo" aria-label={t('demo.word')}>
          <b>{t('demo.word')}</b>
          <span class="ellipsis">{t('demo.band')}</span>
        </section>
      )}
      <TopBar onPeople={() => setOpen('people')} onFind={() => setOpen('find')} />
      <Rail onFind={() => setOpen('find')} />
      <main id="page" class="page" ref={page} tabIndex={-1}>
        <Content onPeople={() => setOpen('people')} />
      </main>
      <StatusLine onHelp={() => setOpen('help')} />
      <ToastSlab />
      <Help open={open === 'help'} onClose={() => setOpen(undefined)} />
      <People open={open === 'people'} onClose={() => setOpen(undefined)} />
      <GoTo open={open === 'find'} onClose={() => setOpen(undefined)} />
    </div>
  );
}
