import type { LedgerEntry } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty } from '../parts/states.tsx';
import { openClient } from '../session.ts';

/** The public ledger, newest first. It needs no token, as for everybody else. */
export function LedgerPage() {
  return (
    <>
      <PageHead title={t('ledger.title')} facts={<span>{t('ledger.lead')}</span>} />
      <div class="body">
        <Panel title={t('ledger.newest')} flush>
          <Paged
            load={(cursor, signal) => openClient.ledger.list({ cursor, limit: 50 }, { signal })}
            inputs={[]}
            empty={<Empty title={t('ledger.none')} hint={t('ledger.none.hint')} />}
          >
            {(entries) => <LedgerTable entries={entries} />}
          </Paged>
        </Panel>
      </div>
    </>
  );
}

export function typeWords(type: unknown): string {
  return maybe(`ledger.type.${type}`) ?? String(type);
}

export function LedgerTable({ entries }: { entries: readonly LedgerEntry[] }) {
  return <ListTable items={entries} idOf={({ index }) => index} columns={columns()} />;
}

function columns(): readonly Column<LedgerEntry>[] {
  return [
    {
      title: t('ledger.index'),
      class: 'num',
      cell: ({ index }) => <a href={`/ledger-entry/${index}`}>{index}</a>,
    },
    {
      title: t('verification.time'),
      class: 'date',
      plain: true,
      cell: ({ event }) => formatMoment(String(event.at)),
    },
    {
      title: t('ledger.type'),
      class: 'nowrap',
      cell: ({ event }) => typeWords(event.type),
    },
    {
      title: t('ledger.subject'),
      class: 'mono cut',
      wide: true,
      hover: ({ event }) => String(event.subject),
      cell: ({ event }) => String(event.subject),
    },
    {
      title: t('ledger.hash'),
      class: 'mono',
      hover: ({ leafHash }) => leafHash,
      cell: ({ leafHash }) => shortHash(leafHash),
    },
  ];
}
