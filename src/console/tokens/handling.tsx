import type { BehaviourKeyData, BusinessAnswer } from '../../client/index.ts';
import { language } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { Status } from '../parts/chip.tsx';
import { k, named } from './words.ts';

type Bill = NonNullable<BusinessAnswer['result']['bill']>;

const amountOf = ({ currency, minor }: Pick<Bill, 'currency' | 'minor'>) =>
  formatMoney(minor, currency, language.value);
const percent = (share: unknown) => `${Math.round(Number(share) * 100)} %`;
const pathText = (actions: readonly string[]) =>
  actions.map((action) => named('action', action)).join(' → ');

/** What the business system answered, with what it made ready because it is likely next. */
export function Answer(props: { answer: BusinessAnswer; onPay: (bill: string) => void }) {
  const { bills, bill, payer, contact, limit, ready } = props.answer.result;
  const listed = bills ?? (bill ? [bill] : []);
  return (
    <section aria-label={k('behaviour.answer')} class="system-form">
      {contact && <p>{k('bill.contact', { contact })}</p>}
      {limit && (
        <p>
          {k('bill.limit', {
            amount: amountOf({ currency: limit.currency, minor: Number(limit.singleMinor) }),
          })}
        </p>
      )}
      {payer && <p>{k('bill.payer', payer)}</p>}
      {listed.length > 0 && (
        <table class="table">
          <thead>
            <tr>
              <th>{k('bill.payee')}</th>
              <th class="num">{k('bill.amount')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {listed.map((one) => (
              <tr key={one.id} data-bill={one.id}>
                <td lang="zh-CN">{one.payee}</td>
                <td class="num">{amountOf(one)}</td>
                <td>
                  {one.state === 'paid' ? (
                    <Status tone="ok">{k('bill.paid')}</Status>
                  ) : (
                    <button type="button" class="btn quiet" onClick={() => props.onPay(one.id)}>
                      {k('action.bill.pay')}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {ready && (
        <p>
          {k('bill.ready', { payee: ready.payee, amount: amountOf(ready) })}{' '}
          <button type="button" class="btn" onClick={() => props.onPay(ready.id)}>
            {k('action.bill.pay')}
          </button>
        </p>
      )}
    </section>
  );
}

/** The key data in sentences. */
export function Hints({ data }: { data: BehaviourKeyData }) {
  const lines = [
    ...data.handling.map(handlingText),
    ...data.limits.map(({ action, currency, medianMinor, typicalMaxMinor }) =>
      k('hint.limit', {
        action: named('action', action),
        median: amountOf({ currency, minor: medianMinor }),
        most: amountOf({ currency, minor: typicalMaxMinor }),
      }),
    ),
    ...(data.usualPath
      ? [
          k('hint.path', {
            path: pathText(data.usualPath.actions),
            visits: data.usualPath.visits,
            seconds: Math.round(data.usualPath.medianDurationMs / 1_000),
          }),
        ]
      : []),
  ];
  if (lines.length === 0) return <p class="muted">{k('hints.none')}</p>;
  return (
    <ul class="hints">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function handlingText(hint: BehaviourKeyData['handling'][number]): string {
  const { code, action, actions, share, probability, failed, of } = hint as Record<string, unknown>;
  const name = named('action', String(action));
  if (code === 'offer_next')
    return k('hint.offer_next', { action: name, share: percent(probability) });
  if (code === 'assist') {
    return k('hint.assist', { action: name, failed: Number(failed), of: Number(of) });
  }
  return k('hint.offer_path', { path: pathText(actions as string[]), share: percent(share) });
}
