import type { ComponentChildren } from 'preact';
import type { ApiError } from '../../client/index.ts';
import { type Key, t } from '../i18n/index.ts';
import { Refusal } from './states.tsx';

/**
 * A form that writes one thing: what was refused stands above its fields, and `wide` ones fill the
 * page in two columns.
 */
export function FormFrame(props: {
  wide?: boolean;
  /** Said when it was refused, with the reason. */
  what: Key | { readonly said: string };
  error: ApiError | undefined;
  retry?: () => void;
  onSubmit: () => void;
  children: ComponentChildren;
}) {
  const { wide = false, what, error, retry } = props;
  const refusal = error && <Refusal what={what} error={error} {...(retry ? { retry } : {})} />;
  return (
    <form
      class={wide ? 'body columns' : 'stack'}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {refusal && (wide ? <div class="across">{refusal}</div> : refusal)}
      {props.children}
    </form>
  );
}

/** The way out of a form, to a page or back, and the one thing that it does. */
export function FormFoot(props: {
  cancel: string | (() => void);
  submit: string;
  busy: boolean;
  /** Where the page listens to Ctrl and Enter. */
  hasKey?: boolean;
}) {
  const { cancel } = props;
  return (
    <div class="foot">
      {typeof cancel === 'string' ? (
        <a class="btn quiet" href={cancel}>
          {t('action.cancel')}
        </a>
      ) : (
        <button type="button" class="btn quiet" onClick={cancel}>
          {t('action.cancel')}
        </button>
      )}
      <button type="submit" class="btn primary" aria-busy={props.busy}>
        {props.submit} {props.hasKey && <kbd>Ctrl ↵</kbd>}
      </button>
    </div>
  );
}
