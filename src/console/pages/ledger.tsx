import type { LedgerEntry } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
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
  return (
    <table class="table list">
      <thead>
        <tr>
          <th class="num">{t('ledger.index')}</th>
          <th>{t('verification.time')}</th>
          <th>{t('ledger.type')}</th>
          <th class="wide">{t('ledger.subject')}</th>
          <th>{t('ledger.hash')}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ index, event, leafHash }) => (
          <tr key={index}>
            <td class="num" data-label={t('ledger.index')}>
              <a href={`/ledger-entry/${index}`}>{index}</a>
            </td>
            <td class="date">{formatMoment(String(event.at))}</td>
            <td class="nowrap" data-label={t('ledger.type')}>
              {typeWords(event.type)}
            </td>
            <td class="mono cut" data-label={t('ledger.subject')} title={String(event.subject)}>
              {String(event.subject)}
            </td>
            <td class="mono" data-label={t('ledger.hash')} title={leafHash}>
              {shortHash(leafHash)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
