import type { Payment } from '../../client/index.ts';
import { language } from '../i18n/index.ts';
import { formatMoney } from '../money.ts';
import { Glyph } from '../parts/glyph.tsx';
import { q } from './words.ts';

type Reason = Payment['assessment']['reasons'][number];

/** Rules that are the customer's own. Of all others it is only said that there are some. */
const ownRules = [
  'certificate_not_active',
  'over_single_limit',
  'over_daily_limit',
  'over_daily_count',
  'payee_blocked',
  'seal_refused',
  'biometric_refused',
  'second_person_impossible',
  'payee_new',
  'device_new',
  'hour_unusual',
  'amount_unusual',
  'amount_near_limit',
  'passkey_absent',
] as const;
type OwnRule = (typeof ownRules)[number];

const isOwn = (rule: Reason['rule']): rule is OwnRule =>
  (ownRules as readonly string[]).includes(rule);

/** Why a payment waits or ended, as far as that is the customer's to know. */
export function Reasons({ payment: { assessment, currency } }: { payment: Payment }) {
  const lines = assessment.reasons.map(({ rule, threshold }) =>
    isOwn(rule)
      ? q(`own.${rule}`, {
          limit: formatMoney(threshold, currency, language.value),
          count: threshold,
        })
      : q('own.other'),
  );
  return (
    <ul class="reasons-own">
      {[...new Set(lines)].map((line) => (
        <li key={line}>
          <Glyph name={assessment.verdict === 'terminate' ? 'no' : 'wait'} /> {line}
        </li>
      ))}
    </ul>
  );
}
