import type { Account } from '../../client/index.ts';
import { formatDate, inFours } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { useSearch } from '../parts/search.tsx';
import { Empty } from '../parts/states.tsx';
import { navigate } from '../router.ts';
import { allows, client, identity } from '../session.ts';

function columns(): readonly Column<Account>[] {
  return [
    {
      title: t('account.name'),
      class: 'cut',
      wide: true,
      plain: true,
      cell: ({ id, name }) => (
        <a class="whole" href={`/seals/accounts/${id}`} lang="zh-CN">
          {name}
        </a>
      ),
    },
    {
      title: t('account.number'),
      class: 'mono nowrap',
      cell: ({ number }) => inFours(number),
    },
    { title: t('account.contact'), cell: ({ contact }) => contact },
    {
      title: t('account.since'),
      class: 'date',
      cell: ({ createdAt }) => formatDate(createdAt),
    },
  ];
}

/** Accounts with reserved imprints. The search stays in the address. */
export function AccountsPage() {
  const search = useSearch(t('accounts.search'));
  const { wanted } = search;
  const writes = allows('writeSeals');
  useKeys([
    { key: '/', label: t('accounts.search'), run: search.focus },
    ...(writes ? [{ key: 'e', label: t('seal.enrol'), run: () => navigate('/seals/enrol') }] : []),
  ]);

  return (
    <>
      <PageHead
        title={t('nav.seals')}
        actions={
          writes && (
            <>
              <a class="btn" href="/seal-changes">
                {t('nav.seal-changes')}
              </a>
              <a class="btn" href="/seals/import">
                {t('import.title')}
              </a>
              <a class="btn" href="/seals/accounts/new">
                {t('account.new')}
              </a>
              <a class="btn primary" href="/seals/enrol">
                {t('seal.enrol')} <kbd>E</kbd>
              </a>
            </>
          )
        }
      />
      <div class="body">
        <Panel title={t('accounts.title')} flush aside={search.field}>
          <Paged
            load={(cursor, signal) => client.accounts.list({ q: wanted, cursor }, { signal })}
            inputs={[wanted, identity.value?.id]}
            empty={
              wanted === '' ? (
                <Empty title={t('accounts.none')} hint={t('accounts.none.hint')}>
                  {writes && (
                    <a class="btn" href="/seals/enrol">
                      {t('seal.enrol')}
                    </a>
                  )}
                </Empty>
              ) : (
                <Empty title={t('accounts.not-found')} hint={t('accounts.not-found.hint')} />
              )
            }
          >
            {(accounts) => <ListTable items={accounts} idOf={({ id }) => id} columns={columns()} />}
          </Paged>
        </Panel>
      </div>
    </>
  );
}
