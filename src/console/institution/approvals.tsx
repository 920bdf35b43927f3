import { t } from '../i18n/index.ts';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { Changes } from './changes.tsx';
import { OperationRows } from './uses-table.tsx';

/** Everything that waits for this person's signature. */
export function ApprovalsPage() {
  const [resource, reload] = useResource(
    (signal) => client.operations.pending({ signal }),
    [identity.value?.id],
  );
  return (
    <>
      <PageHead title={t('approvals.title')} facts={<span>{t('approvals.lead')}</span>} />
      <div class="body">
        <Loaded resource={resource} reload={reload} lines={6}>
          {({ changes, operations }) => {
            if (changes.length + operations.length === 0) {
              return <Empty title={t('approvals.none')} hint={t('approvals.none.hint')} />;
            }
            return (
              <>
                {operations.length > 0 && (
                  <Panel title={t('approvals.uses')} flush>
                    <OperationRows items={operations} />
                  </Panel>
                )}
                {changes.length > 0 && (
                  <Panel title={t('approvals.changes')} flush>
                    <Changes changes={changes} onSigned={reload} linked maySign />
                  </Panel>
                )}
              </>
            );
          }}
        </Loaded>
      </div>
    </>
  );
}
