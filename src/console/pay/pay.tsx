import '../person/person.css';
import './pay.css';
import { useState } from 'preact/hooks';
import type { NewPayment, Payment } from '../../client/index.ts';
import { normaliseNumber } from '../../lib/number-text.ts';
import { inFours } from '../format.ts';
import { samplePayee } from '../i18n/sample-payee.ts';
import { inCapitals, parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { ConfirmWithKey } from '../person/confirm.tsx';
import { MakeKey } from '../person/make-key.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { client, identity, session } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { isInForce, mayPay, type PayingKey, payingKeys } from './devices.ts';
import { makeSessionKeys, payingClient } from './session.ts';
import { PayTabs } from './tabs.tsx';
import { q } from './words.ts';

const payeesShown = 50;

/** A new payment from this device, or how to make a paying device of it. */
export function PayPage() {
  const [resource, reload] = useResource(async () => {
    const [keys, past] = await Promise.all([
      payingKeys(),
      client.payments.list({ limit: payeesShown }),
    ]);
    return { keys, past: past.items };
  }, [identity.value?.id]);
  return (
    <div class="paying">
      <PageHead title={q('pay.title')} facts={<PayTabs />} />
      <div class="body">
        <Loaded resource={resource} reload={reload} lines={6}>
          {({ keys, past }) => {
            const ready = keys.filter(mayPay);
            if (ready.length > 0) return <PayForm keys={ready} past={past} />;
            return <Setup keys={keys} reload={reload} />;
          }}
        </Loaded>
      </div>
    </div>
  );
}

/** Key, certificate, registration: in this order, each with what is to be done next. */
function Setup({ keys, reload }: { keys: readonly PayingKey[]; reload: () => void }) {
  const key = keys.find(isInForce) ?? keys[0];
  const stage = !key ? 0 : !isInForce(key) ? 1 : 2;
  const steps = [q('pay.setup.key'), q('pay.setup.certificate'), q('pay.setup.device')];
  return (
    <>
      <Panel title={q('pay.setup')}>
        <p class="muted">{q('pay.setup.lead')}</p>
        <ol class="making">
          {steps.map((words, i) => (
            <li key={words} aria-current={i === stage ? 'step' : undefined}>
              <Glyph name={i < stage ? 'ok' : 'todo'} /> {words}
            </li>
          ))}
        </ol>
        {key && stage === 1 && (
          <>
            {key.papers.application && <p role="status">{q('pay.setup.waits')}</p>}
            <a class="btn primary" href={`/keys/${key.held.key.id}`}>
              {q('pay.setup.apply')}
            </a>
          </>
        )}
        {key && stage === 2 && <Register paying={key} reload={reload} />}
      </Panel>
      {stage === 0 && <MakeKey onMade={(id) => navigate(`/keys/${id}`)} />}
    </>
  );
}

/** The device becomes a terminal, and gets keys of its own for its sessions with the bank. */
function Register({ paying, reload }: { paying: PayingKey; reload: () => void }) {
  const { held, terminal } = paying;
  const { key, guard } = held;
  if (terminal?.state === 'revoked') return <p class="wrong">{q('pay.setup.revoked')}</p>;
  const device = {
    personalKeyId: key.id,
    ...(guard.kind === 'passkey' ? { passkeyId: guard.credentialId } : {}),
  };
  return (
    <>
      <p class="muted">{q(terminal ? 'pay.setup.reconnect' : 'pay.setup.connect')}</p>
      <ConfirmWithKey
        held={held}
        label={q('pay.setup.register')}
        refused={q('pay.not-registered')}
        run={async (open, keyId) => {
          await client.terminals.register(device);
          await makeSessionKeys(open, keyId);
          showToast({ text: q('pay.registered') });
          reload();
        }}
      />
    </>
  );
}

interface Draft {
  readonly terminalId: string;
  readonly account: string;
  readonly name: string;
  readonly bank: string;
  readonly amount: string;
  readonly purpose: string;
  /** Empty for an order without paper. */
  readonly seal: string;
}

function mistakes(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (!/^[0-9A-Z]{4,64}$/.test(normaliseNumber(draft.account))) {
    wrong.account = q('pay.account.wrong');
  }
  for (const name of ['name', 'bank', 'purpose'] as const) {
    if (draft[name].trim() === '') wrong[name] = q('pay.missing');
  }
  if (parseAmount(draft.amount, 'CNY') === undefined) wrong.amount = q('pay.amount.wrong');
  if (!/^(?:|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(draft.seal.trim())) {
    wrong.seal = q('pay.seal.wrong');
  }
  return wrong;
}

function paymentOf(draft: Draft): NewPayment {
  return {
    terminalId: draft.terminalId,
    payee: {
      account: normaliseNumber(draft.account),
      name: draft.name.trim(),
      bank: draft.bank.trim(),
    },
    amountMinor: parseAmount(draft.amount, 'CNY') ?? 0,
    currency: 'CNY',
    purpose: draft.purpose.trim(),
    ...(draft.seal.trim() === '' ? {} : { sealVerificationId: draft.seal.trim() }),
  };
}

function PayForm({ keys, past }: { keys: readonly PayingKey[]; past: readonly Payment[] }) {
  const [draft, setDraft] = useState<Draft>({
    terminalId: keys[0]?.held.key.id ?? '',
    account: '',
    name: '',
    bank: '',
    amount: '',
    purpose: '',
    seal: '',
  });
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const wrong = checked ? mistakes(draft) : {};
  const place = useWrite<Draft>(async (sent, keyFor) => {
    const { payments } = payingClient(sent.terminalId);
    const made = await payments.place(paymentOf(sent), { idempotencyKey: keyFor('place') });
    navigate(`/pay/${made.id}`);
  });
  const minor = parseAmount(draft.amount, 'CNY');
  return (
    <form
      class="pay-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (Object.keys(mistakes(draft)).length === 0) void place.run(draft);
      }}
    >
      {place.error && <Refusal what={{ said: q('pay.not-placed') }} error={place.error} />}
      <Payee draft={draft} past={past} wrong={wrong} change={change} />
      <TextField
        label={q('pay.amount')}
        numeric
        required
        value={draft.amount}
        onInput={(amount) => change({ amount })}
        hint={minor && <span lang="zh-CN">{inCapitals(minor)}</span>}
        wrong={wrong.amount}
      />
      <TextField
        label={q('pay.purpose')}
        required
        value={draft.purpose}
        onInput={(purpose) => change({ purpose })}
        wrong={wrong.purpose}
      />
      <TextField
        label={q('pay.seal')}
        mono
        value={draft.seal}
        onInput={(seal) => change({ seal })}
        hint={q('pay.seal.hint')}
        wrong={wrong.seal}
      />
      {keys.length > 1 && (
        <SelectField
          label={q('pay.device')}
          value={draft.terminalId}
          options={keys.map(({ held: { key } }) => ({ value: key.id, text: key.label }))}
          onChange={(terminalId) => change({ terminalId })}
        />
      )}
      <button type="submit" class="btn primary" aria-busy={place.busy}>
        {q('pay.next')}
      </button>
    </form>
  );
}

