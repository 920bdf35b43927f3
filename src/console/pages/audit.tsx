import { formatMoment, shortHash } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty } from '../parts/states.tsx';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';

const outcomeTone = { intended: 'run', done: 'ok', refused: 'no', failed: 'no' } as const;

async function copyHash(hash: string) {
  await navigator.clipboard.writeText(hash);
  showToast({ text: t('audit.copied') });
}

/** The hash-chained log. Each row carries its hash and the one before; both are copied whole. */
export function AuditPage() {
  return (
    <>
      <PageHead
        title={t('audit.title')}
        facts={<span>{t('audit.lead')}</span>}
        actions={
          <>
            <a class="btn" href="/audit/verify">
              {t('uses.verify')}
            </a>
            <a class="btn" href="/audit/uses">
              {t('uses.title')}
            </a>
          </>
        }
      />
      <div class="body">
        <Panel title={t('audit.newest')} flush>
          <Paged
            load={(cursor, signal) => client.audit.list({ cursor, limit: 50 }, { signal })}
            inputs={[identity.value?.id]}
            empty={<Empty title={t('audit.none')} hint={t('audit.none.hint')} />}
          >
            {(records) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th class="num">{t('audit.index')}</th>
                    <th>{t('verification.time')}</th>
                    <th>{t('audit.action')}</th>
                    <th>{t('audit.actor')}</th>
                    <th class="wide">{t('audit.subject')}</th>
                    <th>{t('audit.outcome')}</th>
                    <th>{t('audit.hash')}</th>
                  </tr>
                </thead>
                <tbody>
                  {records.map((record) => (
                    <tr key={record.index}>
                      <td class="num" data-label={t('audit.index')}>
                        {record.index}
                      </td>
                      <td class="date">{formatMoment(record.at)}</td>
                      <td class="nowrap" data-label={t('audit.action')}>
                        {maybe(`audit.action.${record.action}`) ?? record.action}
                      </td>
                      <td class="nowrap" data-label={t('audit.actor')}>
                        {record.actor}
                      </td>
                      <td class="mono cut" data-label={t('audit.subject')} title={record.subject}>
                        {record.subject}
                      </td>
                      <td>
                        <Status tone={outcomeTone[record.outcome]}>
                          {t(`audit.outcome.${record.outcome}`)}
                        </Status>
                      </td>
                      <td data-label={t('audit.hash')}>
                        <button
                          type="button"
                          class="link mono"
                          title={record.hash}
                          onClick={() => void copyHash(record.hash)}
                        >
                          {shortHash(record.hash)}
                        </button>
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
