import { useEffect, useRef, useState } from 'preact/hooks';
import { inLanguage, language, setLanguage, t } from '../i18n/index.ts';
import { innerPlacesFor, type Place, placesFor } from '../rail.ts';
import { navigate } from '../router.ts';
import { allows, becomeIdentity, identity, session } from '../session.ts';
import { setTheme, theme } from '../theme.ts';
import { Dialog } from './dialog.tsx';

interface Entry {
  readonly id: string;
  readonly text: string;
  readonly hint: string;
  /** Also found by these words, which are not shown: the other language, the address. */
  readonly also?: string;
  readonly run: () => void;
}

const shownMax = 12;

function pageEntries(places: readonly Place[]): Entry[] {
  return places.map(({ words, href, letter, leaves }) => ({
    id: href,
    text: t(words),
    hint: letter ? `G ${letter.toUpperCase()}` : '',
    also: href,
    run: () => (leaves ? window.location.assign(href) : navigate(href)),
  }));
}

/** Lists that can be searched for what was typed. */
function searchEntries(typed: string): Entry[] {
  if (typed === '') return [];
  const q = encodeURIComponent(typed);
  return [
    ...(allows('readSeals')
      ? [{ id: 'accounts', text: t('find.accounts', { typed }), href: `/seals?q=${q}` }]
      : []),
    ...(allows('readCertificates')
      ? [{ id: 'certs', text: t('find.certificates', { typed }), href: `/certificates?q=${q}` }]
      : []),
  ].map(({ href, ...entry }) => ({ ...entry, hint: t('find.search'), run: () => navigate(href) }));
}

function peopleEntries(): Entry[] {
  const state = session.value;
  if (state.kind !== 'ready') return [];
  return state.identities
    .filter(({ id }) => id !== identity.value?.id)
    .map((person) => ({
      id: person.id,
      text: t('find.become', { name: inLanguage(person.name) }),
      hint: t(`role.${person.role}`),
      also: `${person.name.zh} ${person.name.en} ${person.role}`,
      run: () => becomeIdentity(person),
    }));
}

function settingEntries(): Entry[] {
  const dark = theme.value === 'dark';
  return [
    {
      id: 'theme',
      text: t(dark ? 'theme.to-light' : 'theme.to-dark'),
      hint: t('find.setting'),
      run: () => setTheme(dark ? 'light' : 'dark'),
    },
    {
      id: 'language',
      text: language.value === 'zh' ? 'English' : '中文',
      hint: t('find.setting'),
      also: t('language.title'),
      run: () => void setLanguage(language.value === 'zh' ? 'en' : 'zh').catch(() => undefined),
    },
  ];
}

function found(typed: string): Entry[] {
  const wanted = typed.trim().toLowerCase();
  const fits = ({ text, also = '' }: Entry) => `${text} ${also}`.toLowerCase().includes(wanted);
  return [
    ...[
      ...pageEntries(placesFor()),
      ...(wanted === '' ? [] : pageEntries(innerPlacesFor())),
      ...settingEntries(),
      ...(wanted === '' ? [] : peopleEntries()),
    ].filter(fits),
    ...searchEntries(typed.trim()),
  ].slice(0, wanted === '' ? undefined : shownMax);
}

/** Every page, every sample person and the searches, by typing a part of the name. */
export function GoTo(props: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title={t('find.title')} open={props.open} onClose={props.onClose}>
      <Chooser onClose={props.onClose} />
    </Dialog>
  );
}

function Chooser({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const entries = found(typed);
  const here = Math.min(at, entries.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const move = (by: number) => setAt((here + by + entries.length) % Math.max(1, entries.length));
  return (
    <div class="go-to">
      <input
        class="input"
        type="text"
        role="combobox"
        autofocus
        autocomplete="off"
        aria-label={t('find.title')}
        aria-expanded="true"
        aria-controls="go-to-list"
        aria-activedescendant={entries[here] && `go-to-${entries[here].id}`}
        placeholder={t('find.hint')}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === 'ArrowDown') move(1);
          else if (event.key === 'ArrowUp') move(-1);
          else if (event.key === 'Enter') choose(entries[here]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="go-to-list" role="listbox" aria-label={t('find.title')} ref={list}>
        {entries.map((entry, index) => (
          <div
            key={entry.id}
            id={`go-to-${entry.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === here}
            onMouseMove={() => setAt(index)}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(entry)}
            onKeyDown={(event) => event.key === 'Enter' && choose(entry)}
          >
            <span class="grow">{entry.text}</span>
            <span class="faint small">{entry.hint}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p class="small muted">{t('find.none')}</p>}
    </div>
  );
}
