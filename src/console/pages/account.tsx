import { useState } from 'preact/hooks';
import type { AccountDetail, Card, Seal } from '../../client/index.ts';
import { formatDate, inFours } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { type CardDraft, CardFields, checkCard } from '../parts/card-fields.tsx';
import { Status } from '../parts/chip.tsx';
import { Combinations, CombinationsForm } from '../parts/combinations.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { FetchedPicture } from '../parts/picture.tsx';
import { SealMarkName } from '../parts/seal-name.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

export function isActive(card: Card): boolean {
  const today = formatDate(new Date());
  return card.startDate <= today && today <= card.endDate;
}

function CardState({ card }: { card: Card }) {
  if (isActive(card)) return <Status tone="ok">{t('card.active')}</Status>;
  const early = formatDate(new Date()) < card.startDate;
  return early ? (
    <Status tone="off" glyph="todo">
      {t('card.early')}
    </Status>
  ) : (
    <Status tone="wait">{t('card.expired')}</Status>
  );
}

export function nextYears(years: number): CardDraft {
  const now = new Date();
  const end = new Date(now);
  end.setFullYear(end.getFullYear() + years);
  return { number: '', startDate: formatDate(now), endDate: formatDate(end) };
}

function NewCard(props: { accountId: string; onDone: () => void }) {
  const [draft, setDraft] = useState<CardDraft>(() => nextYears(3));
  const [checked, setChecked] = useState(false);
  const write = useWrite<CardDraft>(async (card, keyFor) => {
    const made = await client.cards.create(
      { ...card, number: card.number.trim(), accountId: props.accountId },
      { idempotencyKey: keyFor('card') },
    );
    showToast({ text: t('card.made', { number: made.number }) });
    props.onDone();
  });
  function submit() {
    setChecked(true);
    if (Object.keys(checkCard(draft)).length === 0) void write.run(draft);
  }
  return (
    <form
      class="in"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {write.error && <Refusal what="card.not-made" error={write.error} retry={submit} />}
      <CardFields value={draft} onChange={setDraft} problems={checked ? checkCard(draft) : {}} />
      <div class="foot">
        <button type="button" class="btn quiet" onClick={props.onDone}>
          {t('action.cancel')}
        </button>
        <button type="submit" class="btn primary" aria-busy={write.busy}>
          {t('card.make')}
        </button>
      </div>
    </form>
  );
}

function Cards(props: { account: AccountDetail; reload: () => void }) {
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Card | undefined>(undefined);
  const { cards } = props.account;
  return (
    <Panel
      title={t('card.title')}
      flush
      aside={
        allows('writeSeals') &&
        !adding && (
          <button type="button" class="btn" onClick={() => setAdding(true)}>
            {t('card.new')}
          </button>
        )
      }
    >
      {adding && (
        <NewCard
          accountId={props.account.id}
          onDone={() => {
            setAdding(false);
            props.reload();
          }}
        />
      )}
      {changing && (
        <CombinationsForm
          key={changing.id}
          card={changing}
          seals={props.account.seals.filter((seal) => seal.cardId === changing.id)}
          onDone={() => {
            setChanging(undefined);
            props.reload();
          }}
        />
      )}
      {cards.length === 0 && !adding && <Empty title={t('card.none')} hint={t('card.none.hint')} />}
      {cards.length > 0 && (
        <table class="table list">
          <thead>
            <tr>
              <th class="wide">{t('card.number')}</th>
              <th>{t('card.start')}</th>
              <th>{t('card.end')}</th>
              <th>{t('field.state')}</th>
              <th>{t('combination.title')}</th>
            </tr>
          </thead>
          <tbody>
            {cards.map((card) => (
              <tr key={card.id}>
                <td class="mono">{card.number}</td>
                <td class="date" data-label={t('card.start')}>
                  {card.startDate}
                </td>
                <td class="date" data-label={t('card.end')}>
                  {card.endDate}
                </td>
                <td>
                  <CardState card={card} />
                </td>
                <td data-label={t('combination.title')}>
                  <Combinations card={card} seals={props.account.seals} />
                  {allows('writeSeals') && (
                    <div class="row">
                      <button type="button" class="btn quiet" onClick={() => setChanging(card)}>
                        {t('combination.set')}
                      </button>
                      <a class="btn quiet" href={`/verify/card/${props.account.id}/${card.id}`}>
                        {t('combination.verify')}
                      </a>
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function SealTile({ seal, card }: { seal: Seal; card: Card | undefined }) {
  return (
    <li>
      <a href={`/seals/${seal.id}`}>
        <FetchedPicture
          load={(signal) => client.seals.picture(seal.id, undefined, { signal })}
          inputs={[seal.id, seal.revision]}
          alt={t('seal.picture')}
        />
        <b>
          <SealMarkName seal={seal} />
        </b>
        <span class="mono small">{seal.serial}</span>
        {card && !isActive(card) && <CardState card={card} />}
      </a>
    </li>
  );
}

export function AccountPage({ id }: { id: string }) {
  const [resource, reload] = useResource((signal) => client.accounts.get(id, { signal }), [id]);
  const writes = allows('writeSeals');
  const enrolHref = `/seals/enrol?account=${id}`;
  useKeys(writes ? [{ key: 'e', label: t('seal.enrol'), run: () => navigate(enrolHref) }] : []);
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(account) => (
        <>
          <PageHead
            title={account.name}
            isName
            crumbs={[{ text: t('nav.seals'), href: '/seals' }]}
            facts={
              <>
                <span>
                  {t('account.number')} <span class="mono">{inFours(account.number)}</span>
                </span>
                <span>
                  {t('account.contact')} {account.contact}
                </span>
              </>
            }
            actions={
              writes && (
                <a class="btn primary" href={enrolHref}>
                  {t('seal.enrol')} <kbd>E</kbd>
                </a>
              )
            }
          />
          <div class="body">
            <Cards account={account} reload={reload} />
            <Panel title={t('seal.title')}>
              {account.seals.length === 0 ? (
                <Empty title={t('seal.none')} hint={t('seal.none.hint')} />
              ) : (
                <ul class="tiles">
                  {account.seals.map((seal) => (
                    <SealTile
                      key={seal.id}
                      seal={seal}
                      card={account.cards.find((card) => card.id === seal.cardId)}
                    />
                  ))}
                </ul>
              )}
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}
