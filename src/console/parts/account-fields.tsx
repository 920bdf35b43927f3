import { normaliseNumber } from '../../lib/number-text.ts';
import { t } from '../i18n/index.ts';
import { TextField } from './field.tsx';

export interface AccountDraft {
  number: string;
  name: string;
  contact: string;
}

export type AccountProblems = Partial<Record<keyof AccountDraft, string>>;

const numberPattern = /^[0-9A-Z]{1,64}$/;

export function checkAccount(account: AccountDraft): AccountProblems {
  const problems: AccountProblems = {};
  if (!numberPattern.test(normaliseNumber(account.number))) {
    problems.number = t('account.number.wrong');
  }
  if (account.name.trim() === '') problems.name = t('field.required');
  if (account.contact.trim() === '') problems.contact = t('field.required');
  return problems;
}

/** As it is sent: without what people type between the figures and around the words. */
export function cleanAccount(account: AccountDraft): AccountDraft {
  return {
    number: normaliseNumber(account.number),
    name: account.name.trim(),
    contact: account.contact.trim(),
  };
}

export function AccountFields(props: {
  value: AccountDraft;
  onChange: (account: AccountDraft) => void;
  problems: AccountProblems;
}) {
  const { value } = props;
  return (
    <div class="fields">
      <TextField
        label={t('account.number')}
        value={value.number}
        wrong={props.problems.number}
        onInput={(number) => props.onChange({ ...value, number })}
        required
        mono
      />
      <TextField
        label={t('account.name')}
        value={value.name}
        wrong={props.problems.name}
        onInput={(name) => props.onChange({ ...value, name })}
        required
      />
      <TextField
        label={t('account.contact')}
        value={value.contact}
        wrong={props.problems.contact}
        onInput={(contact) => props.onChange({ ...value, contact })}
        required
      />
    </div>
  );
}
