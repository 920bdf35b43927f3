import { useState } from 'preact/hooks';
import type { ListQuery, Page, ReadOptions, WriteOptions } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { q } from '../pay/words.ts';
import { identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { Status } from './chip.tsx';
import { TextField } from './field.tsx';
import { Panel } from './page.tsx';
import { Paged } from './paged.tsx';
import { Empty, Refusal } from './states.tsx';

interface Change {
  readonly id: string;
  readonly state: 'proposed' | 'approved' | 'rejected';
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly decision?: { readonly by: string; readonly reason: string } | undefined;
}

/** The service's calls for one kind of policy. */
interface Desk {
  changes(query: ListQuery, read?: ReadOptions): Promise<Page<Change>>;
  decide(
    id: string,
    decision: { decision: 'approve' | 'reject'; reason: string },
    options?: WriteOptions,
  ): Promise<Change>;
}

const tones = { proposed: 'wait', approved: 'ok', rejected: 'no' } as const;

/** Everything that was proposed, and for whoever did not propose it, the decision. */
export function PolicyChanges(props: { desk: Desk; round: number; onDecided: () => void }) {
  const { desk, round, onDecided } = props;
  return (
    <Panel title={q('changes.title')} flush>
      <Paged
        load={(cursor, signal) => desk.changes({ cursor }, { signal })}
        inputs={[round, identity.value?.id]}
        empty={<Empty title={q('changes.none')} hint={q('changes.none.hint')} />}
      >
        {(items) => (
          <ul class="cards">
            {items.map((item) => (
              <OneChange key={item.id} desk={desk} item={item} onDecided={onDecided} />
            ))}
          </ul>
        )}
      </Paged>
    </Panel>
  );
}

function OneChange(props: { desk: Desk; item: Change; onDecided: () => void }) {
  const { desk, item, onDecided } = props;
  const [reason, setReason] = useState('');
  const decide = useWrite<{ decision: 'approve' | 'reject'; reason: string }>(
    async (draft, keyFor) => {
      const write = { idempotencyKey: keyFor(draft.decision) };
      await desk.decide(item.id, draft, write);
      showToast({ text: q('changes.decided') });
      onDecided();
    },
  );
  const isOwn = item.proposedBy === identity.value?.id;
  const why = reason.trim();
  return (
    <li>
      <div class="row">
        <b class="grow">{item.reason}</b>
        <Status tone={tones[item.state]}>{q(`changes.state.${item.state}`)}</Status>
      </div>
      <p class="small muted">
        {q('changes.by', { who: item.proposedBy, at: formatMoment(item.proposedAt) })}
        {item.decision && ` · ${item.decision.by} · ${item.decision.reason}`}
      </p>
      {decide.error && <Refusal what={{ said: q('changes.not-decided') }} error={decide.error} />}
      {item.state === 'proposed' && isOwn && <p class="small">{q('changes.own')}</p>}
      {item.state === 'proposed' && !isOwn && (
        <div class="inline-form">
          <TextField label={q('policy.why')} value={reason} onInput={setReason} />
          {(['approve', 'reject'] as const).map((decision) => (
            <button
              type="button"
              key={decision}
              class="btn"
              aria-busy={decide.busy}
              aria-disabled={why === ''}
              onClick={() => why !== '' && void decide.run({ decision, reason: why })}
            >
              {q(`changes.${decision}`)}
            </button>
          ))}
        </div>
      )}
    </li>
  );
}
