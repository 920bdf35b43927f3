import { useState } from 'preact/hooks';
import type { ListedPayee } from '../../client/index.ts';
import { normaliseNumber } from '../../lib/number-text.ts';
import { formatMoment, inFours } from '../format.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Refusal } from '../parts/states.tsx';
import { q } from '../pay/words.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

type Listing = ListedPayee['listed'];

interface Draft {
  readonly account: string;
  readonly listed: Listing;
  readonly reason: string;
}

/** Accounts that are watched, and those that cannot be paid. */
export function Payees() {
  const [round, setRound] = useState(0);
  const [draft, setDraft] = useState<Draft>({ account: '', listed: 'watched', reason: '' });
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const save = useWrite<Draft>(async (sent, keyFor) => {
    const account = normaliseNumber(sent.account);
    await client.listedPayees.put({ ...sent, account }, { idempotencyKey: keyFor('payee') });
    showToast({ text: q('payees.saved') });
    setRound((n) => n + 1);
    change({ account: '', reason: '' });
  });
  const isReady = draft.account.trim() !== '' && draft.reason.trim() !== '';
  return (
    <>
      <Panel title={q('payees.set')}>
        {save.error && <Refusal what={{ said: q('payees.not-saved') }} error={save.error} />}
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) void save.run({ ...draft, reason: draft.reason.trim() });
          }}
        >
          <TextField
            label={q('pay.account')}
            mono
            value={draft.account}
            onInput={(account) => change({ account })}
          />
          <SelectField
            label={q('payees.listing')}
            value={draft.listed}
            options={(['watched', 'blocked', 'none'] as const).map((value) => ({
              value,
              text: q(`payees.${value}`),
            }))}
            onChange={(listed) => change({ listed })}
          />
          <TextField
            label={q('payees.reason')}
            value={draft.reason}
            onInput={(reason) => change({ reason })}
          />
          <button type="submit" class="btn primary" aria-disabled={!isReady} aria-busy={save.busy}>
            {q('payees.set')}
          </button>
        </form>
      </Panel>
      {(['watched', 'blocked'] as const).map((listed) => (
        <Panel key={listed} title={q(`payees.${listed}`)} flush>
          <Paged
            load={(cursor, signal) => client.listedPayees.list({ listed, cursor }, { signal })}
            inputs={[round, identity.value?.id]}
            empty={<Empty title={q('payees.empty')} hint={q('payees.empty.hint')} />}
          >
            {(items) => (
              <ul class="cards">
                {items.map((item) => (
                  <li key={item.account}>
                    <div class="row">
                      <b class="mono grow">{inFours(item.account)}</b>
                      <span>{item.reason}</span>
                    </div>
                    <p class="small muted">
                      {item.listedBy} · {formatMoment(item.listedAt)}
                    </p>
                  </li>
                ))}
              </ul>
            )}
          </Paged>
        </Panel>
      ))}
    </>
  );
}
