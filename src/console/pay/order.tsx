import '../person/person.css';
import './pay.css';
import { useEffect } from 'preact/hooks';
import type { ApiError, Payment } from '../../client/index.ts';
import { confirmPayment, readOrder, type ShownOrder } from '../../client/payment.ts';
import { decimalText } from '../../lib/amount-text.ts';
import { formatMoment, formatTime, inFours, shortHash } from '../format.ts';
import { language } from '../i18n/index.ts';
import { formatAmount, formatMoney, inCapitals } from '../money.ts';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { ConfirmWithKey, WhatIsSigned } from '../person/confirm.tsx';
import { type KeyHere, keysHere } from '../person/keys-here.ts';
import { checkPayment } from '../person/proof.ts';
import { Proof } from '../person/signed.tsx';
import type { OpenTerminal } from '../person/terminal.ts';
import { asApiError, useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { Agreements, lacksAgreement } from './agreements.tsx';
import { Look } from './look.tsx';
import { Reasons } from './reasons.tsx';
import { hasSessionKeys, payingClient } from './session.ts';
import { PayTabs } from './tabs.tsx';
import { keepTimes, timesOf } from './times.ts';
import { q } from './words.ts';

const followMs = 4_000;

/** One order of the person, in whatever state it is. */
export function OrderPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    async (signal) => {
      const payment = await client.payments.get(id, { signal });
      const isOpen = payment.state === 'assessed' || payment.state === 'authorised';
      const mayLook =
        payment.state === 'challenged' && payment.biometric !== undefined
          ? await hasSessionKeys(payment.terminalId)
          : false;
      const keys = isOpen ? await keysHere() : [];
      const held = keys.find(({ key }) => key.id === payment.terminalId);
      const label = isOpen && !held ? await deviceLabel(payment.terminalId) : '';
      return { payment, held, label, mayLook };
    },
    [id, identity.value?.id],
  );
  const isWaiting =
    resource.kind === 'ready' &&
    (resource.value.payment.state === 'challenged' || lacksAgreement(resource.value.payment));
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => !document.hidden && reload(), followMs);
    return () => clearInterval(timer);
  }, [isWaiting, reload]);
  return (
    <div class="paying">
      <PageHead title={q('pay.title')} facts={<PayTabs />} />
      <div class="body">
        <Loaded resource={resource} reload={reload} lines={6}>
          {(value) => <Order {...value} reload={reload} />}
        </Loaded>
      </div>
    </div>
  );
}

async function deviceLabel(id: string): Promise<string> {
  const key = await client.personalKeys.get(id);
  return key.label;
}

interface OrderProps {
  readonly payment: Payment;
  readonly held: KeyHere | undefined;
  /** Of the device that must confirm, when it is another one. */
  readonly label: string;
  /** Whether the payer can show their face for it from here. */
  readonly mayLook: boolean;
  readonly reload: () => void;
}

function Order(props: OrderProps) {
  switch (props.payment.state) {
    case 'challenged':
      return <Waiting {...props} />;
    case 'assessed':
    case 'authorised':
      return <Confirm {...props} />;
    case 'executed':
      return <Receipt payment={props.payment} />;
    case 'terminated':
      return <Stopped payment={props.payment} />;
  }
}

function Amount({ order }: { order: Pick<ShownOrder, 'amountMinor' | 'currency' | 'payee'> }) {
  const { amountMinor, currency, payee } = order;
  return (
    <section class="amount">
      <p>
        {q('pay.to')} <span lang="zh-CN">{payee.name}</span>
      </p>
      <p class="figure">
        <small>{currency === 'CNY' ? '¥' : currency}</small>
        {formatAmount(amountMinor, currency)}
      </p>
      {currency === 'CNY' && (
        <p class="capitals" lang="zh-CN">
          {q('pay.capitals', { words: inCapitals(amountMinor) })}
        </p>
      )}
    </section>
  );
}

function Terms({ order }: { order: ShownOrder }) {
  const { payee, purpose, certificate } = order;
  return (
    <Facts
      items={[
        [
          q('pay.account'),
          <span key="a" class="mono">
            {inFours(payee.account)}
          </span>,
        ],
        [
          q('pay.bank'),
          <span key="b" lang="zh-CN">
            {payee.bank}
          </span>,
        ],
        [
          q('pay.purpose'),
          <span key="c" lang="zh-CN">
            {purpose}
          </span>,
        ],
        [
          q('pay.certificate'),
          <span key="d" class="mono">
            {shortHash(certificate)}
          </span>,
        ],
        [
          q('pay.order'),
          <span key="e" class="mono wrap">
            {order.order}
          </span>,
        ],
      ]}
    />
  );
}

/** What the text says that will be signed, or why it is not shown. */
function shownOf(payment: Payment): ShownOrder | ApiError {
  try {
    return readOrder(payment);
  } catch (cause) {
    return asApiError(cause);
  }
}

