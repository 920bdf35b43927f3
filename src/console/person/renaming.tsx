import { useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { TextField } from '../parts/field.tsx';
import { p } from './words.ts';

/** A name that its owner may change on the spot. */
export function Renaming(props: {
  label: string;
  busy: boolean;
  onRename: (label: string) => void;
}) {
  const [draft, setDraft] = useState<string | undefined>(undefined);
  if (draft === undefined) {
    return (
      <div class="row">
        <b class="grow">{props.label}</b>
        <button type="button" class="btn quiet" onClick={() => setDraft(props.label)}>
          {p('device.rename')}
        </button>
      </div>
    );
  }
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.trim() === '') return;
        props.onRename(draft.trim());
        setDraft(undefined);
      }}
    >
      <TextField label={p('device.label')} value={draft} onInput={setDraft} />
      <button type="button" class="btn quiet" onClick={() => setDraft(undefined)}>
        {t('action.cancel')}
      </button>
      <button type="submit" class="btn" aria-busy={props.busy}>
        {p('device.rename')}
      </button>
    </form>
  );
}
