import type { AuditRecord } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
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
        facts={
          <>
            <span>{t('audit.lead')}</span>
            <span>
              {t('audit.export')}{' '}
              <code class="mono small">cinnabar audit export-chain --out audit.jsonl</code>
            </span>
          </>
        }
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
            {(items) => <ListTable items={items} idOf={({ index }) => index} columns={columns()} />}
          </Paged>
        </Panel>
      </div>
    </>
  );
}

const columns = (): readonly Column<AuditRecord>[] => [
  { title: t('audit.index'), class: 'num', cell: ({ index }) => index },
  {
    title: t('verification.time'),
    class: 'date',
    plain: true,
    cell: ({ at }) => formatMoment(at),
  },
  {
    title: t('audit.action'),
    class: 'nowrap',
    cell: ({ action }) => maybe(`audit.action.${action}`) ?? action,
  },
  { title: t('audit.actor'), class: 'nowrap', cell: ({ actor }) => actor },
  {
    title: t('audit.subject'),
    class: 'mono cut',
    wide: true,
    hover: ({ subject }) => subject,
    cell: ({ subject }) => subject,
  },
  {
    title: t('audit.outcome'),
    plain: true,
    cell: ({ outcome }) => (
      <Status tone={outcomeTone[outcome]}>{t(`audit.outcome.${outcome}`)}</Status>
    ),
  },
  {
    title: t('audit.hash'),
    cell: ({ hash }) => (
      <button type="button" class="link mono" title={hash} onClick={() => void copyHash(hash)}>
        {shortHash(hash)}
      </button>
    ),
  },
];
