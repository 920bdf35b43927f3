import { useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';

/** A button for what cannot be undone: the first press says what will be lost. */
export function Sure(props: { label: string; warning: string; busy: boolean; onDo: () => void }) {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <button type="button" class="btn danger" onClick={() => setAsked(true)}>
        {props.label}
      </button>
    );
  }
  return (
    <div class="sure" role="alert">
      <p>{props.warning}</p>
      <button type="button" class="btn quiet" onClick={() => setAsked(false)}>
        {t('action.cancel')}
      </button>
      <button type="button" class="btn danger" aria-busy={props.busy} onClick={props.onDo}>
        {props.label}
      </button>
    </div>
  );
}
