import type { Certificate, CertificateApplication } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { language, maybe, t } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { Status, type Tone } from './chip.tsx';
import { Facts } from './page.tsx';

const certificateTones: Record<Certificate['state'], Tone> = {
  prepared: 'run',
  frozen: 'wait',
  active: 'ok',
  suspended: 'wait',
  revoked: 'no',
};

/** A revocation says more than an end, which is no move and stands in no ledger. */
export function isExpired({ state, notAfter }: Certificate): boolean {
  return state !== 'revoked' && Date.parse(notAfter) < Date.now();
}

export function CertificateStatus({ item, chip }: { item: Certificate; chip?: boolean }) {
  if (isExpired(item)) {
    return (
      <Status tone="off" chip={chip ?? false}>
        {t('certificate.expired')}
      </Status>
    );
  }
  return (
    <Status tone={certificateTones[item.state]} chip={chip ?? false}>
      {t(`certificate.state.${item.state}`)}
    </Status>
  );
}

const applicationTones: Record<CertificateApplication['state'], Tone> = {
  submitted: 'wait',
  identified: 'wait',
  approved: 'run',
  issued: 'ok',
  rejected: 'no',
  withdrawn: 'off',
};

export function ApplicationStatus({
  item,
  chip,
}: {
  item: CertificateApplication;
  chip?: boolean;
}) {
  return (
    <Status tone={applicationTones[item.state]} chip={chip ?? false}>
      {t(`application.state.${item.state}`)}
    </Status>
  );
}

type Settings = NonNullable<Certificate['settings']>;

const permissionWords = (items: Settings['permissions']) =>
  items.map((item) => t(`permission.${item}`)).join(' · ') || t('certificate.nothing');

/** What was granted, or with `wish` what was asked for. */
export function SettingsFacts(props: {
  settings: Pick<Settings, 'permissions' | 'limits' | 'role'> & Partial<Settings>;
  reasons?: readonly string[];
}) {
  const { settings, reasons = [] } = props;
  const lines: [string, string][] = [
    [t('settings.role'), t(`settings.role.${settings.role}`)],
    [t('settings.permissions'), permissionWords(settings.permissions)],
    ...settings.limits.map((limit): [string, string] => [
      t(`channel.${limit.channel}`),
      t('settings.limit', {
        single: formatMoney(Number(limit.single), limit.currency, language.value),
        daily: formatMoney(Number(limit.daily), limit.currency, language.value),
        count: limit.count,
      }),
    ]),
  ];
  if (settings.tier !== undefined) lines.unshift([t('settings.tier'), String(settings.tier)]);
  if (settings.validTo !== undefined) {
    lines.push([t('settings.until'), formatMoment(settings.validTo)]);
  }
  if (reasons.length > 0) {
    const words = reasons.map((code) => maybe(`settings.reason.${code}`) ?? code);
    lines.push([t('settings.reasons'), words.join(' · ')]);
  }
  return <Facts items={lines} />;
}
