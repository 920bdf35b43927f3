import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { ScorePlots } from '../parts/score-plots.tsx';
import { Empty } from '../parts/states.tsx';
import { VerificationsTable } from '../parts/verifications-table.tsx';
import { navigate } from '../router.ts';
import { allows, client, identity } from '../session.ts';

export function VerificationsPage() {
  const writes = allows('writeSeals');
  useKeys(writes ? [{ key: 'v', label: t('verify.title'), run: () => navigate('/verify') }] : []);
  const verify = (
    <a class="btn primary" href="/verify">
      {t('verify.title')} <kbd>V</kbd>
    </a>
  );
  return (
    <>
      <PageHead title={t('verifications.title')} actions={writes && verify} />
      <div class="body">
        <Panel title={t('verifications.newest')} flush>
          <Paged
            load={(cursor, signal) => client.verifications.list({ cursor }, { signal })}
            inputs={[identity.value?.id]}
            empty={<Empty title={t('verifications.none')} hint={t('verifications.none.hint')} />}
          >
            {(items) => (
              <>
                <VerificationsTable items={items} />
                <h3 class="plots-title">{t('scores.title')}</h3>
                <ScorePlots verifications={items} />
              </>
            )}
          </Paged>
        </Panel>
      </div>
    </>
  );
}
