import type { Seal } from '../../client/index.ts';
import { formatBytes, formatMoment } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { FetchedPicture } from '../parts/picture.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { VerificationsTable } from '../parts/verifications-table.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { allows, client } from '../session.ts';

/** Every revision, newest first: what was on file, since when and why. */
function Revisions({ items }: { items: readonly Seal[] }) {
  return (
    <table class="table list">
      <tbody>
        {items.map((seal) => {
          const imprints = new Set(seal.templates.map(({ specimen }) => specimen)).size;
          return (
            <tr key={seal.revision}>
              <td class="date">{formatMoment(seal.revisedAt)}</td>
              <td>{t('seal.revision', { n: seal.revision })}</td>
              <td>{t(`seal.status.${seal.status}`)}</td>
              <td class="num">{t('seal.imprints', { n: imprints })}</td>
              <td class="wide">{seal.reason || seal.remark}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

export function SealPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    async (signal) => {
      const seal = await client.seals.get(id, { signal });
      const [account, verifications, revisions] = await Promise.all([
        client.accounts.get(seal.accountId, { signal }),
        client.verifications.list({ sealId: id, limit: 10 }, { signal }),
        client.seals.revisions(id, { signal }),
      ]);
      return { seal, account, verifications: verifications.items, revisions: revisions.items };
    },
    [id],
  );
  const writes = allows('writeSeals');
  const verifyHref = `/verify?seal=${id}`;
  useKeys(writes ? [{ key: 'v', label: t('verify.title'), run: () => navigate(verifyHref) }] : []);
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {({ seal, account, verifications, revisions }) => {
        const card = account.cards.find((item) => item.id === seal.cardId);
        return (
          <>
            <PageHead
              title={seal.remark || t(`shape.${seal.shape}`)}
              isName={seal.remark !== ''}
              crumbs={[
                { text: t('nav.seals'), href: '/seals' },
                { text: account.name, href: `/seals/accounts/${account.id}` },
              ]}
              facts={
                <>
                  <span class="mono">{seal.serial}</span>
                  <span>{t(`shape.${seal.shape}`)}</span>
                  <span>{t(`seal.status.${seal.status}`)}</span>
                  <span class="date">{formatMoment(seal.createdAt)}</span>
                </>
              }
              actions={
                writes && (
                  <>
                    {seal.status !== 'closed' && (
                      <a class="btn" href={`/seals/${id}/change`}>
                        {t('seal.change')}
                      </a>
                    )}
                    <a class="btn primary" href={verifyHref}>
                      {t('verify.title')} <kbd>V</kbd>
                    </a>
                  </>
                )
              }
            />
            <div class="body columns">
              <Panel title={t('seal.reserved')}>
                <FetchedPicture
                  class="large"
                  load={(signal) => client.seals.picture(id, undefined, { signal })}
                  inputs={[id, seal.revision]}
                  alt={t('seal.picture')}
                />
                <p class="small faint">{t('seal.picture.note')}</p>
              </Panel>
              <div class="stack">
                <Panel title={t('seal.templates')} flush>
                  <table class="table">
                    <thead>
                      <tr>
                        <th>{t('vendor.title')}</th>
                        <th>{t('vendor.version')}</th>
                        <th class="num">{t('seal.template.size')}</th>
                        <th>{t('field.state')}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {seal.templates.map((template) => (
                        <tr key={`${template.vendor} ${template.specimen}`}>
                          <td>
                            {maybe(`vendor.${template.vendor}`) ?? template.vendorName}{' '}
                            <span class="mono faint">{template.vendor}</span>
                          </td>
                          <td class="mono">{template.vendorVersion}</td>
                          <td class="num">{formatBytes(template.bytes)}</td>
                          <td>
                            <span class="redacted" aria-hidden="true" /> {t('seal.encrypted')}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </Panel>
                <Panel title={t('seal.facts')}>
                  <Facts
                    items={[
                      [
                        t('seal.account'),
                        <a key="account" href={`/seals/accounts/${account.id}`} lang="zh-CN">
                          {account.name}
                        </a>,
                      ],
                      [
                        t('card.title'),
                        card ? `${card.number} · ${t('card.until', { date: card.endDate })}` : '—',
                      ],
                      [t('quality.sharpness'), seal.quality.sharpness.toFixed(2)],
                      [t('quality.completeness'), seal.quality.completeness.toFixed(2)],
                    ]}
                  />
                </Panel>
              </div>
              <Panel title={t('seal.history')} flush class="across">
                <Revisions items={revisions} />
              </Panel>
              <Panel title={t('seal.verifications')} flush class="across">
                {verifications.length === 0 ? (
                  <Empty title={t('verifications.none')} hint={t('verifications.none.hint')} />
                ) : (
                  <VerificationsTable items={verifications} />
                )}
              </Panel>
            </div>
          </>
        );
      }}
    </Loaded>
  );
}
