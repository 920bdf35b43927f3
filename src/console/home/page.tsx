import { useEffect } from 'preact/hooks';
import type { DemoIdentity, Role } from '../../client/index.ts';
import { inLanguage, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Glyph } from '../parts/glyph.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { VerificationsTable } from '../parts/verifications-table.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, becomeIdentity, client, identity, openClient, session } from '../session.ts';
import { showToast } from '../toast.ts';
import { type Journey, journeys, type Step } from './journeys.ts';
import { setTick, type Tick, ticks, ticksOf } from './ticks.ts';
import { Waiting } from './waiting.tsx';

const recentMax = 8;

/** Asks the service which steps are done, as far as this person may ask. */
async function probe(role: Role, signal: AbortSignal): Promise<void> {
  ticksOf((await openClient.ledger.trust({ signal })).log);
  const answers = await Promise.all(
    journeys.filter(({ readers }) => readers.includes(role)).map((one) => one.probe(signal)),
  );
  for (const [tick, done] of answers.flatMap((answer) => Object.entries(answer))) {
    setTick(tick as Tick, done);
  }
}

/** The sample person to do a step as; nobody when the present one may, or when there are none. */
function otherPerson({ roles }: Step): DemoIdentity | undefined {
  const state = session.value;
  if (state.kind !== 'ready' || roles.includes(state.identity.role)) return undefined;
  const mates = state.identities.filter(
    ({ institution }) => institution.id === state.identity.institution.id,
  );
  return (
    mates.find(({ role }) => role === roles[0]) ??
    state.identities.find(({ role }) => role === roles[0])
  );
}

function take(step: Step): void {
  const before = identity.value;
  const next = otherPerson(step);
  if (next) {
    becomeIdentity(next);
    showToast({
      text: t('people.changed', { name: inLanguage(next.name) }),
      ...(before ? { undo: () => becomeIdentity(before) } : {}),
    });
  }
  navigate(step.href);
}

/** Who is to do the step, in words. */
function personOf(step: Step): string {
  const who = otherPerson(step) ?? identity.value;
  if (who && step.roles.includes(who.role)) {
    return t('home.person', { name: inLanguage(who.name), role: t(`role.${who.role}`) });
  }
  return t(`role.${step.roles[0]}`);
}

function Card({ journey, at }: { journey: Journey; at: number }) {
  const { steps } = journey;
  const done = steps.filter(({ tick }) => ticks.value.has(tick)).length;
  const next = steps.find(({ tick }) => !ticks.value.has(tick));
  const [first] = steps;
  const step = next ?? first;
  const number = String(at + 1);
  const begin = () => step && take(step);
  useKeys([{ key: number, label: t(journey.title), run: begin }]);
  const word = next === undefined ? 'again' : done > 0 ? 'continue' : 'start';
  return (
    <article class={done > 0 && next ? 'now' : ''}>
      <span class="n" aria-hidden="true">
        {t('home.numbers').split(' ')[at]}
      </span>
      {next === undefined && (
        <span class="stamp solid" role="img" aria-label={t('home.done')} lang="zh-CN">
          验讫
        </span>
      )}
      <h2>{t(journey.title)}</h2>
      <p class="what">{t(journey.what)}</p>
      <ol>
        {steps.map((item) => {
          const ticked = ticks.value.has(item.tick);
          return (
            <li
              key={item.tick}
              class={ticked ? 'done' : ''}
              aria-current={item === next ? 'step' : undefined}
            >
              <Glyph name={ticked ? 'ok' : 'todo'} />
              <a
                href={item.href}
                onClick={(event) => {
                  event.preventDefault();
                  take(item);
                }}
              >
                {t(item.words)}
              </a>
              <span class="vh">{t(ticked ? 'state.done' : 'state.todo')}</span>
            </li>
          );
        })}
      </ol>
      <footer>
        <span class="small faint grow">{step && personOf(step)}</span>
        <button type="button" class={`btn ${word === 'continue' ? 'primary' : ''}`} onClick={begin}>
          {t(`home.${word}`)}
          <span class="vh"> {t(journey.title)}</span> <kbd>{number}</kbd>
        </button>
      </footer>
    </article>
  );
}

/** Five journeys; each ticks itself, so that it is true after a reload and for a colleague. */
function Folio() {
  return (
    <section class="folio" aria-label={t('home.journeys')}>
      {journeys.map((journey, at) => (
        <Card key={journey.title} journey={journey} at={at} />
      ))}
    </section>
  );
}

function Recent() {
  const [resource, reload] = useResource(
    (signal) => client.verifications.list({ limit: recentMax }, { signal }),
    [identity.value?.id],
  );
  return (
    <Panel
      title={t('home.recent')}
      flush
      aside={
        <a class="small" href="/verifications">
          {t('home.all')}
        </a>
      }
    >
      <Loaded resource={resource} reload={reload} lines={4}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('verifications.none')} hint={t('verifications.none.hint')} />
          ) : (
            <VerificationsTable items={items} />
          )
        }
      </Loaded>
    </Panel>
  );
}

/** For a customer: what is done with one's own key. */
function OwnKey() {
  return (
    <Panel title={t('home.own')}>
      <p class="muted">{t('home.own.what')}</p>
      <div class="foot">
        <a class="btn" href="/signed">
          {t('home.own.signed')}
        </a>
        <a class="btn" href="/keys">
          {t('home.own.keys')}
        </a>
        <a class="btn" href="/pay">
          {t('nav.pay')}
        </a>
      </div>
    </Panel>
  );
}

export function HomePage() {
  const role = identity.value?.role;
  useEffect(() => {
    document.title = `${t('nav.home')} · Cinnabar`;
  });
  useEffect(() => {
    if (role === undefined) return;
    const controller = new AbortController();
    // What cannot be asked now stays as it was last seen; the state of the service says why.
    probe(role, controller.signal).catch(() => undefined);
    return () => controller.abort();
  }, [role, identity.value?.id]);
  const done = journeys.filter(({ steps }) => steps.every(({ tick }) => ticks.value.has(tick)));
  return (
    <>
      <header class="hero">
        <div class="grow">
          <h1>{t('home.title')}</h1>
          <p class="muted">{t('home.lead')}</p>
        </div>
        <span class="muted small num">
          {t('home.progress', { done: done.length, all: journeys.length })}
        </span>
      </header>
      <div class="body">
        {role === 'customer' && <OwnKey />}
        <Folio />
        <Waiting />
        {allows('readSeals') && <Recent />}
      </div>
    </>
  );
}
