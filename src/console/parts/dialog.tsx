import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n/index.ts';

export function Dialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // The close event comes in a task of its own (HTML §4.11.4), when the dialog may be open again.
  const closedHere = useRef(0);
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (props.open) shown?.showModal();
    else if (shown?.open) {
      closedHere.current++;
      shown.close();
    }
  }, [props.open]);
  return (
    <dialog
      ref={dialog}
      aria-label={props.title}
      // Esc closes as our buttons do. Where the browser does not ask first, only the event comes.
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClose={() => {
        if (closedHere.current > 0) closedHere.current--;
        else props.onClose();
      }}
      // A press outside the box lands on the dialog itself. Keyboards have Esc.
      onMouseDown={(event) => {
        if (event.target === dialog.current) props.onClose();
      }}
    >
      {props.open && (
        <div class="box">
          <header>
            <h2>{props.title}</h2>
            <span class="grow" />
            <button type="button" class="btn quiet" onClick={props.onClose}>
              {t('action.close')} <kbd>Esc</kbd>
            </button>
          </header>
          {props.children}
        </div>
      )}
    </dialog>
  );
}

/** The two ways out of a dialog that asks whether to do something. */
export function DialogActs(props: {
  label: string;
  onDo: () => void;
  onCancel: () => void;
  danger?: boolean;
  busy?: boolean;
  disabled?: boolean;
}) {
  return (
    <div class="acts">
      <button type="button" class="btn" onClick={props.onCancel}>
        {t('action.cancel')}
      </button>
      <button
        type="button"
        class={props.danger ? 'btn danger' : 'btn primary'}
        disabled={props.disabled}
        aria-busy={props.busy}
        onClick={props.onDo}
      >
        {props.label}
      </button>
    </div>
  );
}