function Confirm({ payment, held, label, reload }: OrderProps) {
  const shown = shownOf(payment);
  if (shown instanceof Error) {
    return (
      <>
        <Refusal what={{ said: q('pay.not-placed') }} error={shown} />
        <Stop payment={payment} reload={reload} />
      </>
    );
  }
  return (
    <>
      <Amount order={shown} />
      <p lang={language.value === 'zh' ? 'zh-CN' : 'en'}>{shown.words[language.value]}</p>
      <Terms order={shown} />
      <WhatIsSigned text={payment.text} />
      <Agreements payment={payment} />
      {lacksAgreement(payment) ? null : held ? (
        <ConfirmWithKey
          held={held}
          label={q(held.guard.kind === 'pin' ? 'pay.confirm.pin' : 'pay.confirm.passkey')}
          ask={() => payingClient(payment.terminalId).payments.challenge(payment.id)}
          through={payingClient(payment.terminalId)}
          payment={{
            payeeName: shown.payee.name,
            currency: shown.currency,
            value: decimalText(shown.amountMinor, shown.currency),
            device: held.key.label,
          }}
          run={async (open) => {
            await pay(open, payment);
            reload();
          }}
        />
      ) : (
        <p role="status">{q('pay.not-here', { label })}</p>
      )}
      <Stop payment={payment} reload={reload} />
      {payment.endsAt && (
        <p class="small muted">{q('pay.ends', { at: formatTime(payment.endsAt) })}</p>
      )}
    </>
  );
}

/** From the press of the button to the receipt, with the time that each part took. */
async function pay({ terminal, gesture }: OpenTerminal, payment: Payment): Promise<void> {
  const marks = [performance.now()];
  await confirmPayment(terminal, payment, gesture, () => marks.push(performance.now()));
  keepTimes(payment.id, marks);
}

/** From any device; where it is the paying one, through its session. */
function Stop({ payment, reload }: Pick<OrderProps, 'payment' | 'reload'>) {
  const stop = useWrite<{ id: string }>(async ({ id }) => {
    const { terminalId } = payment;
    const through = (await hasSessionKeys(terminalId)) ? payingClient(terminalId) : client;
    await through.payments.stop(id);
    showToast({ text: q('pay.stopped') });
    reload();
  });
  return (
    <>
      {stop.error && <Refusal what={{ said: q('pay.not-stopped') }} error={stop.error} />}
      <button
        type="button"
        class="btn"
        aria-busy={stop.busy}
        onClick={() => void stop.run({ id: payment.id })}
      >
        {q('pay.stop')}
      </button>
    </>
  );
}

function Waiting({ payment, mayLook, reload }: OrderProps) {
  return (
    <>
      <div class="verdict wait" role="status">
        <Glyph name="wait" />
        <h2>{q('pay.waits')}</h2>
        <p>
          {q('pay.waits.why')} {q('pay.waits.next')}
        </p>
      </div>
      <Amount order={payment} />
      <Reasons payment={payment} />
      {mayLook && <Look payment={payment} reload={reload} />}
      <Stop payment={payment} reload={reload} />
    </>
  );
}

function Stopped({ payment }: { payment: Payment }) {
  const reason = payment.termination?.reason ?? 'stopped';
  return (
    <>
      <div class="verdict no" role="alert">
        <Glyph name="no" />
        <h2>{q('pay.terminated')}</h2>
        <p>
          {q('pay.no-money')} {q(`pay.termination.${reason}`)}
        </p>
      </div>
      <Amount order={payment} />
      {(reason === 'risk' || reason === 'officer') && <Reasons payment={payment} />}
      <a class="btn primary" href="/pay">
        {q('pay.again')}
      </a>
    </>
  );
}

function Receipt({ payment }: { payment: Payment }) {
  const { receipt } = payment;
  const times = timesOf(payment.id);
  if (!receipt) return null;
  return (
    <>
      <div class="row">
        <span class="stamp solid" role="img" aria-label={q('pay.done')} lang="zh-CN">
          付讫
        </span>
        <div class="grow">
          <b>{formatMoney(payment.amountMinor, payment.currency, language.value)}</b>
          <p lang="zh-CN">{payment.payee.name}</p>
        </div>
      </div>
      <Facts
        items={[
          [q('pay.receipt.at'), formatMoment(receipt.executedAt)],
          [
            q('pay.account'),
            <span key="a" class="mono">
              {inFours(payment.payee.account)}
            </span>,
          ],
          [
            q('pay.purpose'),
            <span key="c" lang="zh-CN">
              {payment.purpose}
            </span>,
          ],
          [
            q('pay.receipt.signed'),
            <span key="k" class="mono" title={receipt.publicKeyHex}>
              {shortHash(receipt.publicKeyHex)}
            </span>,
          ],
          [q('pay.receipt.chip'), String(receipt.chipReceipt.chip ?? '–')],
          [
            q('pay.receipt.record'),
            <span key="r" class="mono" title={receipt.recordSha256}>
              {shortHash(receipt.recordSha256)}
            </span>,
          ],
        ]}
      />
      <Proof index={receipt.ledgerIndex ?? undefined} check={() => checkPayment(payment)} />
      {times && <p class="small muted times">{q('pay.times', times)}</p>}
      <div class="foot">
        <button
          type="button"
          class="btn"
          onClick={() =>
            saveFile(`receipt-${payment.id}.json`, `${JSON.stringify(receipt, null, 2)}\n`)
          }
        >
          {q('pay.receipt.save')}
        </button>
        <a class="btn primary" href="/pay">
          {q('pay.again')}
        </a>
      </div>
    </>
  );
}
