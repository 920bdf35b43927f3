import { useState } from 'preact/hooks';
import type { Grant, InstitutionKey } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { FormFoot, FormFrame } from '../parts/form-frame.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { navigate } from '../router.ts';
import { saveFile } from '../save-file.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { Changes } from './changes.tsx';
import { GrantForm } from './grant-form.tsx';
import { isQuorum, OfficersField } from './institutions.tsx';
import { GrantStatus, listMax, purposeOf, Standing, termsOf } from './parts.tsx';
import { UsesTable } from './uses-table.tsx';

export function KeyPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    (signal) => client.institutionKeys.get(id, { signal }),
    [id, identity.value?.id],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(item) => <Detail item={item} reload={reload} />}
    </Loaded>
  );
}

function Detail({ item, reload }: { item: InstitutionKey; reload: () => void }) {
  const [asked, setAsked] = useState<'grant' | 'officers' | 'renew' | undefined>(undefined);
  const [round, setRound] = useState(0);
  const { id } = item;
  const governs = allows('governKeys');
  function changed() {
    setAsked(undefined);
    setRound(round + 1);
    reload();
  }
  useKeys([{ key: 'u', label: t('key.use'), run: () => navigate(`/institution-keys/${id}/use`) }]);
  return (
    <>
      <PageHead
        title={t('key.title', { purpose: t(`purpose.${item.purpose}`) })}
        crumbs={[
          { text: t('institutions.title'), href: '/institutions' },
          { text: t('institution.keys'), href: `/institutions/${item.institutionId}` },
        ]}
        state={<Standing item={item} chip />}
        facts={
          <>
            <span>{purposeOf(item)}</span>
            <span class="mono">{shortHash(item.publicKeyHex)}</span>
          </>
        }
        actions={
          <>
            {governs && item.renewalId === null && item.certificateSerial !== null && (
              <button type="button" class="btn" onClick={() => setAsked('renew')}>
                {t('key.renew')}
              </button>
            )}
            {governs && (
              <button type="button" class="btn" onClick={() => setAsked('officers')}>
                {t('key.officers.change')}
              </button>
            )}
            {governs && (
              <button type="button" class="btn" onClick={() => setAsked('grant')}>
                {t('key.grant')}
              </button>
            )}
            <a class="btn primary" href={`/institution-keys/${id}/use`}>
              {t('key.use')} <kbd>U</kbd>
            </a>
          </>
        }
      />
      <div class="body">
        {asked === 'grant' && (
          <GrantForm item={item} onDone={changed} onCancel={() => setAsked(undefined)} />
        )}
        {asked === 'officers' && (
          <OfficersForm item={item} onDone={changed} onCancel={() => setAsked(undefined)} />
        )}
        {asked === 'renew' && <RenewForm item={item} onCancel={() => setAsked(undefined)} />}
        <PendingChanges item={item} round={round} onSigned={changed} />
        <Grants item={item} round={round} onChanged={changed} />
        <Panel title={t('key.uses')} flush>
          <UsesTable keyId={id} />
        </Panel>
        <Panel title={t('institution.keys')} aside={<Export id={id} />}>
          <Facts items={factsOf(item)} />
        </Panel>
      </div>
    </>
  );
}

function factsOf(item: InstitutionKey) {
  const { certificateSerial: serial, officers, threshold } = item;
  return [
    [
      t('key.certificate'),
      serial ? (
        <a href={`/certificates/${serial}`}>{t('key.certificate.manage')}</a>
      ) : (
        <a href={`/certificates/applications/${item.applicationId}`}>{t('key.application')}</a>
      ),
    ],
    ...(item.renews === null
      ? []
      : [
          [
            t('key.renews'),
            <a href={`/institution-keys/${item.renews}`}>{t('key.renews.before')}</a>,
          ] as const,
        ]),
    ...(item.renewalId === null
      ? []
      : [
          [
            t('key.renewal'),
            <a href={`/certificates/applications/${item.renewalId}`}>
              {t('key.renewal.application')}
            </a>,
          ] as const,
        ]),
    [t('institution.officers'), officers.map(({ actor }) => actor).join(' · ')],
    [t('institution.threshold'), t('institution.rule', { threshold, count: officers.length })],
    [t('institution.protection'), t(`institution.protection.${item.protection}`)],
    [t('key.public'), <span class="mono wrap">{item.publicKeyHex}</span>],
    [t('application.made'), formatMoment(item.createdAt)],
  ] as const;
}

