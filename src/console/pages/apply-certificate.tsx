import { useState } from 'preact/hooks';
import type { NewCertificateApplication } from '../../client/index.ts';
import { t } from '../i18n/index.ts';
import { parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { isRequest, KeyRequest } from '../parts/key-request.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { navigate } from '../router.ts';
import { allows, client } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

type Permission = NewCertificateApplication['requested']['permissions'][number];
type SettingsRole = NewCertificateApplication['requested']['role'];

type Kind = Exclude<NewCertificateApplication['kind'], 'institution'>;

const kinds: readonly Kind[] = ['person', 'terminal', 'service'];
const allPermissions: readonly Permission[] = [
  'view',
  'make',
  'check',
  'payroll',
  'fx',
  'authorise',
];
const settingsRoles: readonly SettingsRole[] = ['viewer', 'maker', 'checker', 'authoriser'];

/** How long each kind is in force unless its applicant wants less. */
const daysOf: Readonly<Record<Kind, number>> = { person: 365, terminal: 90, service: 90 };
const dayMs = 24 * 60 * 60 * 1000;

/** The last moment of a day here. */
const endOf = (date: string) => new Date(`${date}T23:59:59`);

function isEndInReach({ kind, end }: Draft): boolean {
  const aheadMs = endOf(end).getTime() - Date.now();
  return aheadMs > 0 && aheadMs <= daysOf[kind] * dayMs;
}

interface Draft {
  kind: Kind;
  algorithm: 'sm2' | 'p256';
  commonName: string;
  organization: string;
  dnsNames: string;
  /** A day, or nothing. */
  end: string;
  request: string;
  role: SettingsRole;
  permissions: readonly Permission[];
  single: string;
  daily: string;
}

const empty: Draft = {
  kind: 'person',
  algorithm: 'sm2',
  commonName: '',
  organization: '',
  dnsNames: '',
  end: '',
  request: '',
  role: 'maker',
  permissions: ['view', 'make'],
  single: '50000',
  daily: '200000',
};

/** The mistakes of a draft, by field. */
function mistakes(draft: Draft): Partial<Record<keyof Draft, string>> {
  const missing = t('apply.missing');
  const wrong: Partial<Record<keyof Draft, string>> = {};
  if (draft.commonName.trim() === '') wrong.commonName = missing;
  if (draft.kind !== 'person' && draft.organization.trim() === '') wrong.organization = missing;
  if (draft.kind === 'service' && draft.dnsNames.trim() === '') wrong.dnsNames = missing;
  if (draft.end !== '' && !isEndInReach(draft)) {
    wrong.end = t('apply.end.wrong', { days: daysOf[draft.kind] });
  }
  if (!isRequest(draft.request)) wrong.request = t('apply.request.missing');
  for (const name of ['single', 'daily'] as const) {
    if (parseAmount(draft[name], 'CNY') === undefined) wrong[name] = t('apply.amount.wrong');
  }
  return wrong;
}

function bodyOf(draft: Draft): NewCertificateApplication {
  const organization = draft.organization.trim();
  const amount = (text: string) => String(parseAmount(text, 'CNY') ?? 0);
  return {
    kind: draft.kind,
    algorithm: draft.algorithm,
    subject: {
      commonName: draft.commonName.trim(),
      country: 'CN',
      ...(organization === '' ? {} : { organization }),
    },
    dnsNames: draft.kind === 'service' ? draft.dnsNames.trim().split(/[\s,]+/) : [],
    request: draft.request.trim(),
    ...(draft.end === '' ? {} : { notAfter: endOf(draft.end).toISOString() }),
    requested: {
      role: draft.role,
      permissions: [...draft.permissions],
      limits: [
        {
          channel: 'online',
          currency: 'CNY',
          single: amount(draft.single),
          daily: amount(draft.daily),
          count: 100,
        },
      ],
    },
  };
}

function Wishes({ draft, change, wrong }: FieldsProps) {
  return (
    <Panel title={t('application.wished')}>
      <SelectField
        label={t('settings.role')}
        value={draft.role}
        options={settingsRoles.map((value) => ({ value, text: t(`settings.role.${value}`) }))}
        onChange={(role) => change({ role })}
      />
      <fieldset class="field">
        <legend>{t('settings.permissions')}</legend>
        {allPermissions.map((item) => (
          <label key={item} class="check">
            <input
              type="checkbox"
              checked={draft.permissions.includes(item)}
              onChange={() =>
                change({
                  permissions: allPermissions.filter((one) =>
                    one === item
                      ? !draft.permissions.includes(one)
                      : draft.permissions.includes(one),
                  ),
                })
              }
            />{' '}
            {t(`permission.${item}`)}
          </label>
        ))}
      </fieldset>
      <TextField
        label={t('apply.single')}
        numeric
        value={draft.single}
        onInput={(single) => change({ single })}
        wrong={wrong.single}
      />
      <TextField
        label={t('apply.daily')}
        numeric
        value={draft.daily}
        onInput={(daily) => change({ daily })}
        wrong={wrong.daily}
      />
    </Panel>
  );
}

interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  wrong: Partial<Record<keyof Draft, string>>;
}

