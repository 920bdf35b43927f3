import { useState } from 'preact/hooks';
import type { ScoringPolicy, ScoringPolicyInForce } from '../../client/index.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { PolicyChanges } from '../parts/policy-changes.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { draftOf, policyOf, type RulesDraft } from './rules-draft.ts';
import { Caps, Rates } from './rules-lists.tsx';
import { Tiers } from './rules-tiers.tsx';
import { f } from './words.ts';

/** Tiers, rates and caps in force, a draft of others, and who decides. */
export function RulesDesk() {
  const [resource, reload] = useResource(
    (signal) => client.scoringPolicies.current({ signal }),
    [identity.value?.id],
  );
  const [round, setRound] = useState(0);
  const again = () => setRound((n) => n + 1);
  return (
    <>
      <Loaded resource={resource} reload={reload} lines={10}>
        {(current) => <Editor key={current.version} current={current} onProposed={again} />}
      </Loaded>
      <PolicyChanges
        desk={client.scoringPolicies}
        round={round}
        onDecided={() => {
          again();
          reload();
        }}
      />
    </>
  );
}

function Editor(props: { current: ScoringPolicyInForce; onProposed: () => void }) {
  const { current } = props;
  const [draft, setDraft] = useState(() => draftOf(current.policy));
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const policy = policyOf(draft, current.policy);
  const isSame = JSON.stringify(policy) === JSON.stringify(ordered(current.policy));
  const set = (change: Partial<RulesDraft>) => setDraft({ ...draft, ...change });
  const propose = useWrite<{ policy: ScoringPolicy; reason: string }>(async (wanted, keyFor) => {
    const proposal = { baseVersion: current.version, ...wanted };
    await client.scoringPolicies.propose(proposal, { idempotencyKey: keyFor('scoring-policy') });
    showToast({ text: f('rules.proposed') });
    setReason('');
    setChecked(false);
    props.onProposed();
  });
  const why = reason.trim();
  const mayPropose = allows('watchPayments');
  return (
    <Panel title={f('rules.title', { n: current.version })}>
      <p class="muted">{f('rules.lead')}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (policy && why !== '' && !isSame) void propose.run({ policy, reason: why });
        }}
      >
        <fieldset class="rules-draft" disabled={!mayPropose}>
          <Tiers rows={draft.rows} onChange={(rows) => set({ rows })} />
          <Marks draft={draft} set={set} />
          <Rates rates={draft.rates} onChange={(rates) => set({ rates })} />
          <Caps draft={draft} set={set} />
        </fieldset>
        {!policy && (
          <p class="wrong" role="alert">
            {f('rules.bad')}
          </p>
        )}
        {propose.error && (
          <Refusal what={{ said: f('rules.not-proposed') }} error={propose.error} />
        )}
        {mayPropose && (
          <div class="inline-form">
            <TextField
              label={f('rules.why')}
              value={reason}
              onInput={setReason}
              hint={isSame ? f('rules.same') : undefined}
              wrong={checked && why === '' ? f('rules.why.missing') : undefined}
            />
            <button type="submit" class="btn primary" aria-busy={propose.busy}>
              {f('rules.propose')}
            </button>
          </div>
        )}
      </form>
    </Panel>
  );
}

/** The policy as the page would write it, to see whether anything was changed. */
function ordered(policy: ScoringPolicy): ScoringPolicy | undefined {
  return policyOf(draftOf(policy), policy);
}

function Marks(props: { draft: RulesDraft; set: (change: Partial<RulesDraft>) => void }) {
  const { draft, set } = props;
  return (
    <div class="fields">
      {(['hysteresis', 'days', 'hour'] as const).map((name) => (
        <TextField
          key={name}
          label={f(`rules.${name}`)}
          numeric
          value={draft[name]}
          onInput={(value) => set({ [name]: value })}
        />
      ))}
      <SelectField
        label={f('rules.missing')}
        value={draft.missing}
        options={draft.rows.map(({ tier }) => ({ value: String(tier), text: String(tier) }))}
        onChange={(missing) => set({ missing })}
      />
    </div>
  );
}
