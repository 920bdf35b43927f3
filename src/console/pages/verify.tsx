import { useState } from 'preact/hooks';
import type { Account, Imprint, Seal } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { namedSeal } from '../lookup.ts';
import { type Currency, parseAmount } from '../money.ts';
import { AccountPicker } from '../parts/account-picker.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { ImprintInput } from '../parts/imprint-input.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { FetchedPicture } from '../parts/picture.tsx';
import { SealMarkName } from '../parts/seal-name.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { emptyVoucher, VoucherFields } from '../parts/voucher-fields.tsx';
import { useResource } from '../resource.ts';
import { navigate, query, setParameter } from '../router.ts';
import { rememberPresented } from '../samples.ts';
import { client, identity } from '../session.ts';
import { useWrite } from '../write.ts';

interface Draft {
  sealId: string;
  currency: Currency;
  amountMinor: number;
  imprint: Imprint;
}

function SealChoice(props: { account: Account; chosen: string; onChoose: (seal: Seal) => void }) {
  const [seals, reload] = useResource(
    async (signal) => {
      const page = await client.seals.list({ accountId: props.account.id, limit: 50 }, { signal });
      const only = page.items[0];
      if (page.items.length === 1 && only) props.onChoose(only);
      return page.items;
    },
    [props.account.id],
  );
  return (
    <Loaded resource={seals} reload={reload} lines={2}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t('seal.none')}>
            <a class="btn" href={`/seals/enrol?account=${props.account.id}`}>
              {t('seal.enrol')}
            </a>
          </Empty>
        ) : (
          <fieldset class="tiles choice">
            <legend class="label">{t('verify.which-seal')}</legend>
            {items.map((seal) => (
              <label key={seal.id} class="tile">
                <input
                  type="radio"
                  name="seal"
                  value={seal.id}
                  checked={props.chosen === seal.id}
                  onChange={() => props.onChoose(seal)}
                />
                <FetchedPicture
                  load={(signal) => client.seals.picture(seal.id, undefined, { signal })}
                  inputs={[seal.id, seal.revision]}
                  alt=""
                />
                <b>
                  <SealMarkName seal={seal} />
                </b>
                <span class="mono small">{seal.serial}</span>
              </label>
            ))}
          </fieldset>
        )
      }
    </Loaded>
  );
}

/** Nothing is enrolled yet: the way on is to enrol, where samples wait. */
function FirstSeal() {
  return (
    <Empty title={t('seal.none')} hint={t('verify.none.hint')}>
      <a class="btn" href="/seals/enrol">
        {t('seal.enrol')}
      </a>
    </Empty>
  );
}

export function VerifyPage() {
  const [account, setAccount] = useState<Account | undefined>(undefined);
  const [voucher, setVoucher] = useState(emptyVoucher);
  const [imprint, setImprint] = useState<Imprint | undefined>(undefined);
  const [checked, setChecked] = useState(false);
  const sealId = query.value.get('seal') ?? '';

  // A seal in the address, for example from its own page, brings its account along.
  useResource(async () => {
    if (sealId !== '' && !account) setAccount((await namedSeal(sealId)).account);
  }, [sealId]);

  const [seals] = useResource(
    (signal) => client.seals.list({ limit: 1 }, { signal }),
    [identity.value?.id],
  );
  const isEmpty = seals.kind === 'ready' && seals.value.items.length === 0;

  const { currency } = voucher;
  const amountMinor = parseAmount(voucher.amount, currency);
  const write = useWrite<Draft>(async (draft, keyFor) => {
    const made = await client.verifications.create(draft, {
      idempotencyKey: keyFor('verification'),
    });
    rememberPresented(made.id, draft.imprint);
    navigate(`/verifications/${made.id}`);
  });

  function submit() {
    setChecked(true);
    if (sealId === '' || amountMinor === undefined || !imprint) return;
    void write.run({ sealId, currency, amountMinor, imprint });
  }
  useKeys([{ key: 'mod+Enter', label: t('verify.run'), run: submit }]);

  const submitButton = (
    <button type="submit" class="btn primary" aria-busy={write.busy}>
      {t(write.busy ? 'verify.running' : 'verify.run')} <kbd>Ctrl ↵</kbd>
    </button>
  );
  return (
    <>
      <PageHead title={t('verify.title')} facts={<span>{t('verify.lead')}</span>} />
      <FormFrame
        layout="columns"
        what="verify.not-verified"
        error={write.error}
        retry={submit}
        onSubmit={submit}
      >
        <div class="stack">
          <Panel title={t('seal.reserved')}>
            {isEmpty && <FirstSeal />}
            <AccountPicker
              value={account}
              onChange={(chosen) => {
                setAccount(chosen);
                setParameter('seal', undefined);
              }}
              wrong={checked && sealId === '' ? t('verify.seal.required') : undefined}
            />
            {account && (
              <SealChoice
                account={account}
                chosen={sealId}
                onChoose={(seal) => setParameter('seal', seal.id)}
              />
            )}
          </Panel>
          <VoucherFields value={voucher} onChange={setVoucher} checked={checked} />
          <div class="foot wide-only">{submitButton}</div>
        </div>
        <div class="stack">
          <Panel title={t('seal.query')}>
            <ImprintInput
              label={t('imprint.choose.query')}
              kind="query"
              value={imprint}
              onChange={setImprint}
              sealName={account?.name}
              reserved={
                sealId === ''
                  ? undefined
                  : (signal) => client.seals.picture(sealId, undefined, { signal })
              }
              reservedId={sealId}
              wrong={checked && !imprint ? t('imprint.required') : undefined}
            />
          </Panel>
          <div class="foot narrow-only">{submitButton}</div>
        </div>
      </FormFrame>
    </>
  );
}