function PendingChanges(props: { item: InstitutionKey; round: number; onSigned: () => void }) {
  const { id, officers } = props.item;
  const maySign = officers.some(({ actor }) => actor === identity.value?.id);
  const [resource, reload] = useResource(
    (signal) => client.institutionKeys.changes(id, { limit: listMax }, { signal }),
    [id, props.round, identity.value?.id],
  );
  return (
    <Panel title={t('key.changes')} flush>
      <Loaded resource={resource} reload={reload} lines={2}>
        {({ items }) => {
          const open = items.filter(({ state }) => state === 'open');
          return open.length === 0 ? (
            <Empty title={t('key.changes.none')} />
          ) : (
            <Changes changes={open} onSigned={props.onSigned} maySign={maySign} />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Grants(props: { item: InstitutionKey; round: number; onChanged: () => void }) {
  const { id } = props.item;
  const revoke = useWrite<{ id: string }>(async (grant, keyFor) => {
    await client.grants.revoke(grant.id, { idempotencyKey: keyFor('revoke') });
    showToast({ text: t('grant.revoked') });
    props.onChanged();
  });
  return (
    <Panel title={t('key.grants')} flush>
      {revoke.error && <Refusal what="grant.not-revoked" error={revoke.error} />}
      <Paged
        load={(cursor, signal) => client.institutionKeys.grants(id, { cursor }, { signal })}
        inputs={[id, props.round, identity.value?.id]}
        empty={<Empty title={t('key.grants.none')} hint={t('key.grants.none.hint')} />}
      >
        {(items) => (
          <table class="table list">
            <thead>
              <tr>
                <th>{t('grant.person')}</th>
                <th class="wide">{t('grant.operations')}</th>
                <th>{t('grant.until')}</th>
                <th class="num">{t('grant.uses')}</th>
                <th>{t('field.state')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {items.map((grant: Grant) => (
                <tr key={grant.id}>
                  <td>{grant.actor}</td>
                  <td data-label={t('grant.operations')}>{termsOf(grant)}</td>
                  <td class="date" data-label={t('grant.until')}>
                    {formatMoment(grant.validUntil)}
                  </td>
                  <td class="num" data-label={t('grant.uses')}>
                    {grant.used} / {grant.usesMax}
                  </td>
                  <td>
                    <GrantStatus item={grant} />
                  </td>
                  <td class="acts">
                    {allows('governKeys') && grant.state !== 'revoked' && (
                      <button
                        type="button"
                        class="btn"
                        aria-busy={revoke.busy}
                        onClick={() => void revoke.run({ id: grant.id })}
                      >
                        {t('grant.revoke')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Paged>
    </Panel>
  );
}

function OfficersForm(props: { item: InstitutionKey; onDone: () => void; onCancel: () => void }) {
  const { id, officers, threshold } = props.item;
  const [value, setValue] = useState({
    keys: officers.map(({ personalKeyId }) => personalKeyId),
    threshold,
  });
  const [checked, setChecked] = useState(false);
  const write = useWrite<typeof value>(async (draft, keyFor) => {
    await client.institutionKeys.proposeOfficers(
      id,
      { officerKeyIds: [...draft.keys], threshold: draft.threshold },
      { idempotencyKey: keyFor('officers') },
    );
    showToast({ text: t('key.officers.proposed') });
    props.onDone();
  });
  return (
    <Panel title={t('key.officers.change')}>
      <FormFrame
        what="key.not-changed"
        error={write.error}
        onSubmit={() => {
          setChecked(true);
          if (isQuorum(value)) void write.run(value);
        }}
      >
        <p class="small muted">{t('key.officers.lead')}</p>
        <OfficersField
          value={value}
          checked={checked}
          onChange={(next) => setValue({ keys: [...next.keys], threshold: next.threshold })}
        />
        <FormFoot cancel={props.onCancel} submit={t('key.officers.change')} busy={write.busy} />
      </FormFrame>
    </Panel>
  );
}

/** Said before it is done: two fresh keys, and what becomes of the old ones. */
function RenewForm({ item, onCancel }: { item: InstitutionKey; onCancel: () => void }) {
  const write = useWrite<Record<string, never>>(async (_, keyFor) => {
    const applied = await client.institutionKeys.renew(item.id, {
      idempotencyKey: keyFor('renew'),
    });
    showToast({ text: t('key.renewed') });
    navigate(`/certificates/applications/${applied.applicationId}`);
  });
  return (
    <Panel title={t('key.renew')}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void write.run({});
        }}
      >
        <p>{t('key.renew.lead')}</p>
        {write.error && <Refusal what="key.not-renewed" error={write.error} />}
        <div class="foot">
          <button type="button" class="btn quiet" onClick={onCancel}>
            {t('action.cancel')}
          </button>
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t('key.renew')}
          </button>
        </div>
      </form>
    </Panel>
  );
}

/** The evidence of one key as a file, for whoever carries it out of the house. */
export function Export({ id }: { id: string }) {
  const run = useWrite<Record<string, never>>(async () => {
    const text = await client.records.export(id);
    saveFile(`uses-${id.slice(0, 8)}.ndjson`, text);
    showToast({ text: t('key.exported') });
  });
  if (!allows('exportRecords')) return null;
  return (
    <>
      {run.error && <Refusal what="key.not-exported" error={run.error} />}
      <button type="button" class="btn" aria-busy={run.busy} onClick={() => void run.run({})}>
        {t('key.export')}
      </button>
    </>
  );
}
