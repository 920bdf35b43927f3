import { useRef, useState } from 'preact/hooks';
import type { ApiError, Certificate, CertificateRevocation } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { maybe, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { CertificateStatus, isExpired, SettingsFacts } from '../parts/certificate-parts.tsx';
import { canHavePkcs12, Pkcs12Panel } from '../parts/certificate-pkcs12.tsx';
import { RenewalPanel } from '../parts/certificate-renewal.tsx';
import { Evidence } from '../parts/evidence.tsx';
import { SelectField } from '../parts/field.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { allows, client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

type Move = 'thaw' | 'freeze' | 'revoke';
type Reason = CertificateRevocation['reason'];

const reasons: readonly Reason[] = [
  'privilegeWithdrawn',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
];

const movesOf: Record<Certificate['state'], readonly Move[]> = {
  prepared: [],
  frozen: ['revoke', 'thaw'],
  active: ['revoke', 'freeze'],
  suspended: ['revoke', 'thaw'],
  revoked: [],
};

/** Frozen, thawed, set, delivered: how far it is. */
function Path({ certificate }: { certificate: Certificate }) {
  const order = ['none', 'thawed', 'set', 'delivered'] as const;
  const reached = certificate.state === 'prepared' ? -1 : order.indexOf(certificate.delivery);
  const steps = ['frozen', 'thawed', 'set', 'delivered'] as const;
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li key={step} class={i <= reached ? 'done' : ''}>
          <Glyph name={i <= reached ? 'ok' : 'todo'} />
          <b>{t(`certificate.step.${step}`)}</b>
        </li>
      ))}
    </ol>
  );
}

/** Asks before anything that others rely on changes. */
function Confirm(props: {
  move: Move;
  busy: boolean;
  onCancel: () => void;
  onDo: (reason: Reason) => void;
}) {
  const [reason, setReason] = useState<Reason>('privilegeWithdrawn');
  return (
    <form
      class="in"
      onSubmit={(event) => {
        event.preventDefault();
        props.onDo(reason);
      }}
    >
      <p>{t(`certificate.confirm.${props.move}`)}</p>
      {props.move === 'revoke' && (
        <SelectField
          label={t('certificate.reason')}
          value={reason}
          options={reasons.map((value) => ({ value, text: t(`revocation.${value}`) }))}
          onChange={setReason}
        />
      )}
      <div class="foot">
        <button type="button" class="btn quiet" onClick={props.onCancel}>
          {t('action.cancel')}
        </button>
        <button type="submit" class="btn primary" aria-busy={props.busy}>
          {t(`certificate.${props.move}`)}
        </button>
      </div>
    </form>
  );
}

/** The steps of the verification that a thaw was refused for. */
function RefusedSteps({ error }: { error: ApiError }) {
  if (error.code !== 'thaw_refused') return null;
  return (
    <ul class="small">
      {error.fields.map(({ pointer, code }) => (
        <li key={pointer}>
          {maybe(`evidence.${pointer.slice('/evidence/'.length)}`) ?? pointer}:{' '}
          {maybe(`evidence.code.${code}`) ?? code}
        </li>
      ))}
    </ul>
  );
}

