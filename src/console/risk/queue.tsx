import { useEffect, useState } from 'preact/hooks';
import type { Payment } from '../../client/index.ts';
import { formatMoment, inFours } from '../format.ts';
import { gather } from '../gather.ts';
import { language, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { formatMoney } from '../money.ts';
import { Facts, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { OrderStatus } from '../pay/history.tsx';
import { q } from '../pay/words.ts';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

const followMs = 5_000;
/** Orders wait for half an hour, so more than these never do; the oldest come first. */
const queueMax = 1_000;
const pageMax = 100;
type Decision = 'allow' | 'terminate';

/** Orders that wait, oldest first: a key chooses, a second one does it. */
export function Queue() {
  const [resource, reload] = useResource(
    async (signal) => {
      const read = (cursor: string | undefined) => {
        const query = { state: 'challenged', limit: pageMax, cursor } as const;
        return client.assessedOrders.list(query, { signal });
      };
      return (await gather(read, queueMax)).items.toReversed();
    },
    [identity.value?.id],
  );
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && reload(), followMs);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <Panel title={q('risk.queue')} flush>
      <Loaded resource={resource} reload={reload}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={q('risk.queue.none')} hint={q('risk.queue.none.hint')} />
          ) : (
            <Waiting items={items} reload={reload} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Waiting({ items, reload }: { items: readonly Payment[]; reload: () => void }) {
  const [chosen, setChosen] = useState('');
  const [armed, setArmed] = useState<Decision | undefined>(undefined);
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === chosen),
  );
  const item = items[at];
  const decide = useWrite<{ id: string; decision: Decision }>(async (draft, keyFor) => {
    const write = { idempotencyKey: keyFor(draft.decision) };
    await client.assessedOrders.decide(draft.id, draft.decision, write);
    showToast({ text: q(`risk.done.${draft.decision}`) });
    setArmed(undefined);
    reload();
  });
  const move = (step: number) => {
    setArmed(undefined);
    setChosen(items[Math.min(items.length - 1, Math.max(0, at + step))]?.id ?? '');
  };
  const run = () => {
    if (item && armed) void decide.run({ id: item.id, decision: armed });
  };
  useKeys([
    { key: 'ArrowDown', label: q('risk.down'), run: () => move(1) },
    { key: 'ArrowUp', label: q('risk.up'), run: () => move(-1) },
    { key: 'F8', label: q('risk.allow'), run: () => setArmed('allow') },
    { key: 'F9', label: q('risk.terminate'), run: () => setArmed('terminate') },
    { key: 'Enter', label: q('risk.do'), run, when: () => armed !== undefined },
  ]);
  if (!item) return null;
  return (
    <div class="risk-queue">
      <OrdersTable items={items} chosen={item.id} onChoose={setChosen} />
      <section class="in">
        {decide.error && <Refusal what={{ said: q('risk.not-decided') }} error={decide.error} />}
        <ReasonsTable item={item} />
        <Evidence item={item} />
        <div class="foot">
          <button type="button" class="btn" onClick={() => setArmed('allow')}>
            {q('risk.allow')} <kbd>F8</kbd>
          </button>
          <button type="button" class="btn" onClick={() => setArmed('terminate')}>
            {q('risk.terminate')} <kbd>F9</kbd>
          </button>
        </div>
        {armed && (
          <div class="sure" role="alert">
            <p>{q(`risk.sure.${armed}`)}</p>
            <button type="button" class="btn quiet" onClick={() => setArmed(undefined)}>
              {t('action.cancel')}
            </button>
            <button type="button" class="btn primary" aria-busy={decide.busy} onClick={run}>
              {q('risk.do')} <kbd>↵</kbd>
            </button>
          </div>
        )}
      </section>
    </div>
  );
}

