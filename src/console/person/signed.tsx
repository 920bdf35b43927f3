import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { ApiError, Page, Payment, UsageRecord } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { language } from '../i18n/index.ts';
import { LedgerRefusal } from '../ledger-check.ts';
import { formatMoney } from '../money.ts';
import { Status } from '../parts/chip.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, wordsOf } from '../parts/states.tsx';
import { asApiError } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { checkPayment, checkUse } from './proof.ts';
import { PersonTabs } from './tabs.tsx';
import { p } from './words.ts';

/** Everything that the person signed, each with a proof to be checked on the spot. */
export function SignedPage() {
  return (
    <>
      <PageHead title={p('signed.title')} facts={<PersonTabs />} />
      <div class="body">
        {allows('pay') && (
          <SignedList<Payment>
            title={p('signed.payments')}
            none={p('signed.payments.none')}
            load={async (cursor, signal) => {
              const page = await client.payments.list({ cursor }, { signal });
              return { ...page, items: page.items.filter(({ receipt }) => receipt) };
            }}
            row={(item) => ({
              id: item.id,
              at: item.receipt?.executedAt ?? item.createdAt,
              what: (
                <a href={`/pay/${item.id}`}>
                  {formatMoney(item.amountMinor, item.currency, language.value)} ·{' '}
                  <span lang="zh-CN">{item.payee.name}</span>
                </a>
              ),
              index: item.receipt?.ledgerIndex ?? undefined,
              check: () => checkPayment(item),
            })}
          />
        )}
        <SignedList<UsageRecord>
          title={p('signed.uses')}
          none={p('signed.uses.none')}
          load={(cursor, signal) => client.personalKeys.uses({ cursor }, { signal })}
          row={(record) => ({
            id: String(record.body.operationId),
            at: momentOf(record),
            what: (
              <span lang="zh-CN">
                {String(record.body.documentType)} · {String(record.body.reason)}
              </span>
            ),
            index: record.place?.index,
            check: () => checkUse(record),
          })}
        />
      </div>
    </>
  );
}

/** When the chip used the key, as its receipt says. */
function momentOf({ body }: UsageRecord): string {
  const { atMs } = body.receipt as { readonly atMs: number };
  return new Date(atMs).toISOString();
}

interface Row {
  readonly id: string;
  readonly at: string;
  readonly what: ComponentChildren;
  readonly index: number | undefined;
  readonly check: () => Promise<boolean>;
}

function SignedList<T>(props: {
  title: string;
  none: string;
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  row: (item: T) => Row;
}) {
  return (
    <Panel title={props.title} flush>
      <Paged
        load={props.load}
        inputs={[identity.value?.id]}
        empty={<Empty title={props.none} hint={p('signed.none.hint')} />}
      >
        {(items) => (
          <ul class="cards">
            {items.map(props.row).map(({ id, at, what, index, check }) => (
              <li key={id}>
                <div class="row">
                  <span class="grow">{what}</span>
                  {at && <time class="small muted">{formatMoment(at)}</time>}
                </div>
                <Proof index={index} check={check} />
              </li>
            ))}
          </ul>
        )}
      </Paged>
    </Panel>
  );
}

type Found = { kind: 'ok' } | { kind: 'wrong'; why: string };

/** Where it stands in the ledger, and a button that checks the whole proof in this browser. */
export function Proof({ index, check }: Pick<Row, 'index' | 'check'>) {
  const [found, setFound] = useState<Found | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  async function run() {
    setBusy(true);
    setFound(
      await check().then(
        (holds): Found => (holds ? { kind: 'ok' } : { kind: 'wrong', why: '' }),
        (cause: unknown): Found => ({ kind: 'wrong', why: whyOf(cause) }),
      ),
    );
    setBusy(false);
  }
  return (
    <div class="row">
      {index === undefined ? (
        <span class="small muted">{p('signed.not-anchored')}</span>
      ) : (
        <a class="small" href={`/ledger-entry/${index}`}>
          {p('signed.ledger', { index })}
        </a>
      )}
      <button type="button" class="btn" aria-busy={busy} onClick={() => void run()}>
        {p('signed.check')}
      </button>
      <span role="status">
        {found?.kind === 'ok' && <Status tone="ok">{p('signed.checked')}</Status>}
        {found?.kind === 'wrong' && (
          <Status tone="no">
            {p('signed.check.wrong')} {found.why}
          </Status>
        )}
      </span>
    </div>
  );
}

function whyOf(cause: unknown): string {
  if (cause instanceof LedgerRefusal) return cause.code;
  const error: ApiError = asApiError(cause);
  return wordsOf(error).why;
}
