import { useState } from 'preact/hooks';
import type { WebhookSecret } from '../../client/index.ts';
import { TextField } from '../parts/field.tsx';
import { FormFrame } from '../parts/form-frame.tsx';
import { client } from '../session.ts';
import { useWrite } from '../write.ts';
import { w } from './words.ts';

const actionPattern = /^(?:\*|[a-z][a-z_]*(?:\.[a-z][a-z_]*)*(?:\.\*)?)$/;
const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

/** Asks where to, and about what. */
export function NewWebhook({ onMade }: { onMade: (made: WebhookSecret) => void }) {
  const [url, setUrl] = useState('');
  const [actions, setActions] = useState('*');
  const [tried, setTried] = useState(false);
  const chosen = wordsOf(actions);
  const isAddress = URL.canParse(url);
  const isChosen = chosen.length > 0 && chosen.every((word) => actionPattern.test(word));
  const create = useWrite<{ url: string; actions: string[] }>(async (draft) =>
    onMade(await client.webhooks.create(draft)),
  );
  return (
    <FormFrame
      what={{ said: w('refused') }}
      error={create.error}
      onSubmit={() => {
        setTried(true);
        if (isAddress && isChosen) void create.run({ url, actions: chosen });
      }}
    >
      <TextField
        label={w('address')}
        value={url}
        onInput={setUrl}
        hint={w('address.hint')}
        wrong={tried && !isAddress ? w('address.wrong') : undefined}
        mono
        required
      />
      <TextField
        label={w('actions')}
        value={actions}
        onInput={setActions}
        hint={w('actions.hint')}
        wrong={tried && !isChosen ? w('actions.wrong') : undefined}
        mono
        required
      />
      <div class="acts">
        <button type="submit" class="btn primary" aria-busy={create.busy}>
          {w('add')}
        </button>
      </div>
    </FormFrame>
  );
}

export function SecretOnce({ made, onDone }: { made: WebhookSecret; onDone: () => void }) {
  return (
    <>
      <p role="status">{w('secret.once')}</p>
      <code class="secret-once">{made.secret}</code>
      <p class="small muted">{w('secret.how')}</p>
      <div class="acts">
        <button type="button" class="btn primary" onClick={onDone}>
          {w('kept')}
        </button>
      </div>
    </>
  );
}