function Payee(props: {
  draft: Draft;
  past: readonly Payment[];
  wrong: Partial<Record<keyof Draft, string>>;
  change: (part: Partial<Draft>) => void;
}) {
  const { draft, past, wrong, change } = props;
  const paid = past.filter(({ state }) => state === 'executed').map(({ payee }) => payee);
  const known = [...new Map(paid.map((payee) => [payee.account, payee])).values()];
  const isDemo = session.value.kind === 'ready' && session.value.identities.length > 0;
  return (
    <>
      {known.length > 0 && (
        <SelectField
          label={q('pay.known')}
          value={known.some(({ account }) => account === draft.account) ? draft.account : ''}
          options={[
            { value: '', text: q('pay.known.new') },
            ...known.map(({ account, name }) => ({ value: account, text: name })),
          ]}
          onChange={(account) => {
            const chosen = known.find((payee) => payee.account === account);
            change(chosen ?? { account: '', name: '', bank: '' });
          }}
        />
      )}
      {isDemo && known.length === 0 && (
        <button type="button" class="btn quiet" onClick={() => change(samplePayee)}>
          {q('pay.sample')}
        </button>
      )}
      <TextField
        label={q('pay.account')}
        mono
        required
        value={inFours(draft.account)}
        onInput={(account) => change({ account: normaliseNumber(account) })}
        wrong={wrong.account}
      />
      <TextField
        label={q('pay.name')}
        required
        value={draft.name}
        onInput={(name) => change({ name })}
        wrong={wrong.name}
      />
      <TextField
        label={q('pay.bank')}
        required
        value={draft.bank}
        onInput={(bank) => change({ bank })}
        wrong={wrong.bank}
      />
    </>
  );
}
