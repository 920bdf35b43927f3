import { useState } from 'preact/hooks';
import type { SealPolicy, SealPolicyChange, SealPolicyPreview } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { type Currency, currencies, parseAmount } from '../money.ts';
import { Status } from '../parts/chip.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { type Draft, draftOf, policyOf } from './draft.ts';

const counts = ['all', '1', '2', '3', '4'] as const;

function CountField(props: { label: string; value: string; onChange: (value: string) => void }) {
  const options = counts.map((value) => ({
    value: value as string,
    text: value === 'all' ? t('policy.all') : value,
  }));
  return <SelectField {...props} options={options} />;
}

const currencyOptions = Object.keys(currencies).map((code) => ({ value: code, text: code }));

function Rows<T extends { key: number }>(props: {
  title: string;
  none: string;
  rows: readonly T[];
  fresh: () => T;
  onChange: (rows: readonly T[]) => void;
  editable: boolean;
  children: (row: T, set: (change: Partial<T>) => void) => preact.ComponentChildren;
}) {
  const { rows, onChange } = props;
  return (
    <fieldset class="policy-rows" disabled={!props.editable}>
      <legend class="label">{props.title}</legend>
      {rows.length === 0 && <p class="small muted">{props.none}</p>}
      {rows.map((row) => (
        <div key={row.key} class="fields">
          {props.children(row, (change) =>
            onChange(rows.map((item) => (item.key === row.key ? { ...item, ...change } : item))),
          )}
          {props.editable && (
            <button
              type="button"
              class="btn quiet"
              onClick={() => onChange(rows.filter(({ key }) => key !== row.key))}
            >
              {t('policy.remove')}
            </button>
          )}
        </div>
      ))}
      {props.editable && (
        <button type="button" class="btn" onClick={() => onChange([...rows, props.fresh()])}>
          {t('policy.add')}
        </button>
      )}
    </fieldset>
  );
}

let lastKey = 0;
const freshKey = () => ++lastKey;

function Editor(props: { version: number; policy: SealPolicy; onProposed: () => void }) {
  const editable = allows('proposePolicies');
  const [draft, setDraft] = useState<Draft>(() => draftOf(props.policy, freshKey));
  const [reason, setReason] = useState('');
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));
  const policy = policyOf(draft);
  const write = useWrite<{ policy: SealPolicy; reason: string }>(async (made, keyFor) => {
    await client.policies.propose(
      { ...made, baseVersion: props.version },
      { idempotencyKey: keyFor('policy') },
    );
    showToast({ text: t('policy.proposed') });
    setReason('');
    props.onProposed();
  });
  const submit = () => {
    if (policy && reason.trim() !== '') void write.run({ policy, reason: reason.trim() });
  };
  return (
    <>
      <Panel title={t('policy.in-force', { n: props.version })}>
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          {write.error && <Refusal what="policy.not-proposed" error={write.error} retry={submit} />}
          <fieldset class="policy-rows" disabled={!editable}>
            <CountField
              label={t('policy.default')}
              value={draft.defaultCount}
              onChange={(defaultCount) => set({ defaultCount })}
            />
            <p class="hint">{t('policy.default.hint')}</p>
          </fieldset>
          <Rows
            title={t('policy.branches')}
            none={t('policy.branches.none')}
            rows={draft.branches}
            editable={editable}
            fresh={() => ({ key: freshKey(), branch: '', count: 'all' })}
            onChange={(branches) => set({ branches })}
          >
            {(row, change) => (
              <>
                <TextField
                  label={t('policy.branch')}
                  value={row.branch}
                  onInput={(branch) => change({ branch })}
                  mono
                />
                <CountField
                  label={t('policy.count')}
                  value={row.count}
                  onChange={(count) => change({ count })}
                />
              </>
            )}
          </Rows>
          <Rows
            title={t('policy.levels')}
            none={t('policy.levels.none')}
            rows={draft.levels}
            editable={editable}
            fresh={() => ({
              key: freshKey(),
              currency: 'CNY',
              from: '',
              count: 'all',
              second: false,
            })}
            onChange={(levels) => set({ levels })}
          >
            {(row, change) => (
              <>
                <SelectField
                  label={t('policy.currency')}
                  value={row.currency}
                  options={currencyOptions}
                  onChange={(currency) => change({ currency })}
                />
                <TextField
                  label={t('policy.from')}
                  value={row.from}
                  onInput={(from) => change({ from })}
                  numeric
                />
                <CountField
                  label={t('policy.count')}
                  value={row.count}
                  onChange={(count) => change({ count })}
                />
                <label class="check">
                  <input
                    type="checkbox"
                    checked={row.second}
                    onChange={(event) => change({ second: event.currentTarget.checked })}
                  />
                  {t('policy.second')}
                </label>
              </>
            )}
          </Rows>
          <label class="check">
            <input
              type="checkbox"
              disabled={!editable}
              checked={draft.approveChanges}
              onChange={(event) => set({ approveChanges: event.currentTarget.checked })}
            />
            {t('policy.approve-changes')}
          </label>
          {editable && (
            <div class="fields">
              <TextField label={t('policy.reason')} value={reason} onInput={setReason} required />
              <button
                type="submit"
                class="btn primary"
                aria-busy={write.busy}
                disabled={!policy || reason.trim() === ''}
              >
                {t('policy.propose')}
              </button>
            </div>
          )}
        </form>
      </Panel>
      <Preview draft={policy} />
    </>
  );
}

