import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Glyph } from './glyph.tsx';

/**
 * Label above, hint below; a mistake replaces the hint, in words with an example. `wrong` is given
 * after the field was left, never while typing.
 */
export function Field(props: {
  label: string;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  class?: string;
  children: (ids: {
    id: string;
    'aria-describedby': string;
    'aria-invalid': boolean;
  }) => ComponentChildren;
}) {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div class={`field ${props.class ?? ''}`}>
      <label for={id}>{props.label}</label>
      {props.children({
        id,
        'aria-describedby': noteId,
        'aria-invalid': props.wrong !== undefined,
      })}
      <div id={noteId} class={props.wrong ? 'wrong' : 'hint'}>
        {props.wrong ? (
          <>
            <Glyph name="no" /> {props.wrong}
          </>
        ) : (
          props.hint
        )}
      </div>
    </div>
  );
}

export function TextField(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  onBlur?: () => void;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  placeholder?: string;
  type?: 'text' | 'date';
  mono?: boolean;
  numeric?: boolean;
  required?: boolean;
  class?: string;
}) {
  return (
    <Field
      label={props.label}
      hint={props.hint}
      wrong={props.wrong}
      {...(props.class ? { class: props.class } : {})}
    >
      {(ids) => {
        const common = {
          ...ids,
          class: `input${props.mono ? ' mono' : ''}${props.numeric ? ' num' : ''}`,
          value: props.value,
          autocomplete: 'off',
          'aria-required': props.required ?? false,
          onInput: (event: InputEvent & { currentTarget: HTMLInputElement }) =>
            props.onInput(event.currentTarget.value),
          onBlur: () => props.onBlur?.(),
        } as const;
        if (props.type === 'date') return <input type="date" {...common} />;
        return (
          <input
            type="text"
            {...common}
            placeholder={props.placeholder ?? ''}
            inputMode={props.numeric ? 'decimal' : 'text'}
            spellcheck={false}
          />
        );
      }}
    </Field>
  );
}

export function SelectField<T extends string>(props: {
  label: string;
  value: T;
  options: readonly { value: T; text: string }[];
  onChange: (value: T) => void;
  hint?: ComponentChildren;
  class?: string;
}) {
  return (
    <Field label={props.label} hint={props.hint} {...(props.class ? { class: props.class } : {})}>
      {(ids) => (
        <select
          {...ids}
          class="input"
          value={props.value}
          onChange={(event) => {
            const chosen = props.options.find((item) => item.value === event.currentTarget.value);
            if (chosen) props.onChange(chosen.value);
          }}
        >
          {props.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function PasswordField(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  onBlur?: () => void;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  /** A password that is chosen now, not one that is known. */
  isNew?: boolean;
}) {
  return (
    <Field label={props.label} hint={props.hint} wrong={props.wrong}>
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="password"
          autocomplete={props.isNew ? 'new-password' : 'current-password'}
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onBlur={() => props.onBlur?.()}
        />
      )}
    </Field>
  );
}
