import { inLanguage, type Language, language, setLanguage, t } from '../i18n/index.ts';
import { SealMark } from '../parts/glyph.tsx';
import { identity } from '../session.ts';
import { setTheme, theme } from '../theme.ts';
import { showToast } from '../toast.ts';

async function readIn(next: Language): Promise<void> {
  try {
    await setLanguage(next);
  } catch {
    showToast({ text: t('error.not-loaded') });
  }
}

/** Where one is, find, theme, language, and who one is. */
export function TopBar(props: { onPeople: () => void; onFind: () => void }) {
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