function Preview({ draft }: { draft: SealPolicy | undefined }) {
  const [branch, setBranch] = useState(identity.value?.branch.code ?? '');
  const [currency, setCurrency] = useState<Currency>('CNY');
  const [amount, setAmount] = useState('');
  const [answer, setAnswer] = useState<SealPolicyPreview | undefined>(undefined);
  const amountMinor = parseAmount(amount, currency);
  const write = useWrite<{ branch: string; currency: string; amountMinor: number }>(async (ask) => {
    setAnswer(await client.policies.preview(draft ? { ...ask, draft } : ask));
  });
  return (
    <Panel title={t('policy.preview')}>
      <form
        class="fields"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (amountMinor !== undefined) void write.run({ branch, currency, amountMinor });
        }}
      >
        <TextField label={t('policy.branch')} value={branch} onInput={setBranch} mono />
        <SelectField
          label={t('policy.currency')}
          value={currency}
          options={currencyOptions}
          // The options are the known currencies.
          onChange={(code) => setCurrency(code as Currency)}
        />
        <TextField label={t('verify.amount')} value={amount} onInput={setAmount} numeric />
        <button type="submit" class="btn" disabled={amountMinor === undefined}>
          {t('policy.preview.run')}
        </button>
      </form>
      {write.error && <Refusal what="error.not-loaded" error={write.error} />}
      {answer && (
        <p role="status">
          <b>{t('policy.preview.answer', { n: answer.vendorCount })}</b>{' '}
          {t(`policy.preview.by.${answer.source}`)}
          {answer.secondReviewer && ` ${t('rule.second')}`}
          {answer.tooFew && ` ${t('policy.preview.too-few')}`}
        </p>
      )}
    </Panel>
  );
}

const changeTone = { proposed: 'wait', approved: 'ok', rejected: 'no' } as const;

function Change(props: { change: SealPolicyChange; onDecided: () => void }) {
  const { change } = props;
  const write = useWrite<'approve' | 'reject'>(async (decision, keyFor) => {
    await client.policies.decide(
      change.id,
      { decision, reason: t('policy.checked') },
      { idempotencyKey: keyFor(decision) },
    );
    props.onDecided();
  });
  const isOwn = change.proposedBy === identity.value?.id;
  const mayDecide = change.state === 'proposed' && allows('approvePolicies');
  return (
    <tr>
      <td class="date">{formatMoment(change.proposedAt)}</td>
      <td class="wide">
        {t('policy.decided', { name: change.proposedBy, reason: change.reason })}
        {change.decidedBy && (
          <span class="small faint block">
            {t('policy.decided', { name: change.decidedBy, reason: change.decisionReason ?? '' })}
          </span>
        )}
        {write.error && <Refusal what="policy.not-decided" error={write.error} />}
      </td>
      <td>
        <Status tone={changeTone[change.state]}>{t(`policy.state.${change.state}`)}</Status>
      </td>
      <td>
        {mayDecide && isOwn && <span class="small faint">{t('policy.own')}</span>}
        {mayDecide && !isOwn && (
          <>
            <button type="button" class="btn" onClick={() => void write.run('approve')}>
              {t('policy.approve')}
            </button>{' '}
            <button type="button" class="btn quiet" onClick={() => void write.run('reject')}>
              {t('policy.reject')}
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

/** The policy in force, a draft of the next one, a preview of either, and the history (B5). */
export function PolicyEditor() {
  const [round, setRound] = useState(0);
  const again = () => setRound((now) => now + 1);
  const [resource, reload] = useResource((signal) => client.policies.current({ signal }), [round]);
  return (
    <>
      <PageHead title={t('policy.title')} facts={<span>{t('policy.lead')}</span>} />
      <div class="body">
        <Loaded resource={resource} reload={reload} lines={8}>
          {({ version, policy }) => (
            <Editor
              key={`${version} ${round}`}
              version={version}
              policy={policy}
              onProposed={again}
            />
          )}
        </Loaded>
        <Panel title={t('policy.changes')} flush>
          <Paged
            load={(cursor, signal) => client.policies.changes({ cursor }, { signal })}
            inputs={[round]}
            empty={<Empty title={t('policy.changes.none')} hint={t('policy.changes.none.hint')} />}
          >
            {(items) => (
              <table class="table list">
                <tbody>
                  {items.map((change) => (
                    <Change key={change.id} change={change} onDecided={again} />
                  ))}
                </tbody>
              </table>
            )}
          </Paged>
        </Panel>
      </div>
    </>
  );
}
