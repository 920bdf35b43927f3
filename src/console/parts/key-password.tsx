import { t } from '../i18n/index.ts';
import { PasswordField } from './field.tsx';

const lengthMin = 12;

/** Whether a password may protect a private key. */
export const isKeyPassword = (password: string) => password.length >= lengthMin;

/** The password under which the private key is saved; `isChecked` says whether to find fault yet. */
export function KeyPassword(props: {
  value: string;
  onInput: (value: string) => void;
  isChecked: boolean;
  onBlur?: () => void;
}) {
  const isWrong = props.isChecked && !isKeyPassword(props.value);
  return (
    <PasswordField
      label={t('apply.password')}
      hint={t('apply.password.hint')}
      wrong={isWrong ? t('apply.password.short') : undefined}
      isNew
      value={props.value}
      onInput={props.onInput}
      onBlur={() => props.onBlur?.()}
    />
  );
}
