import { useState } from 'preact/hooks';
import { approveChange } from '../../client/certificates.ts';
import type { Grant, GrantChange, InstitutionKey } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Facts } from '../parts/page.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { changeTitle, listMax, termsOf } from './parts.tsx';
import { SignDialog } from './sign-dialog.tsx';

/** Changes that wait for officers; who is one signs here. */
export function Changes(props: {
  changes: readonly GrantChange[];
  onSigned: () => void;
  /** Of lists over several keys: which key it is. */
  linked?: boolean;
  /** Who governs the key signs; others only see that it waits. */
  maySign: boolean;
}) {
  const [chosen, setChosen] = useState<GrantChange | undefined>(undefined);
  return (
    <>
      <table class="table list">
        <thead>
          <tr>
            <th class="wide">{t('audit.action')}</th>
            <th>{t('field.state')}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {props.changes.map((change) => (
            <tr key={change.id}>
              <td>
                {props.linked ? (
                  <a href={`/institution-keys/${change.institutionKeyId}`}>{changeTitle(change)}</a>
                ) : (
                  changeTitle(change)
                )}
              </td>
              <td>
                <Status tone="wait">
                  {t('change.signed', {
                    count: change.approvedBy.length,
                    threshold: change.threshold,
                  })}
                </Status>
              </td>
              <td class="acts">
                {props.maySign && (
                  <button type="button" class="btn" onClick={() => setChosen(change)}>
                    {t('change.sign')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {chosen && (
        <SignChange
          change={chosen}
          onClose={() => setChosen(undefined)}
          onSigned={props.onSigned}
        />
      )}
    </>
  );
}

async function contextOf({ institutionKeyId }: GrantChange, signal: AbortSignal) {
  const [key, grants] = await Promise.all([
    client.institutionKeys.get(institutionKeyId, { signal }),
    client.institutionKeys.grants(institutionKeyId, { limit: listMax }, { signal }),
  ]);
  return { key, grants: grants.items };
}

function SignChange(props: { change: GrantChange; onClose: () => void; onSigned: () => void }) {
  const { change } = props;
  const [context] = useResource((signal) => contextOf(change, signal), [change.id]);
  if (context.kind !== 'ready') return null;
  const { key, grants } = context.value;
  const own = key.officers.find(({ actor }) => actor === identity.value?.id);
  return (
    <SignDialog
      title={t('change.sign.title')}
      open
      onClose={props.onClose}
      keyIds={own ? [own.personalKeyId] : []}
      text={JSON.stringify(textOf(change), null, 2)}
      act={async (session) => {
        const tenant = identity.value?.institution.id ?? '';
        await approveChange(client, session, tenant, change);
        showToast({ text: t('change.done') });
        props.onSigned();
      }}
    >
      <p class="small muted">{t('change.sign.lead')}</p>
      <Facts items={factsOf(change, key, grants)} />
    </SignDialog>
  );
}

/** What the signed bytes are made of. */
function textOf({ institutionKeyId, chipEpoch, listHashHex, list, terms, officers }: GrantChange) {
  return { institutionKeyId, chipEpoch, listHashHex, list, terms, officers };
}

/** What the signed bytes say, in words: the list that will hold, or the officers. */
function factsOf(change: GrantChange, key: InstitutionKey, grants: readonly Grant[]) {
  const grant = grants.find(({ id }) => id === change.grantId);
  const { officers, list, terms } = change;
  const nobody = list.length === 0 ? t('change.list.nobody') : undefined;
  const people = list.map(({ publicKeyHex, operations }) => {
    const doing = operations.map((one) => t(`grant.operation.${one}`)).join(' ');
    return `${nameOf(publicKeyHex, key, grants)} (${doing})`;
  });
  return [
    [t('audit.action'), changeTitle(change)],
    // What is given is said by what is signed; what is taken, by the right as it stands.
    ...(terms ? givenFacts(terms) : []),
    ...(grant && !terms
      ? [[t('grant.person'), `${grant.actor} · ${termsOf(grant)}`] as const]
      : []),
    ...(officers
      ? [
          [
            t('change.new-officers'),
            `${officers.members.map(({ actor }) => actor).join(' · ')} · ${t('institution.rule', {
              threshold: officers.threshold,
              count: officers.members.length,
            })}`,
          ] as const,
        ]
      : []),
    [t('change.list'), nobody ?? people.join(' · ')],
  ] as const;
}

function givenFacts(terms: NonNullable<GrantChange['terms']>) {
  const moment = (ms: number) => formatMoment(new Date(ms).toISOString());
  return [
    [t('grant.person'), `${terms.actor} · ${termsOf(terms)}`],
    [t('grant.window'), `${moment(terms.validFromMs)} – ${moment(terms.validUntilMs)}`],
    [t('grant.uses'), String(terms.usesMax)],
  ] as const;
}

/** A key of the list by its person; a stranger's by its digits, which is a reason to ask. */
function nameOf(publicKeyHex: string, { officers }: InstitutionKey, grants: readonly Grant[]) {
  const grant = grants.find((one) => one.publicKeyHex === publicKeyHex);
  const officer = officers.find((one) => one.publicKeyHex === publicKeyHex);
  return grant?.actor ?? officer?.actor ?? `${publicKeyHex.slice(2, 10)} …`;
}