function OrdersTable(props: {
  items: readonly Payment[];
  chosen?: string;
  onChoose?: (id: string) => void;
}) {
  const { onChoose } = props;
  return (
    <table class="table list">
      <thead>
        <tr>
          <th>{q('risk.payee')}</th>
          <th class="num">{q('risk.amount')}</th>
          <th>{q('risk.payer')}</th>
          <th class="num">{q('risk.score')}</th>
          <th>{q('risk.placed')}</th>
          <th>{q('risk.state')}</th>
        </tr>
      </thead>
      <tbody>
        {props.items.map((item) => (
          <tr key={item.id} aria-selected={item.id === props.chosen}>
            <td>
              {onChoose ? (
                <button type="button" class="link" onClick={() => onChoose(item.id)}>
                  <span lang="zh-CN">{item.payee.name}</span>
                </button>
              ) : (
                <span lang="zh-CN">{item.payee.name}</span>
              )}{' '}
              <span class="mono small faint">{inFours(item.payee.account)}</span>
            </td>
            <td class="num" data-label={q('risk.amount')}>
              {formatMoney(item.amountMinor, item.currency, language.value)}
            </td>
            <td data-label={q('risk.payer')}>{item.payer}</td>
            <td class="num" data-label={q('risk.score')}>
              {item.assessment.score}
            </td>
            <td class="date" data-label={q('risk.placed')}>
              {formatMoment(item.createdAt)}
            </td>
            <td>
              <OrderStatus item={item} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Every rule that applied, with what was seen and the line that it crossed. */
function ReasonsTable({ item }: { item: Payment }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th>{q('risk.reasons')}</th>
          <th>{q('risk.seen.head')}</th>
          <th class="num">{q('policy.points')}</th>
        </tr>
      </thead>
      <tbody>
        {item.assessment.reasons.map(({ rule, effect, points, seen, threshold }) => (
          <tr key={rule}>
            <td>{q(`rule.${rule}`)}</td>
            <td>{seenWords(rule, seen, threshold, item.currency)}</td>
            <td class="num">
              {effect === 'terminate' ? q('risk.hard') : q('risk.points', { points })}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where the order came from and which paper it leans on. */
function Evidence({ item }: { item: Payment }) {
  const { place, movement, seal } = item.evidence;
  return (
    <Facts
      items={[
        [q('risk.place'), place === 'unknown' ? q('risk.place.unknown') : placeWords(place)],
        ...(movement
          ? [
              [
                q('risk.movement'),
                q('risk.movement.seen', {
                  km: movement.km,
                  minutes: Math.round(movement.sinceMs / 60_000),
                }),
              ] as const,
            ]
          : []),
        ...(seal
          ? [
              [
                q('risk.seal'),
                <a key="seal" href={`/verifications/${seal.verificationId}`}>
                  {q(`risk.seal.${seal.verdict}`)} · {formatMoment(seal.at)}
                </a>,
              ] as const,
            ]
          : []),
      ]}
    />
  );
}

type Place = Exclude<Payment['evidence']['place'], string>;

/** The country by its name in this language, and the place to a tenth of a degree. */
function placeWords({ country, latitudeTenths, longitudeTenths }: Place): string {
  const half = (tenths: number, [plus, minus]: readonly [string, string]) =>
    `${(Math.abs(tenths) / 10).toFixed(1)}° ${tenths < 0 ? minus : plus}`;
  return `${countryName(country)} · ${half(latitudeTenths, ['N', 'S'])}, ${half(longitudeTenths, ['E', 'W'])}`;
}

function countryName(code: string): string {
  try {
    return new Intl.DisplayNames([language.value], { type: 'region' }).of(code) ?? code;
  } catch {
    // Codes of networks, such as Tor's, are no regions.
    return code;
  }
}

type Rule = Payment['assessment']['reasons'][number]['rule'];

/** Rules that hold or do not: there is no number to show. */
const plainRules: readonly Rule[] = [
  'certificate_not_active',
  'payee_blocked',
  'seal_refused',
  'biometric_refused',
  'second_person_impossible',
  'payee_watched',
  'device_weak',
  'seal_in_review',
];

function seenWords(rule: Rule, seen: number, threshold: number, currency: string): string {
  if (plainRules.includes(rule)) return '–';
  const isMoney = rule === 'over_single_limit' || rule === 'over_daily_limit';
  const words = (value: number) =>
    isMoney ? formatMoney(value, currency, language.value) : String(value);
  return q('risk.seen', { seen: words(seen), threshold: words(threshold) });
}

/** All orders of the institution, newest first. */
export function PastOrders() {
  return (
    <Panel title={q('risk.past')} flush>
      <Paged
        load={(cursor, signal) => client.assessedOrders.list({ cursor }, { signal })}
        inputs={[identity.value?.id]}
        empty={<Empty title={q('risk.past.none')} hint={q('risk.queue.none.hint')} />}
      >
        {(items) => <OrdersTable items={items} />}
      </Paged>
    </Panel>
  );
}
