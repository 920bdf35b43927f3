import type { ComponentChildren } from 'preact';
import type { ApiError } from '../../client/index.ts';
import { type Key, t } from '../i18n/index.ts';
import { Refusal } from './states.tsx';

const layouts = { stack: 'stack', narrow: 'body narrow', columns: 'body columns' } as const;

/**
 * A form that writes one thing: what was refused stands above its fields. In a dialog it is a
 * `stack`; on a page of its own it is `narrow`, or fills the page in two `columns`.
 */
export function FormFrame(props: {
  layout?: keyof typeof layouts;
  /** Said when it was refused, with the reason. */
  what: Key | { readonly said: string };
  error: ApiError | undefined;
  retry?: () => void;
  onSubmit: () => void;
  children: ComponentChildren;
}) {
  const { layout = 'stack', what, error, retry } = props;
  const refusal = error && <Refusal what={what} error={error} {...(retry ? { retry } : {})} />;
  return (
    <form
      class={layouts[layout]}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {refusal && (layout === 'columns' ? <div class="across">{refusal}</div> : refusal)}
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
