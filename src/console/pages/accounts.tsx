import { useEffect, useRef, useState } from 'preact/hooks';
import { formatDate, inFours } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty } from '../parts/states.tsx';
import { navigate, query, setParameter } from '../router.ts';
import { allows, client, identity } from '../session.ts';

const searchAfterMs = 200;

/** Accounts with reserved imprints. The search stays in the address. */
export function AccountsPage() {
  const wanted = query.value.get('q') ?? '';
  const [text, setText] = useState(wanted);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setParameter('q', text.trim()), searchAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  const writes = allows('writeSeals');
  useKeys([
    { key: '/', label: t('accounts.search'), run: () => field.current?.focus() },
    ...(writes ? [{ key: 'e', label: t('seal.enrol'), run: () => navigate('/seals/enrol') }] : []),
  ]);

  return (
    <>
      <PageHead
        title={t('nav.seals')}
        actions={
          writes && (
            <>
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
        <Panel
          title={t('accounts.title')}
          flush
          aside={
            <input
              ref={field}
              class="input search"
              type="search"
              aria-label={t('accounts.search')}
              placeholder={t('accounts.search')}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          }
        >
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
            {(accounts) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th class="wide">{t('account.name')}</th>
                    <th>{t('account.number')}</th>
                    <th>{t('account.contact')}</th>
                    <th>{t('account.since')}</th>
                  </tr>
                </thead>
                <tbody>
                  {accounts.map((account) => (
                    <tr key={account.id}>
                      <td class="cut">
                        <a class="whole" href={`/seals/accounts/${account.id}`} lang="zh-CN">
                          {account.name}
                        </a>
                      </td>
                      <td class="mono nowrap" data-label={t('account.number')}>
                        {inFours(account.number)}
                      </td>
                      <td data-label={t('account.contact')}>{account.contact}</td>
                      <td class="date" data-label={t('account.since')}>
                        {formatDate(account.createdAt)}
                      </td>
                    </tr>
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
