import { useState } from 'preact/hooks';
import { inLanguage, language, t } from '../i18n/index.ts';
import { type Currency, currencies, inCapitals, parseAmount } from '../money.ts';
import { identity } from '../session.ts';
import { SelectField, TextField } from './field.tsx';
import { Panel } from './page.tsx';

/** What a voucher says of money, as it is being typed. */
export interface VoucherDraft {
  readonly currency: Currency;
  readonly amount: string;
}

export const emptyVoucher: VoucherDraft = { currency: 'CNY', amount: '' };

function capitalsHint(amountMinor: number | undefined, currency: Currency): string {
  if (amountMinor === undefined) return t('verify.amount.hint');
  if (currency !== 'CNY') return '';
  return inCapitals(amountMinor);
}

/** Currency and amount of a voucher, and whose branch asks. `checked` shows what is missing. */
export function VoucherFields(props: {
  value: VoucherDraft;
  onChange: (draft: VoucherDraft) => void;
  checked: boolean;
}) {
  const { value, onChange, checked } = props;
  const { currency, amount } = value;
  const [left, setLeft] = useState(false);
  const amountMinor = parseAmount(amount, currency);
  const isWrong = (checked || (left && amount !== '')) && amountMinor === undefined;
  const branch = identity.value?.branch;
  return (
    <Panel title={t('verify.voucher')}>
      <div class="fields">
        <SelectField
          label={t('verify.currency')}
          value={currency}
          options={Object.keys(currencies).map((code) => ({
            // The keys of `currencies` are its currencies.
            value: code as Currency,
            text: code,
          }))}
          onChange={(chosen) => onChange({ ...value, currency: chosen })}
        />
        <TextField
          label={t('verify.amount')}
          value={amount}
          onInput={(text) => {
            onChange({ ...value, amount: text });
            setLeft(false);
          }}
          onBlur={() => setLeft(true)}
          hint={
            <span lang={language.value === 'en' && amountMinor ? 'zh-CN' : undefined}>
              {capitalsHint(amountMinor, currency)}
            </span>
          }
          wrong={isWrong ? t('verify.amount.wrong') : undefined}
          placeholder="0.00"
          numeric
          required
        />
      </div>
      {branch && (
        <p class="small faint">
          {inLanguage(branch)} <span class="mono">{branch.code}</span>
        </p>
      )}
    </Panel>
  );
}
