import { useState } from 'preact/hooks';
import type { Institution, InstitutionKey } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { SelectField } from '../parts/field.tsx';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { purposeOf, Standing } from './parts.tsx';

export function InstitutionPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    (signal) => client.institutions.get(id, { signal }),
    [id, identity.value?.id],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(institution) => <Detail institution={institution} />}
    </Loaded>
  );
}

function Detail({ institution }: { institution: Institution }) {
  const [round, setRound] = useState(0);
  const [asked, setAsked] = useState(false);
  const { id, subject, officers, threshold } = institution;
  return (
    <>
      <PageHead
        title={subject.commonName}
        isName
        crumbs={[{ text: t('institutions.title'), href: '/institutions' }]}
        facts={<span>{formatMoment(institution.createdAt)}</span>}
        actions={
          allows('governKeys') && (
            <button type="button" class="btn primary" onClick={() => setAsked(true)}>
              {t('institution.apply')}
            </button>
          )
        }
      />
      <div class="body">
        {asked && (
          <Apply
            id={id}
            onDone={() => {
              setAsked(false);
              setRound(round + 1);
            }}
            onCancel={() => setAsked(false)}
          />
        )}
        <Panel title={t('institution.keys')} flush>
          <Paged
            load={(cursor, signal) => client.institutions.keys(id, { cursor }, { signal })}
            inputs={[id, round, identity.value?.id]}
            empty={
              <Empty title={t('institution.keys.none')} hint={t('institution.keys.none.hint')} />
            }
          >
            {(keys) => (
              <table class="table list">
                <thead>
                  <tr>
                    <th class="wide">{t('certificate.kind')}</th>
                    <th>{t('key.certificate')}</th>
                    <th class="num">{t('key.grants')}</th>
                    <th>{t('application.made')}</th>
                  </tr>
                </thead>
                <tbody>
                  {keys.map((key) => (
                    <tr key={key.id}>
                      <td>
                        <a href={`/institution-keys/${key.id}`}>{purposeOf(key)}</a>
                      </td>
                      <td data-label={t('key.certificate')}>
                        <Standing item={key} />
                      </td>
                      <td class="num" data-label={t('key.grants')}>
                        {key.granted}
                      </td>
                      <td class="date">{formatMoment(key.createdAt)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Paged>
        </Panel>
        <Panel title={t('institution.officers')}>
          <Facts
            items={[
              [
                t('institution.threshold'),
                t('institution.rule', { threshold, count: officers.length }),
              ],
              [t('institution.officers'), officers.map(({ actor }) => actor).join(' · ')],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

type Algorithm = 'sm2' | 'p256';
type Protection = InstitutionKey['protection'];

function Apply(props: { id: string; onDone: () => void; onCancel: () => void }) {
  const [algorithm, setAlgorithm] = useState<Algorithm>('sm2');
  const [protection, setProtection] = useState<Protection>('software');
  const write = useWrite<{ algorithm: Algorithm; protection: Protection }>(
    async (draft, keyFor) => {
      await client.institutions.applyForKeys(
        props.id,
        {
          ...draft,
          requested: { role: 'authoriser', permissions: ['view', 'make', 'authorise'], limits: [] },
        },
        { idempotencyKey: keyFor('apply') },
      );
      showToast({ text: t('institution.applied') });
      props.onDone();
    },
  );
  return (
    <Panel title={t('institution.apply')}>
      <FormFrame
        what="institution.not-applied"
        error={write.error}
        onSubmit={() => void write.run({ algorithm, protection })}
      >
        <p class="small muted">{t('institution.apply.lead')}</p>
        <SelectField
          label={t('certificate.algorithm')}
          value={algorithm}
          options={[
            { value: 'sm2', text: 'SM2 · SM3' },
            { value: 'p256', text: 'P-256 · SHA-256' },
          ]}
          onChange={setAlgorithm}
        />
        <SelectField
          label={t('institution.protection')}
          value={protection}
          options={(['software', 'hsm-wrapped', 'hsm'] as const).map((value) => ({
            value,
            text: t(`institution.protection.${value}`),
          }))}
          onChange={setProtection}
          hint={t('institution.protection.hint')}
        />
        <FormFoot cancel={props.onCancel} submit={t('institution.apply')} busy={write.busy} />
      </FormFrame>
    </Panel>
  );
}
