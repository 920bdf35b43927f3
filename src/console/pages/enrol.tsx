import { useState } from 'preact/hooks';
import {
  type Account,
  type Card,
  type Imprint,
  isWaiting,
  type SealShape,
} from '../../client/index.ts';
import { normaliseNumber } from '../../lib/number-text.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import {
  type AccountDraft,
  AccountFields,
  checkAccount,
  cleanAccount,
} from '../parts/account-fields.tsx';
import { AccountPicker } from '../parts/account-picker.tsx';
import { type CardDraft, CardFields, checkCard } from '../parts/card-fields.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { ImprintInput } from '../parts/imprint-input.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { useResource } from '../resource.ts';
import { navigate, query } from '../router.ts';
import { loadSamples, type Sample } from '../samples.ts';
import { client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { isActive, nextYears } from './account.tsx';

const shapes: readonly SealShape[] = ['round', 'oval', 'rectangle', 'square'];

interface Draft {
  /** The account on file, or undefined when a new one is made from `newAccount`. */
  account: Account | undefined;
  makesAccount: boolean;
  newAccount: AccountDraft;
  /** The id of a card on file; empty when a new one is made from `newCard`. */
  cardId: string;
  newCard: CardDraft;
  serial: string;
  shape: SealShape;
  remark: string;
  imprint: Imprint | undefined;
}

function problemsOf(draft: Draft) {
  return {
    account: !draft.makesAccount && !draft.account ? t('seal.account.required') : undefined,
    newAccount: draft.makesAccount ? checkAccount(draft.newAccount) : {},
    newCard: draft.cardId === '' ? checkCard(draft.newCard) : {},
    serial: draft.serial.trim() === '' ? t('field.required') : undefined,
    imprint: draft.imprint ? undefined : t('imprint.required'),
  };
}

type Problems = ReturnType<typeof problemsOf>;

function isSound(problems: Problems): boolean {
  return (
    !problems.account &&
    !problems.serial &&
    !problems.imprint &&
    Object.keys(problems.newAccount).length === 0 &&
    Object.keys(problems.newCard).length === 0
  );
}

/** Twelve figures that are nobody's: for the fields that a sample fills in. */
function inventedFigures(count: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join('');
}

/** What a sample knows of its seal goes into the fields that are still empty. */
async function filledFrom(sample: Sample, draft: Draft): Promise<Draft> {
  const { seals } = await loadSamples();
  const seal = seals.find((item) => item.id === sample.seal);
  if (!seal) return draft;
  const known = await client.accounts.list({ q: seal.name, limit: 1 });
  const account = draft.account ?? known.items[0];
  const { newAccount, newCard } = draft;
  return {
    ...draft,
    account,
    makesAccount: account === undefined,
    newAccount: {
      number: newAccount.number || `62${inventedFigures(14)}`,
      name: newAccount.name || seal.name,
      contact: newAccount.contact || t('sample.contact'),
    },
    newCard: { ...newCard, number: newCard.number || `K${inventedFigures(6)}` },
    serial: draft.serial || `S${inventedFigures(8)}`,
    shape: seal.shape,
    remark: draft.remark || seal.remark,
  };
}

async function enrol(draft: Draft, keyFor: (step: string) => string) {
  if (!draft.imprint) throw new Error('enrol: called without an imprint');
  const account = draft.makesAccount
    ? await client.accounts.create(cleanAccount(draft.newAccount), {
        idempotencyKey: keyFor('account'),
      })
    : draft.account;
  if (!account) throw new Error('enrol: called without an account');
  const card: Pick<Card, 'id'> =
    draft.cardId !== ''
      ? { id: draft.cardId }
      : await client.cards.create(
          { ...draft.newCard, number: draft.newCard.number.trim(), accountId: account.id },
          { idempotencyKey: keyFor('card') },
        );
  const seal = await client.seals.enrol(
    {
      cardId: card.id,
      serial: normaliseNumber(draft.serial),
      shape: draft.shape,
      remark: draft.remark.trim(),
      imprint: draft.imprint,
    },
    { idempotencyKey: keyFor('seal') },
  );
  if (!isWaiting(seal)) return { address: `/seals/${seal.id}`, said: t('seal.enrolled') };
  return { address: `/seals/accounts/${account.id}`, said: t('seal.waits') };
}

function AccountChoice(props: {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problems: Problems;
}) {
  const { draft, change, problems } = props;
  return (
    <Panel
      title={t('seal.account')}
      aside={
        <fieldset class="seg" aria-label={t('seal.account')}>
          <button
            type="button"
            aria-pressed={!draft.makesAccount}
            onClick={() => change({ makesAccount: false })}
          >
            {t('account.existing')}
          </button>
          <button
            type="button"
            aria-pressed={draft.makesAccount}
            onClick={() => change({ makesAccount: true, cardId: '' })}
          >
            {t('account.new')}
          </button>
        </fieldset>
      }
    >
      {draft.makesAccount ? (
        <AccountFields
          value={draft.newAccount}
          onChange={(newAccount) => change({ newAccount })}
          problems={problems.newAccount}
        />
      ) : (
        <AccountPicker
          value={draft.account}
          onChange={(account) => change({ account, cardId: '' })}
          wrong={problems.account}
        />
      )}
    </Panel>
  );
}

function CardChoice(props: {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problems: Problems;
}) {
  const { draft, change, problems } = props;
  const accountId = draft.makesAccount ? undefined : draft.account?.id;
  const [cards] = useResource(
    async (signal) => {
      if (accountId === undefined) return [];
      const { cards } = await client.accounts.get(accountId, { signal });
      const active = cards.filter(isActive);
      const first = active[0];
      if (first && draft.cardId === '' && draft.newCard.number === '') change({ cardId: first.id });
      return active;
    },
    [accountId],
  );
  const active = cards.kind === 'ready' ? cards.value : [];
  return (
    <Panel title={t('card.title')}>
      {active.length > 0 && (
        <SelectField
          label={t('card.which')}
          value={draft.cardId}
          options={[
            ...active.map((card) => ({
              value: card.id,
              text: `${card.number} · ${t('card.until', { date: card.endDate })}`,
            })),
            { value: '', text: t('card.new') },
          ]}
          onChange={(cardId) => change({ cardId })}
        />
      )}
      {draft.cardId === '' && (
        <CardFields
          value={draft.newCard}
          onChange={(newCard) => change({ newCard })}
          problems={problems.newCard}
        />
      )}
    </Panel>
  );
}

const nothingWrong: Problems = {
  account: undefined,
  newAccount: {},
  newCard: {},
  serial: undefined,
  imprint: undefined,
};

export function EnrolPage() {
  const [draft, setDraft] = useState<Draft>(() => ({
    account: undefined,
    makesAccount: false,
    newAccount: { number: '', name: '', contact: '' },
    cardId: '',
    newCard: nextYears(3),
    serial: '',
    shape: 'round',
    remark: '',
    imprint: undefined,
  }));
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }));

  const presetId = query.value.get('account');
  useResource(
    async (signal) => {
      if (presetId) change({ account: await client.accounts.get(presetId, { signal }) });
    },
    [presetId],
  );

  const problems = checked ? problemsOf(draft) : nothingWrong;
  const write = useWrite<Draft>(async (wanted, keyFor) => {
    const { address, said } = await enrol(wanted, keyFor);
    showToast({ text: said });
    navigate(address);
  });
  function submit() {
    setChecked(true);
    if (isSound(problemsOf(draft))) void write.run(draft);
  }
  async function takeImprint(imprint: Imprint | undefined, sample?: Sample) {
    change({ imprint });
    if (!sample) return;
    try {
      const filled = await filledFrom(sample, draft);
      setDraft({ ...filled, imprint });
    } catch {
      // The fields stay for the person to fill in; the picture is taken all the same.
    }
  }
  useKeys([{ key: 'mod+Enter', label: t('seal.enrol'), run: submit }]);

  return (
    <>
      <PageHead
        title={t('enrol.title')}
        crumbs={[{ text: t('nav.seals'), href: '/seals' }]}
        facts={<span>{t('enrol.lead')}</span>}
      />
      <FormFrame
        layout="columns"
        what="seal.not-enrolled"
        error={write.error}
        retry={submit}
        onSubmit={submit}
      >
        <Panel title={t('seal.reserved')}>
          <ImprintInput
            label={t('imprint.choose.reserved')}
            kind="reserved"
            value={draft.imprint}
            onChange={(imprint, sample) => void takeImprint(imprint, sample)}
            wrong={problems.imprint}
          />
        </Panel>
        <div class="stack">
          <AccountChoice draft={draft} change={change} problems={problems} />
          <CardChoice draft={draft} change={change} problems={problems} />
          <Panel title={t('seal.title')}>
            <div class="fields">
              <TextField
                label={t('seal.serial')}
                value={draft.serial}
                wrong={problems.serial}
                onInput={(serial) => change({ serial })}
                required
                mono
              />
              <SelectField
                label={t('seal.shape')}
                value={draft.shape}
                options={shapes.map((shape) => ({ value: shape, text: t(`shape.${shape}`) }))}
                onChange={(shape) => change({ shape })}
              />
              <TextField
                label={t('seal.remark')}
                hint={t('seal.remark.hint')}
                value={draft.remark}
                onInput={(remark) => change({ remark })}
              />
            </div>
          </Panel>
          <FormFoot
            cancel="/seals"
            submit={t(write.busy ? 'seal.enrolling' : 'seal.enrol')}
            busy={write.busy}
            hasKey
          />
        </div>
      </FormFrame>
    </>
  );
}
