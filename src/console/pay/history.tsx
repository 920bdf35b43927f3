import '../person/person.css';
import './pay.css';
import { useState } from 'preact/hooks';
import type { Payment } from '../../client/index.ts';
import { formatDate, formatMoment } from '../format.ts';
import { language } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { Status, type Tone } from '../parts/chip.tsx';
import { TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Refusal } from '../parts/states.tsx';
import { saveFile } from '../save-file.ts';
import { client, identity } from '../session.ts';
import { useWrite } from '../write.ts';
import { ToAgree } from './agreements.tsx';
import { PayTabs } from './tabs.tsx';
import { q } from './words.ts';

const tones: Record<Payment['state'], Tone> = {
  challenged: 'wait',
  assessed: 'wait',
  authorised: 'run',
  executed: 'ok',
  terminated: 'no',
};

export function OrderStatus({ item }: { item: Payment }) {
  return <Status tone={tones[item.state]}>{q(`order.state.${item.state}`)}</Status>;
}

/** All orders of the person, from whatever device, and the statement. */
export function HistoryPage() {
  // What stands below the list comes after it, or it would be pushed down under the finger.
  const [listed, setListed] = useState(false);
  return (
    <div class="paying">
      <PageHead title={q('pay.history')} facts={<PayTabs />} />
      <div class="body">
        <p class="muted">{q('pay.all-devices')}</p>
        <Panel title={q('pay.list')} flush>
          <Paged
            load={(cursor, signal) =>
              client.payments.list({ cursor }, { signal }).finally(() => setListed(true))
            }
            inputs={[identity.value?.id]}
            empty={<Empty title={q('pay.none')} hint={q('pay.none.hint')} />}
          >
            {(items) => (
              <ul class="cards">
                {items.map((item) => (
                  <li key={item.id}>
                    <div class="row">
                      <a class="grow" href={`/pay/${item.id}`} lang="zh-CN">
                        {item.payee.name}
                      </a>
                      <b class="num">
                        {formatMoney(item.amountMinor, item.currency, language.value)}
                      </b>
                    </div>
                    <div class="row small muted">
                      <span class="grow">{formatMoment(item.createdAt)}</span>
                      <OrderStatus item={item} />
                    </div>
                  </li>
                ))}
              </ul>
            )}
          </Paged>
        </Panel>
        {listed && (
          <>
            <ToAgree />
            <Statement />
          </>
        )}
      </div>
    </div>
  );
}

function Statement() {
  const today = formatDate(new Date());
  const [period, setPeriod] = useState({ from: `${today.slice(0, 8)}01`, to: today });
  const save = useWrite<typeof period>(async (wanted) => {
    const csv = await client.payments.statementCsv(wanted);
    saveFile(`payments-${wanted.from}-${wanted.to}.csv`, csv);
  });
  return (
    <Panel title={q('pay.statement')}>
      {save.error && <Refusal what={{ said: q('pay.not-exported') }} error={save.error} />}
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run(period);
        }}
      >
        <TextField
          label={q('pay.from')}
          type="date"
          value={period.from}
          onInput={(from) => setPeriod({ ...period, from })}
        />
        <TextField
          label={q('pay.until')}
          type="date"
          value={period.to}
          onInput={(to) => setPeriod({ ...period, to })}
        />
        <button type="submit" class="btn" aria-busy={save.busy}>
          {q('pay.statement.save')}
        </button>
      </form>
    </Panel>
  );
}
