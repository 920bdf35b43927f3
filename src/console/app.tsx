import { useEffect, useRef, useState } from 'preact/hooks';
import type { DemoIdentity } from '../client/index.ts';
import { formatMoment } from './format.ts';
import { inLanguage, type Language, language, setLanguage, t } from './i18n/index.ts';
import { activeKeys, setSingleKeys, singleKeys, useKeys } from './keys.ts';
import { Status } from './parts/chip.tsx';
import { Dialog } from './parts/dialog.tsx';
import { SealMark } from './parts/glyph.tsx';
import { GoTo } from './parts/go-to.tsx';
import { SignIn } from './parts/sign-in.tsx';
import { Empty, Loading, Refusal } from './parts/states.tsx';
import { placeOf, placesFor, railFor } from './rail.ts';
import { navigate, path } from './router.ts';
import { routeFor } from './routes.tsx';
import {
  allows,
  becomeIdentity,
  client,
  identity,
  openClient,
  session,
  startSession,
} from './session.ts';
import { setTheme, theme } from './theme.ts';
import { dismissToast, showToast, toast } from './toast.ts';

function Help(props: { open: boolean; onClose: () => void }) {
  const names = new Map<string, string[]>();
  for (const binding of activeKeys.value) {
    names.set(binding.label, [...(names.get(binding.label) ?? []), binding.key]);
  }
  return (
    <Dialog title={t('help.title')} open={props.open} onClose={props.onClose}>
      <dl class="keys">
        {[...names].map(([label, keys]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {keys.map((key) => (
                <span key={key}>
                  {keyCaps(key).map((cap) => (
                    <kbd key={cap}>{cap}</kbd>
                  ))}
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => setSingleKeys(event.currentTarget.checked)}
        />
        {t('help.single')}
      </label>
    </Dialog>
  );
}

const capNames: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  mod: 'Ctrl',
};

function keyCaps(key: string): string[] {
  if (key === ' ') return [t('key.space')];
  const parts = key === '+' ? ['+'] : key.split(/[+ ]/);
  return parts.map((part) => capNames[part] ?? (part.length === 1 ? part.toUpperCase() : part));
}

function People(props: { open: boolean; onClose: () => void }) {
  const state = session.value;
  if (state.kind !== 'ready') return null;
  const institutions = new Map<string, DemoIdentity[]>();
  for (const person of state.identities) {
    const id = person.institution.id;
    institutions.set(id, [...(institutions.get(id) ?? []), person]);
  }
  function become(person: DemoIdentity) {
    const before = identity.value;
    props.onClose();
    if (!before || before.id === person.id) return;
    becomeIdentity(person);
    showToast({
      text: t('people.changed', { name: inLanguage(person.name) }),
      undo: () => becomeIdentity(before),
    });
  }
  return (
    <Dialog title={t('people.title')} open={props.open} onClose={props.onClose}>
      <p class="small muted">{t('people.lead')}</p>
      <SignIn onDone={props.onClose} />
      {[...institutions].map(([id, people]) => (
        <section key={id} class="people">
          <h3>{people[0] && inLanguage(people[0].institution)}</h3>
          <ul>
            {people.map((person) => (
              <li key={person.id}>
                <button
                  type="button"
                  data-identity={person.id}
                  aria-current={person.id === identity.value?.id ? 'true' : undefined}
                  onClick={() => become(person)}
                >
                  <b>{inLanguage(person.name)}</b>
                  <span>{t(`role.${person.role}`)}</span>
                  <span class="faint">{inLanguage(person.branch)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}

async function readIn(next: Language): Promise<void> {
  try {
    await setLanguage(next);
  } catch {
    showToast({ text: t('error.not-loaded') });
  }
}

function TopBar(props: { onPeople: () => void; onFind: () => void }) {
  const who = identity.value;
  return (
    <header class="top">
      <a class="brand" href="/">
        <SealMark />
        <b>Cinnabar</b>
      </a>
      {who && (
        <span class="where">
          {inLanguage(who.institution)} · {inLanguage(who.branch)}
        </span>
      )}
      <span class="grow" />
      {who && (
        <button type="button" class="find" aria-haspopup="dialog" onClick={props.onFind}>
          <span class="grow">{t('find.open')}</span>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </button>
      )}
      <button
        type="button"
        class="btn quiet theme"
        aria-label={t(theme.value === 'dark' ? 'theme.to-light' : 'theme.to-dark')}
        onClick={() => setTheme(theme.value === 'dark' ? 'light' : 'dark')}
      >
        {t(theme.value === 'dark' ? 'theme.light' : 'theme.dark')}
      </button>
      <fieldset class="lang" aria-label={t('language.title')}>
        <button
          type="button"
          lang="zh-CN"
          aria-pressed={language.value === 'zh'}
          onClick={() => readIn('zh')}
        >
          中文
        </button>
        <button
          type="button"
          lang="en"
          aria-pressed={language.value === 'en'}
          onClick={() => readIn('en')}
        >
          EN
        </button>
      </fieldset>
      {who && (
        <button type="button" class="who" aria-haspopup="dialog" onClick={props.onPeople}>
          <b>{inLanguage(who.name)}</b>
          <span class="faint small">{t(`role.${who.role}`)}</span>
          <span class="vh">{t('people.change')}</span>
          <kbd>I</kbd>
        </button>
      )}
    </header>
  );
}

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

type Health = 'unknown' | 'ready' | 'unavailable' | 'offline';

const healthEveryMs = 30_000;

/** Asks while the page is seen: a hidden tab needs no answer. */
function useHealth(): { health: Health; failed: string[] } {
  const [state, setState] = useState<{ health: Health; failed: string[] }>({
    health: 'unknown',
    failed: [],
  });
  useEffect(() => {
    let live = true;
    async function ask() {
      if (document.hidden) return;
      try {
        const { status, checks } = await openClient.service.readiness();
        const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
        if (live) setState({ health: status, failed });
      } catch {
        if (live) setState({ health: 'offline', failed: [] });
      }
    }
    void ask();
    const timer = setInterval(() => void ask(), healthEveryMs);
    const onVisible = () => void ask();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      live = false;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, []);
  return state;
}

function useClock(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

const healthTone = { unknown: 'off', ready: 'ok', unavailable: 'no', offline: 'no' } as const;

function StatusLine(props: { onHelp: () => void }) {
  const { health, failed } = useHealth();
  const now = useClock();
  const who = identity.value?.id;
  const [notice, setNotice] = useState<{ zh: string; en: string } | null>(null);
  useEffect(() => {
    if (who === undefined) return;
    client.service.notice().then(
      (answer) => setNotice(answer.notice),
      // A notice that cannot be read is not worth a word; the state beside it says the rest.
      () => setNotice(null),
    );
  }, [who]);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <footer class="status">
      <Status tone={healthTone[health]}>
        {t(`health.${health}`)}
        {failed.length > 0 && <span class="mono">{failed.join(', ')}</span>}
      </Status>
      {notice && <span class="notice ellipsis">{inLanguage(notice)}</span>}
      <span class="grow" />
      <button type="button" onClick={props.onHelp}>
        {t('help.hint')} <kbd>?</kbd>
      </button>
      <time title={zone}>{formatMoment(now)}</time>
    </footer>
  );
}

function ToastSlab() {
  const shown = toast.value;
  useKeys(
    shown?.undo
      ? [
          {
            key: 'z',
            label: t('action.undo'),
            run: () => {
              shown.undo?.();
              dismissToast();
            },
          },
        ]
      : [],
  );
  return (
    <div class="toasts" role="status">
      {shown && (
        <div class="toast">
          <span>{shown.text}</span>
          {shown.undo && (
            <button
              type="button"
              onClick={() => {
                shown.undo?.();
                dismissToast();
              }}
            >
              {t('action.undo')} <kbd>Z</kbd>
            </button>
          )}
        </div>
      )}
    </div>
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
