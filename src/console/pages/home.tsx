import { useEffect } from 'preact/hooks';
import type { Seal, Verification } from '../../client/index.ts';
import type { Key } from '../i18n/index.ts';
import { inLanguage, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Glyph } from '../parts/glyph.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { VerificationsTable } from '../parts/verifications-table.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, becomeIdentity, client, identity, session } from '../session.ts';
import { remembered } from '../storage.ts';

const recentMax = 8;

interface Step {
  words: Key;
  done: boolean;
  href: string;
}

/** The steps tick by what the service holds, so they are true after a reload and for a colleague. */
function stepsOf(newest: Seal | undefined, recent: readonly Verification[]): Step[] {
  const passed = recent.find((item) => item.verdict === 'pass');
  const differs = recent.find((item) => item.verdict !== 'pass');
  const compared = remembered('compared');
  const verify = newest ? `/verify?seal=${newest.id}` : '/verify';
  return [
    { words: 'journey.enrol', done: newest !== undefined, href: '/seals/enrol' },
    { words: 'journey.genuine', done: passed !== undefined, href: verify },
    { words: 'journey.forged', done: differs !== undefined, href: verify },
    {
      words: 'journey.compare',
      done: differs !== undefined && compared === differs.id,
      href: differs ? `/verifications/${differs.id}` : verify,
    },
  ];
}

function Journey(props: { steps: readonly Step[] }) {
  const next = props.steps.find((step) => !step.done);
  const begun = props.steps.some((step) => step.done);
  const href = next?.href ?? '/verify';
  useKeys([{ key: '1', label: t('journey.title'), run: () => navigate(href) }]);
  return (
    <article class="journey">
      <div class="lead">
        <span class="n" aria-hidden="true">
          {t('journey.number')}
        </span>
        <h2>{t('journey.title')}</h2>
        <p class="what">{t('journey.what')}</p>
        {next === undefined && (
          <span class="stamp solid" role="img" aria-label={t('journey.done')} lang="zh-CN">
            验讫
          </span>
        )}
      </div>
      <ol>
        {props.steps.map((step) => (
          <li
            key={step.words}
            class={step.done ? 'done' : ''}
            aria-current={step === next ? 'step' : undefined}
          >
            <Glyph name={step.done ? 'ok' : 'todo'} />
            <a href={step.href}>{t(step.words)}</a>
            <span class="vh">{t(step.done ? 'state.done' : 'state.todo')}</span>
          </li>
        ))}
      </ol>
      <footer>
        <span class="small faint grow">{t('journey.time')}</span>
        <a class="btn primary" href={href}>
          {t(next === undefined ? 'journey.again' : begun ? 'journey.continue' : 'journey.start')}{' '}
          <kbd>1</kbd>
        </a>
      </footer>
    </article>
  );
}

/** For a role whose work is elsewhere: which role does the journey, and a way to become it. */
function OtherRole() {
  const state = session.value;
  const teller =
    state.kind === 'ready'
      ? (state.identities.find(
          (item) => item.role === 'teller' && item.institution.id === state.identity.institution.id,
        ) ?? state.identities.find((item) => item.role === 'teller'))
      : undefined;
  return (
    <article class="journey">
      <div class="lead">
        <h2>{t('journey.title')}</h2>
        <p class="what">{t('home.other-role')}</p>
      </div>
      <footer>
        <span class="grow" />
        {teller && (
          <button type="button" class="btn primary" onClick={() => becomeIdentity(teller)}>
            {t('home.become', { name: inLanguage(teller.name), role: t(`role.${teller.role}`) })}
          </button>
        )}
      </footer>
    </article>
  );
}

/** For a customer: what is done with one's own key. */
function OwnHome() {
  return (
    <article class="journey">
      <div class="lead">
        <h2>{t('home.own')}</h2>
        <p class="what">{t('home.own.what')}</p>
      </div>
      <footer>
        <span class="grow" />
        <a class="btn" href="/signed">
          {t('home.own.signed')}
        </a>
        <a class="btn" href="/keys">
          {t('home.own.keys')}
        </a>
        <a class="btn primary" href="/pay">
          {t('nav.pay')}
        </a>
      </footer>
    </article>
  );
}

function SealHome() {
  const id = identity.value?.id;
  const [resource, reload] = useResource(
    async (signal) => {
      const [seals, verifications] = await Promise.all([
        client.seals.list({ limit: 1 }, { signal }),
        client.verifications.list({ limit: 50 }, { signal }),
      ]);
      return { newest: seals.items[0], recent: verifications.items };
    },
    [id],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {({ newest, recent }) => (
        <>
          {allows('writeSeals') && <Journey steps={stepsOf(newest, recent)} />}
          <Panel
            title={t('home.recent')}
            flush
            aside={
              recent.length > 0 && (
                <a class="small" href="/verifications">
                  {t('home.all')}
                </a>
              )
            }
          >
            {recent.length === 0 ? (
              <Empty title={t('verifications.none')} hint={t('verifications.none.hint')} />
            ) : (
              <VerificationsTable items={recent.slice(0, recentMax)} />
            )}
          </Panel>
        </>
      )}
    </Loaded>
  );
}

export function HomePage() {
  const title = t('home.title');
  useEffect(() => {
    document.title = `${t('nav.home')} · Cinnabar`;
  });
  return (
    <>
      <header class="hero">
        <h1>{title}</h1>
        <p class="muted">{t('home.lead')}</p>
      </header>
      <div class="body">
        {allows('readSeals') ? <SealHome /> : allows('pay') ? <OwnHome /> : <OtherRole />}
      </div>
    </>
  );
}
