import { useState } from 'preact/hooks';
import type { SealChange } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Refusal } from '../parts/states.tsx';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';

const tones = { proposed: 'wait', approved: 'ok', rejected: 'no' } as const;

function Decision({ change, onDecided }: { change: SealChange; onDecided: () => void }) {
  const [reason, setReason] = useState('');
  const write = useWrite<'approve' | 'reject'>(async (decision, keyFor) => {
    const said = { decision, reason: reason.trim() };
    await client.sealChanges.decide(change.id, said, { idempotencyKey: keyFor(decision) });
    showToast({ text: t(decision === 'approve' ? 'seal.changed' : 'seal.change.rejected') });
    onDecided();
  });
  if (change.proposedBy === identity.value?.id) {
    return <span class="small faint">{t('policy.own')}</span>;
  }
  const isReady = reason.trim() !== '' && !write.busy;
  return (
    <div class="stack">
      <TextField label={t('seal.change.reason')} value={reason} onInput={setReason} required />
      <div>
        <button
          type="button"
          class="btn primary"
          disabled={!isReady}
          onClick={() => void write.run('approve')}
        >
          {t('policy.approve')}
        </button>{' '}
        <button
          type="button"
          class="btn"
          disabled={!isReady}
          onClick={() => void write.run('reject')}
        >
          {t('policy.reject')}
        </button>
      </div>
      {write.error && <Refusal what="seal.not-decided" error={write.error} />}
    </div>
  );
}

function Row({ change, onDecided }: { change: SealChange; onDecided: () => void }) {
  const { seal, state } = change;
  const isOnFile = change.action !== 'seal.enrol' || state === 'approved';
  const name = seal.remark || seal.serial;
  return (
    <tr>
      <td class="date">{formatMoment(change.proposedAt)}</td>
      <td class="wide">
        {isOnFile ? <a href={`/seals/${seal.id}`}>{name}</a> : name}{' '}
        <span class="mono faint">{seal.serial}</span>
        <span class="small block">
          {t(`seal.action.${change.action}`)}
          {change.action === 'seal.status' &&
            `: ${t(`seal.status.${seal.status}`)} · ${seal.reason}`}
        </span>
        <span class="small faint block">
          {t('seal.change.by', { name: change.proposedBy })}
          {change.decidedBy &&
            ` · ${t('policy.decided', { name: change.decidedBy, reason: change.decisionReason ?? '' })}`}
        </span>
      </td>
      <td>
        <Status tone={tones[state]}>{t(`policy.state.${state}`)}</Status>
      </td>
      <td>
        {state === 'proposed' && allows('approveSeals') && (
          <Decision change={change} onDecided={onDecided} />
        )}
      </td>
    </tr>
  );
}

const states = ['proposed', 'approved', 'rejected', 'all'] as const;

/** Changes of seals that wait, or waited, for a second person. */
export function SealChanges() {
  const [state, setState] = useState<(typeof states)[number]>('proposed');
  const [round, setRound] = useState(0);
  return (
    <>
      <PageHead
        title={t('seal.changes.title')}
        crumbs={[{ text: t('nav.seals'), href: '/seals' }]}
        facts={<span>{t('seal.changes.lead')}</span>}
      />
      <div class="body">
        <SelectField
          label={t('field.state')}
          value={state}
          options={states.map((value) => ({
            value,
            text: value === 'all' ? t('seal.changes.all') : t(`policy.state.${value}`),
          }))}
          onChange={setState}
        />
        <Panel title={t('seal.changes.title')} flush>
          <Paged
            load={(cursor, signal) =>
              client.sealChanges.list({ cursor, ...(state === 'all' ? {} : { state }) }, { signal })
            }
            inputs={[state, round]}
            empty={<Empty title={t('seal.changes.none')} hint={t('seal.changes.none.hint')} />}
          >
            {(items) => (
              <table class="table list">
                <tbody>
                  {items.map((change) => (
                    <Row
                      key={change.id}
                      change={change}
                      onDecided={() => setRound((now) => now + 1)}
                    />
                  ))}
                </tbody>
              </table>
            )}
          </Paged>
        </Panel>
      </div>
    </>
  );
}
