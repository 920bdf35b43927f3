import { useState } from 'preact/hooks';
import type { AccountDetail, Card, CardVerification, Imprint, Seal } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { parseAmount } from '../money.ts';
import { VerdictStatus } from '../parts/chip.tsx';
import { Combinations, sealLabel } from '../parts/combinations.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { ImprintInput } from '../parts/imprint-input.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { emptyVoucher, VoucherFields } from '../parts/voucher-fields.tsx';
import { useResource } from '../resource.ts';
import { rememberPresented } from '../samples.ts';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';

type Imprints = ReadonlyMap<string, Imprint>;

/** The largest combination, to begin with; else the only seal there is. */
function suggested({ combinations }: Card, seals: readonly Seal[]): readonly string[] {
  const [largest] = [...combinations].sort((a, b) => b.length - a.length);
  if (largest) return largest;
  return seals.length === 1 ? seals.map(({ id }) => id) : [];
}

function SealBoxes(props: {
  seals: readonly Seal[];
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
  wrong: string | undefined;
}) {
  const { seals, chosen, onChange } = props;
  return (
    <fieldset class="stack">
      <legend class="label">{t('combination.which')}</legend>
      {seals.map(({ id, ...seal }) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={() =>
              onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])
            }
          />
          {sealLabel({ id, ...seal })}
        </label>
      ))}
      {props.wrong && (
        <p class="hint wrong" role="alert">
          {props.wrong}
        </p>
      )}
    </fieldset>
  );
}

function Outcome({ found, seals }: { found: CardVerification; seals: readonly Seal[] }) {
  return (
    <Panel title={t('combination.outcome')} aside={<VerdictStatus verdict={found.verdict} />} flush>
      <table class="table list">
        <tbody>
          {found.verifications.map(({ id, sealId, verdict }) => {
            const seal = seals.find((one) => one.id === sealId);
            return (
              <tr key={id}>
                <td class="wide">
                  <a href={`/verifications/${id}`}>{seal ? sealLabel(seal) : sealId}</a>
                </td>
                <td>
                  <VerdictStatus verdict={verdict} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}

function Paper({ account, card }: { account: AccountDetail; card: Card }) {
  const seals = account.seals.filter(({ cardId }) => cardId === card.id);
  const [chosen, setChosen] = useState(() => suggested(card, seals));
  const [imprints, setImprints] = useState<Imprints>(new Map());
  const [voucher, setVoucher] = useState(emptyVoucher);
  const [checked, setChecked] = useState(false);
  const [found, setFound] = useState<CardVerification | undefined>(undefined);
  const { currency } = voucher;
  const amountMinor = parseAmount(voucher.amount, currency);
  const write = useWrite(
    async (paper: Parameters<typeof client.verifications.createForCard>[1], keyFor) => {
      const options = { idempotencyKey: keyFor('paper') };
      const outcome = await client.verifications.createForCard(card.id, paper, options);
      outcome.verifications.forEach(({ id, sealId }) => {
        const given = paper.imprints.find((one) => one.sealId === sealId);
        if (given) rememberPresented(id, given.imprint);
      });
      setFound(outcome);
    },
  );
  function submit() {
    setChecked(true);
    const given = chosen.flatMap((sealId) => {
      const imprint = imprints.get(sealId);
      return imprint ? [{ sealId, imprint }] : [];
    });
    if (amountMinor === undefined || given.length === 0 || given.length < chosen.length) return;
    void write.run({ currency, amountMinor, imprints: given });
  }
  useKeys([{ key: 'mod+Enter', label: t('verify.run'), run: submit }]);
  return (
    <FormFrame
      layout="columns"
      what="verify.not-verified"
      error={write.error}
      retry={submit}
      onSubmit={submit}
    >
      <div class="stack">
        {found && <Outcome found={found} seals={seals} />}
        <Panel title={t('combination.title')}>
          <Combinations card={card} seals={seals} />
          <SealBoxes
            seals={seals}
            chosen={chosen}
            onChange={setChosen}
            wrong={checked && chosen.length === 0 ? t('combination.choose') : undefined}
          />
        </Panel>
        <VoucherFields value={voucher} onChange={setVoucher} checked={checked} />
        <div class="foot">
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t(write.busy ? 'verify.running' : 'verify.run')} <kbd>Ctrl ↵</kbd>
          </button>
        </div>
      </div>
      <div class="stack">
        {seals
          .filter(({ id }) => chosen.includes(id))
          .map((seal) => (
            <Panel key={seal.id} title={sealLabel(seal)}>
              <ImprintInput
                label={t('imprint.choose.query')}
                kind="query"
                sealName={account.name}
                value={imprints.get(seal.id)}
                onChange={(imprint) => {
                  const next = new Map(imprints);
                  if (imprint) next.set(seal.id, imprint);
                  else next.delete(seal.id);
                  setImprints(next);
                }}
                reserved={(signal) => client.seals.picture(seal.id, undefined, { signal })}
                reservedId={seal.id}
                wrong={checked && !imprints.has(seal.id) ? t('imprint.required') : undefined}
              />
            </Panel>
          ))}
      </div>
    </FormFrame>
  );
}

/** Verifies a paper that several seals of one card answer for together (B4, B6). */
export function VerifyCardPage({ accountId, cardId }: { accountId: string; cardId: string }) {
  const [resource, reload] = useResource(
    (signal) => client.accounts.get(accountId, { signal }),
    [accountId],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(account) => {
        const card = account.cards.find(({ id }) => id === cardId);
        return (
          <>
            <PageHead
              title={t('combination.verify')}
              crumbs={[
                { text: t('nav.seals'), href: '/seals' },
                { text: account.name, href: `/seals/accounts/${account.id}` },
              ]}
              facts={<span>{t('combination.lead')}</span>}
            />
            {card ? <Paper account={account} card={card} /> : <Empty title={t('card.none')} />}
          </>
        );
      }}
    </Loaded>
  );
}
