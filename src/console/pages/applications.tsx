import { useState } from 'preact/hooks';
import type { CertificateApplication } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { ApplicationStatus, SettingsFacts } from '../parts/certificate-parts.tsx';
import { TextField } from '../parts/field.tsx';
import { type Column, ListTable } from '../parts/list-table.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { TierOverride } from '../parts/tier-override.tsx';
import { useResource } from '../resource.ts';
import { query, setParameter } from '../router.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

function columns(): readonly Column<CertificateApplication>[] {
  return [
    {
      title: t('certificate.subject'),
      wide: true,
      plain: true,
      cell: ({ id, subject }) => (
        <a href={`/certificates/applications/${id}`} lang="zh-CN">
          {subject.commonName}
        </a>
      ),
    },
    { title: t('certificate.kind'), cell: ({ kind }) => t(`certificate.kind.${kind}`) },
    { title: t('application.applicant'), cell: ({ applicant }) => applicant },
    {
      title: t('application.made'),
      class: 'date',
      cell: ({ createdAt }) => formatMoment(createdAt),
    },
    { title: t('field.state'), plain: true, cell: (item) => <ApplicationStatus item={item} /> },
  ];
}

/** Applications that wait for somebody, or that have come to their end. */
export function ApplicationsPage() {
  const stage = query.value.get('stage') === 'processed' ? 'processed' : 'pending';
  return (
    <>
      <PageHead
        title={t('applications.title')}
        crumbs={[{ text: t('certificates.title'), href: '/certificates' }]}
        actions={
          allows('applyCertificates') && (
            <a class="btn primary" href="/certificates/apply">
              {t('apply.title')}
            </a>
          )
        }
      />
      <div class="body">
        <Panel
          title={t(`applications.${stage}`)}
          flush
          aside={
            <fieldset class="seg" aria-label={t('field.state')}>
              {(['pending', 'processed'] as const).map((one) => (
                <button
                  type="button"
                  key={one}
                  aria-pressed={stage === one}
                  onClick={() => setParameter('stage', one)}
                >
                  {t(`applications.${one}`)}
                </button>
              ))}
            </fieldset>
          }
        >
          <Paged
            load={(cursor, signal) =>
              client.certificates.applications.list({ stage, cursor }, { signal })
            }
            inputs={[stage, identity.value?.id]}
            empty={<Empty title={t('applications.none')} hint={t('applications.none.hint')} />}
          >
            {(items) => <ListTable items={items} idOf={({ id }) => id} columns={columns()} />}
          </Paged>
        </Panel>
      </div>
    </>
  );
}

type Act = 'pass' | 'fail' | 'federated' | 'approve' | 'issue' | 'reject' | 'withdraw';
interface Draft {
  act: Act;
  words: string;
}

async function perform(id: string, { act, words }: Draft, key: string): Promise<void> {
  const { applications } = client.certificates;
  const write = { idempotencyKey: key };
  switch (act) {
    case 'pass':
    case 'fail':
      await applications.identify(id, { passed: act === 'pass', reference: words }, write);
      break;
    case 'federated':
      await applications.identify(id, { method: 'federated' }, write);
      break;
    case 'reject':
      await applications.reject(id, words, write);
      break;
    case 'approve':
      await applications.approve(id, write);
      break;
    case 'issue':
      await applications.issue(id, write);
      break;
    case 'withdraw':
      await applications.withdraw(id, write);
      break;
  }
}

/** What this person may do with an application in this state. */
function actsFor(item: CertificateApplication): readonly Act[] {
  const isOwn = item.applicant === identity.value?.id;
  const acts: Act[] = [];
  if (item.state === 'submitted' && !isOwn && allows('identifyApplicants')) {
    if (item.decidedTier !== undefined) acts.push('federated');
    acts.push('pass', 'fail');
  }
  if (item.state === 'identified' && !isOwn && allows('approveCertificates')) {
    // A tier that was proposed is settled first.
    if (!item.override || item.override.checker) acts.push('approve');
    acts.push('reject');
  }
  if (item.state === 'approved' && allows('approveCertificates')) {
    acts.push('issue');
    // Its key may have got another certificate meanwhile: then it can only be closed.
    if (!isOwn) acts.push('reject');
  }
  if (isOwn && openStates.includes(item.state)) acts.push('withdraw');
  return acts;
}

