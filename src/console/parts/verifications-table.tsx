import type { Verification } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { language, t } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { VerdictStatus } from './chip.tsx';
import { SealName } from './seal-name.tsx';

function lowest(verification: Verification): string {
  const [first, ...others] = verification.vendors;
  if (!first) return '—';
  const worst = others.reduce(
    (a, b) => (b.score - b.threshold < a.score - a.threshold ? b : a),
    first,
  );
  return `${worst.score.toFixed(3)} ${worst.match ? '≥' : '<'} ${worst.threshold.toFixed(3)}`;
}

/** One row a verification; the time is the link, and the whole row follows it for a mouse. */
export function VerificationsTable(props: { items: readonly Verification[] }) {
  return (
    <table class="table list">
      <thead>
        <tr>
          <th>{t('verification.time')}</th>
          <th class="wide">{t('verification.seal')}</th>
          <th class="num">{t('verification.amount')}</th>
          <th class="num">{t('verification.score')}</th>
          <th>{t('verification.verdict')}</th>
        </tr>
      </thead>
      <tbody>
        {props.items.map((item) => (
          <tr key={item.id}>
            <td class="date">
              <a class="whole" href={`/verifications/${item.id}`}>
                {formatMoment(item.createdAt)}
              </a>
            </td>
            <td class="cut" data-label={t('verification.seal')}>
              <SealName id={item.sealId} />
            </td>
            <td class="num nowrap" data-label={t('verification.amount')}>
              {formatMoney(item.amountMinor, item.currency, language.value)}
            </td>
            <td class="num nowrap" data-label={t('verification.score')}>
              {lowest(item)}
            </td>
            <td>
              <VerdictStatus verdict={item.verdict} chip />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
