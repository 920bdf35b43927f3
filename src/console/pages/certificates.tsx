import { useEffect, useRef, useState } from 'preact/hooks';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { CertificateStatus } from '../parts/certificate-parts.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty } from '../parts/states.tsx';
import { navigate, query, setParameter } from '../router.ts';
import { allows, client, identity } from '../session.ts';

const searchAfterMs = 200;
const soonDays = 30;

/** Certificates with search and those that end soon. Both stay in the address. */
export function CertificatesPage() {
  const wanted = query.value.get('q') ?? '';
  const soon = query.value.get('soon') === 'yes';
  const [text, setText] = useState(wanted);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setParameter('q', text.trim()), searchAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  const applies = allows('applyCertificates');
  useKeys([
    { key: '/', label: t('certificates.search'), run: () => field.current?.focus() },
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
              <input
                ref={field}
                class="input search"
                type="search"
                aria-label={t('certificates.search')}
                placeholder={t('certificates.search')}
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
              />
            </>
          }
        >
          <Paged
            load={(cursor, signal) =>
              client.certificates.list(
                { q: wanted, cursor, expiringDays: soon ? soonDays : undefined },
                { signal },
              )
            }
            inputs={[wanted, soon, identity.value?.id]}
            empty={<Empty title={t('certificates.none')} hint={t('certificates.none.hint')} />}
          >
            {(items) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th class="wide">{t('certificate.subject')}</th>
                    <th>{t('certificate.kind')}</th>
                    <th>{t('certificate.serial')}</th>
                    <th>{t('certificate.until')}</th>
                    <th>{t('field.state')}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <tr key={item.serial}>
                      <td>
                        <a href={`/certificates/${item.serial}`} lang="zh-CN">
                          {item.subject.commonName}
                        </a>
                      </td>
                      <td data-label={t('certificate.kind')}>
                        {t(`certificate.kind.${item.kind}`)} · {t(`purpose.${item.purpose}`)}
                      </td>
                      <td class="mono cut" data-label={t('certificate.serial')} title={item.serial}>
                        {item.serial.slice(0, 12)}
                      </td>
                      <td class="date" data-label={t('certificate.until')}>
                        {formatMoment(item.notAfter)}
                      </td>
                      <td>
                        <CertificateStatus item={item} />
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