const openStates: readonly CertificateApplication['state'][] = [
  'submitted',
  'identified',
  'approved',
];

const needsWords: readonly Act[] = ['pass', 'fail', 'reject'];

function Decide({ item, reload }: { item: CertificateApplication; reload: () => void }) {
  const [words, setWords] = useState('');
  const [checked, setChecked] = useState(false);
  const acts = actsFor(item);
  const write = useWrite<Draft>(async (draft, keyFor) => {
    await perform(item.id, draft, keyFor(draft.act));
    showToast({ text: t(`application.done.${draft.act}`) });
    setWords('');
    setChecked(false);
    reload();
  });
  if (acts.length === 0) return null;
  const isNeeded = acts.some((act) => needsWords.includes(act));
  function run(act: Act) {
    setChecked(true);
    if (needsWords.includes(act) && words.trim() === '') return;
    void write.run({ act, words: words.trim() });
  }
  return (
    <Panel title={t('application.decide')}>
      {write.error && <Refusal what="application.not-done" error={write.error} />}
      {isNeeded && (
        <TextField
          label={t(item.state === 'submitted' ? 'application.reference' : 'application.reason')}
          hint={t(
            item.state === 'submitted' ? 'application.reference.hint' : 'application.reason.hint',
          )}
          value={words}
          onInput={setWords}
          wrong={checked && words.trim() === '' ? t('application.words.missing') : undefined}
        />
      )}
      <div class="foot">
        {acts.map((act, i) => (
          <button
            type="button"
            key={act}
            class={i === 0 ? 'btn primary' : 'btn'}
            aria-busy={write.busy}
            onClick={() => run(act)}
          >
            {t(`application.act.${act}`)}
          </button>
        ))}
      </div>
    </Panel>
  );
}

export function ApplicationPage({ id }: { id: string }) {
  const [resource, reload] = useResource(
    (signal) => client.certificates.applications.get(id, { signal }),
    [id, identity.value?.id],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(item) => (
        <>
          <PageHead
            title={item.subject.commonName}
            isName
            crumbs={[{ text: t('applications.title'), href: '/certificates/applications' }]}
            state={<ApplicationStatus item={item} chip />}
            facts={
              <>
                <span>{t(`certificate.kind.${item.kind}`)}</span>
                <span>
                  {t('application.applicant')} {item.applicant}
                </span>
                <span>{formatMoment(item.createdAt)}</span>
              </>
            }
          />
          <div class="body">
            <Decide item={item} reload={reload} />
            <TierOverride item={item} reload={reload} />
            <Panel title={t('application.wished')}>
              <SettingsFacts settings={item.requested} />
            </Panel>
            {item.decision && (
              <Panel title={t('application.granted')}>
                <SettingsFacts settings={item.decision.settings} reasons={item.decision.reasons} />
              </Panel>
            )}
            <Panel title={t('application.way')}>
              <Facts items={wayOf(item)} />
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}

function wayOf(item: CertificateApplication) {
  const { identity: found } = item;
  const identityText =
    found &&
    `${t(found.passed ? 'application.identity.yes' : 'application.identity.no')} · ${found.reference} · ${found.by} · ${formatMoment(found.at)}`;
  return [
    ...(item.notAfter ? [[t('application.end'), formatMoment(item.notAfter)] as const] : []),
    ...(item.decidedTier === undefined
      ? []
      : [
          [
            t('application.scored'),
            t('application.scored.tier', { tier: item.decidedTier }),
          ] as const,
        ]),
    [t('application.identity'), identityText ?? t('application.identity.open')],
    [t('application.by'), item.decidedBy ?? '–'],
    ...(item.reason ? [[t('application.reason'), item.reason] as const] : []),
    [
      t('certificates.title'),
      item.certificates.length === 0
        ? '–'
        : item.certificates.map((serial) => (
            <a key={serial} class="mono" href={`/certificates/${serial}`}>
              {serial.slice(0, 12)}{' '}
            </a>
          )),
    ],
  ] as const;
}