function Subject({ draft, change, wrong }: FieldsProps) {
  return (
    <Panel title={t('apply.subject')}>
      <SelectField
        label={t('certificate.kind')}
        value={draft.kind}
        options={kinds.map((value) => ({ value, text: t(`certificate.kind.${value}`) }))}
        onChange={(kind) => change({ kind })}
        hint={t(`apply.kind.${draft.kind}`)}
      />
      {allows('governKeys') && (
        <p class="small muted">
          <a href="/institutions">{t('apply.kind.institution')}</a>
        </p>
      )}
      <SelectField
        label={t('certificate.algorithm')}
        value={draft.algorithm}
        options={[
          { value: 'sm2', text: 'SM2 · SM3' },
          { value: 'p256', text: 'P-256 · SHA-256' },
        ]}
        onChange={(algorithm) => change({ algorithm })}
      />
      <TextField
        label={t('certificate.subject')}
        required
        value={draft.commonName}
        onInput={(commonName) => change({ commonName })}
        wrong={wrong.commonName}
      />
      <TextField
        label={t('apply.organization')}
        value={draft.organization}
        onInput={(organization) => change({ organization })}
        wrong={wrong.organization}
      />
      {draft.kind === 'service' && (
        <TextField
          label={t('apply.dns')}
          mono
          value={draft.dnsNames}
          placeholder="api.bank.example"
          onInput={(dnsNames) => change({ dnsNames })}
          wrong={wrong.dnsNames}
        />
      )}
      <TextField
        label={t('apply.end')}
        type="date"
        hint={t('apply.end.hint', { days: daysOf[draft.kind] })}
        value={draft.end}
        onInput={(end) => change({ end })}
        wrong={wrong.end}
      />
    </Panel>
  );
}

export function ApplyCertificatePage() {
  const [draft, setDraft] = useState<Draft>(empty);
  const [checked, setChecked] = useState(false);
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const wrong = checked ? mistakes(draft) : {};
  const write = useWrite<Draft>(async (sent, keyFor) => {
    const made = await client.certificates.applications.create(bodyOf(sent), {
      idempotencyKey: keyFor('apply'),
    });
    showToast({ text: t('apply.done') });
    navigate(`/certificates/applications/${made.id}`);
  });
  function submit() {
    setChecked(true);
    if (Object.keys(mistakes(draft)).length === 0) void write.run(draft);
  }
  return (
    <>
      <PageHead
        title={t('apply.title')}
        crumbs={[{ text: t('certificates.title'), href: '/certificates' }]}
      />
      <FormFrame
        layout="narrow"
        what="apply.not-made"
        error={write.error}
        retry={submit}
        onSubmit={submit}
      >
        <Subject draft={draft} change={change} wrong={wrong} />
        <Panel title={t('apply.key')}>
          <KeyRequest
            algorithm={draft.algorithm}
            request={draft.request}
            onRequest={(request) => change({ request })}
            wrong={wrong.request}
          />
        </Panel>
        <Wishes draft={draft} change={change} wrong={wrong} />
        <div class="foot">
          <a class="btn quiet" href="/certificates">
            {t('action.cancel')}
          </a>
          <button type="submit" class="btn primary" aria-busy={write.busy}>
            {t('apply.send')}
          </button>
        </div>
      </FormFrame>
    </>
  );
}