function Detail({ certificate, reload }: { certificate: Certificate; reload: () => void }) {
  const [asked, setAsked] = useState<Move | 'renew' | 'pkcs12' | undefined>(undefined);
  const verifyButton = useRef<{ run: () => void } | undefined>(undefined);
  const { serial, subject } = certificate;
  const move = useWrite<{ move: Move; reason: Reason }>(async (draft, keyFor) => {
    const write = { idempotencyKey: keyFor(draft.move) };
    if (draft.move === 'thaw') await client.certificates.thaw(serial, write);
    if (draft.move === 'freeze') await client.certificates.freeze(serial, write);
    if (draft.move === 'revoke') await client.certificates.revoke(serial, draft.reason, write);
    showToast({ text: t(`certificate.done.${draft.move}`) });
    setAsked(undefined);
    reload();
  });
  const deliver = useWrite<Record<string, never>>(async () => {
    const bundle = await client.certificates.bundle(serial);
    saveFile(`${serial.slice(0, 12)}.json`, `${JSON.stringify(bundle, null, 2)}\n`);
  });
  const isRenewable =
    certificate.delivery === 'delivered' &&
    certificate.state !== 'revoked' &&
    allows(certificate.keyId === undefined ? 'applyCertificates' : 'governKeys');
  const hasEnded = isExpired(certificate);
  const moves = allows('manageCertificates')
    ? movesOf[certificate.state].filter((one) => !hasEnded || one === 'revoke')
    : [];
  useKeys([
    { key: 'v', label: t('evidence.verify'), run: () => verifyButton.current?.run() },
    ...(certificate.delivery === 'delivered'
      ? [{ key: 'b', label: t('certificate.bundle'), run: () => void deliver.run({}) }]
      : []),
  ]);
  return (
    <>
      <PageHead
        title={subject.commonName}
        isName
        crumbs={[{ text: t('certificates.title'), href: '/certificates' }]}
        state={<CertificateStatus item={certificate} chip />}
        facts={
          <>
            <span>
              {t(`certificate.kind.${certificate.kind}`)} · {t(`purpose.${certificate.purpose}`)}
            </span>
            {subject.organization && <span lang="zh-CN">{subject.organization}</span>}
            <span>
              {t('certificate.until')} {formatMoment(certificate.notAfter)}
            </span>
          </>
        }
        actions={
          <>
            {certificate.delivery === 'delivered' && (
              <button
                type="button"
                class="btn"
                aria-busy={deliver.busy}
                onClick={() => void deliver.run({})}
              >
                {t('certificate.bundle')} <kbd>B</kbd>
              </button>
            )}
            {canHavePkcs12(certificate) && (
              <button type="button" class="btn" onClick={() => setAsked('pkcs12')}>
                {t('certificate.pkcs12')}
              </button>
            )}
            {isRenewable && certificate.keyId !== undefined && (
              <a class="btn" href={`/institution-keys/${certificate.keyId}`}>
                {t('certificate.renew.desk')}
              </a>
            )}
            {isRenewable && certificate.keyId === undefined && (
              <button
                type="button"
                class={hasEnded ? 'btn primary' : 'btn'}
                onClick={() => setAsked('renew')}
              >
                {t('certificate.renew')}
              </button>
            )}
            {moves.map((one, i) => (
              <button
                type="button"
                key={one}
                class={i === moves.length - 1 && !hasEnded ? 'btn primary' : 'btn'}
                onClick={() => setAsked(one)}
              >
                {t(`certificate.${one}`)}
              </button>
            ))}
          </>
        }
      />
      <div class="body">
        {hasEnded && (
          <p>{t(isRenewable ? 'certificate.ended.renew' : 'certificate.ended.apply')}</p>
        )}
        {move.error && (
          <>
            <Refusal what="certificate.not-moved" error={move.error} />
            <RefusedSteps error={move.error} />
          </>
        )}
        {deliver.error && <Refusal what="certificate.not-delivered" error={deliver.error} />}
        {asked === 'renew' && (
          <RenewalPanel certificate={certificate} onCancel={() => setAsked(undefined)} />
        )}
        {asked === 'pkcs12' && (
          <Pkcs12Panel certificate={certificate} onClose={() => setAsked(undefined)} />
        )}
        {asked && asked !== 'renew' && asked !== 'pkcs12' && (
          <Panel title={t(`certificate.${asked}`)} flush>
            <Confirm
              move={asked}
              busy={move.busy}
              onCancel={() => setAsked(undefined)}
              onDo={(reason) => void move.run({ move: asked, reason })}
            />
          </Panel>
        )}
        <Path certificate={certificate} />
        <Evidence
          serial={serial}
          ledgerSubject={certificate.ledgerSubject}
          key={certificate.changedAt}
          handle={verifyButton}
        />
        {certificate.settings && (
          <Panel title={t('settings.title')}>
            <SettingsFacts settings={certificate.settings} />
          </Panel>
        )}
        <Panel title={t('certificate.facts')}>
          <Facts items={factsOf(certificate)} />
        </Panel>
      </div>
    </>
  );
}

function factsOf(certificate: Certificate) {
  const mono = (text: string | undefined) => <span class="mono wrap">{text ?? '–'}</span>;
  const index = certificate.ledgerIndex;
  return [
    [t('certificate.serial'), mono(certificate.serial)],
    [t('certificate.algorithm'), certificate.algorithm === 'sm2' ? 'SM2 · SM3' : 'P-256 · SHA-256'],
    ['SM3', mono(certificate.sm3)],
    ['SHA-256', mono(certificate.sha256)],
    [t('certificate.ledger'), index === undefined ? '–' : mono(String(index))],
    [t('certificate.key'), certificate.keyId ? mono(certificate.keyId) : t('certificate.key.own')],
    [
      t('certificate.application'),
      <a key="a" href={`/certificates/applications/${certificate.applicationId}`}>
        {t('application.open')}
      </a>,
    ],
  ] as const;
}

export function CertificatePage({ serial }: { serial: string }) {
  const [resource, reload] = useResource(
    (signal) => client.certificates.get(serial, { signal }),
    [serial],
  );
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(certificate) => <Detail certificate={certificate} reload={reload} />}
    </Loaded>
  );
}
