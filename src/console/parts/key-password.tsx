import { t } from '../i18n/index.ts';
import { Field } from './field.tsx';

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
    <Field
      label={t('apply.password')}
      hint={t('apply.password.hint')}
      wrong={isWrong ? t('apply.password.short') : undefined}
    >
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="password"
          autocomplete="new-password"
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onBlur={() => props.onBlur?.()}
        />
      )}
    </Field>
  );
}
