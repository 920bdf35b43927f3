import type { Certificate } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { CertificateStatus } from '../parts/certificate-parts.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { useSearch } from '../parts/search.tsx';
import { Empty } from '../parts/states.tsx';
import { navigate, query, setParameter } from '../router.ts';
import { allows, client, identity } from '../session.ts';

const soonDays = 30;

function columns(): readonly Column<Certificate>[] {
  return [
    {
      title: t('certificate.subject'),
      wide: true,
      plain: true,
      cell: ({ serial, subject }) => (
        <a href={`/certificates/${serial}`} lang="zh-CN">
          {subject.commonName}
        </a>
      ),
    },
    {
      title: t('certificate.kind'),
      cell: ({ kind, purpose }) => `${t(`certificate.kind.${kind}`)} · ${t(`purpose.${purpose}`)}`,
    },
    {
      title: t('certificate.serial'),
      class: 'mono cut',
      hover: ({ serial }) => serial,
      cell: ({ serial }) => serial.slice(0, 12),
    },
    {
      title: t('certificate.until'),
      class: 'date',
      cell: ({ notAfter }) => formatMoment(notAfter),
    },
    {
      title: t('field.state'),
      plain: true,
      cell: (item) => <CertificateStatus item={item} />,
    },
  ];
}

/** Certificates with search and those that end soon. Both stay in the address. */
export function CertificatesPage() {
  const search = useSearch(t('certificates.search'));
  const soon = query.value.get('soon') === 'yes';
  const applies = allows('applyCertificates');
  useKeys([
    { key: '/', label: t('certificates.search'), run: search.focus },
    { key: 'p', label: t('applications.title'), run: () => navigate('/certificates/applications') },
    ...(applies
      ? [{ key: 'n', label: t('apply.title'), run: () => navigate('/certificates/apply') }]
      : []),
  ]);
  return (
    <>
      <PageHead
        title={t('certificates.title')}
        actions={
          <>
            {allows('operateChips') && (
              <a class="btn" href="/certificates/authorities">
                {t('certificates.authorities')}
              </a>
            )}
            <a class="btn" href="/certificates/applications">
              {t('applications.title')} <kbd>P</kbd>
            </a>
            {applies && (
              <a class="btn primary" href="/certificates/apply">
                {t('apply.title')} <kbd>N</kbd>
              </a>
            )}
          </>
        }
      />
      <div class="body">
        <Panel
          title={soon ? t('certificates.soon') : t('certificates.newest')}
          flush
          aside={
            <>
              <button
                type="button"
                class="btn"
                aria-pressed={soon}
                onClick={() => setParameter('soon', soon ? '' : 'yes')}
              >
                {t('certificates.soon')}
              </button>
              {search.field}
            </>
          }
        >
          <Paged
            load={(cursor, signal) =>
              client.certificates.list(
                { q: search.wanted, cursor, expiringDays: soon ? soonDays : undefined },
                { signal },
              )
            }
            inputs={[search.wanted, soon, identity.value?.id]}
            empty={<Empty title={t('certificates.none')} hint={t('certificates.none.hint')} />}
          >
            {(items) => (
              <ListTable items={items} idOf={({ serial }) => serial} columns={columns()} />
            )}
          </Paged>
        </Panel>
      </div>
    </>
  );
}
