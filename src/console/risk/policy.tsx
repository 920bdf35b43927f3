import { useState } from 'preact/hooks';
import type { RiskPolicy, RiskPolicyInForce, RiskSimulation } from '../../client/index.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { PolicyChanges } from '../parts/policy-changes.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { q } from '../pay/words.ts';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { draftOf, isUnitless, type PolicyDraft, policyOf, rulesOf, unitOf } from './draft.ts';
import { Simulation } from './simulation.tsx';

/** The rules in force, a draft of others, what it would have changed, and who decides. */
export function PolicyDesk() {
  const [resource, reload] = useResource(
    (signal) => client.riskPolicies.current({ signal }),
    [identity.value?.id],
  );
  const [round, setRound] = useState(0);
  return (
    <>
      <Loaded resource={resource} reload={reload} lines={8}>
        {(current) => (
          <Editor
            key={current.version}
            current={current}
            onProposed={() => setRound((n) => n + 1)}
          />
        )}
      </Loaded>
      <PolicyChanges
        desk={client.riskPolicies}
        round={round}
        onDecided={() => {
          setRound((n) => n + 1);
          reload();
        }}
      />
    </>
  );
}

function Editor(props: { current: RiskPolicyInForce; onProposed: () => void }) {
  const { current } = props;
  const [draft, setDraft] = useState<PolicyDraft>(() => draftOf(current.policy));
  const [reason, setReason] = useState('');
  const [checked, setChecked] = useState(false);
  const [found, setFound] = useState<RiskSimulation | undefined>(undefined);
  const policy = policyOf(draft);
  const isSame = JSON.stringify(draft) === JSON.stringify(draftOf(current.policy));
  const change = (next: PolicyDraft) => {
    setDraft(next);
    setFound(undefined);
  };
  const simulate = useWrite<{ policy: RiskPolicy }>(async (wanted) => {
    setFound(await client.riskPolicies.simulate(wanted.policy));
  });
  const propose = useWrite<{ policy: RiskPolicy; reason: string }>(async (wanted, keyFor) => {
    const proposal = { baseVersion: current.version, ...wanted };
    await client.riskPolicies.propose(proposal, { idempotencyKey: keyFor('policy') });
    showToast({ text: q('policy.proposed') });
    setReason('');
    setChecked(false);
    props.onProposed();
  });
  const why = reason.trim();
  return (
    <Panel title={q('policy.force', { n: current.version })}>
      <p class="muted">{q('policy.lead')}</p>
      <Rules draft={draft} units={current.units} onChange={change} />
      {!policy && (
        <p class="wrong" role="alert">
          {q('policy.bad')}
        </p>
      )}
      {simulate.error && (
        <Refusal what={{ said: q('policy.not-simulated') }} error={simulate.error} />
      )}
      {found && <Simulation found={found} />}
      {propose.error && <Refusal what={{ said: q('policy.not-proposed') }} error={propose.error} />}
      <form
        class="inline-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(true);
          if (policy && why !== '' && !isSame) void propose.run({ policy, reason: why });
        }}
      >
        <TextField
          label={q('policy.why')}
          value={reason}
          onInput={setReason}
          hint={isSame ? q('policy.same') : undefined}
          wrong={checked && why === '' ? q('policy.why.missing') : undefined}
        />
        <button
          type="button"
          class="btn"
          aria-busy={simulate.busy}
          onClick={() => policy && void simulate.run({ policy })}
        >
          {q('policy.simulate')}
        </button>
        <button type="submit" class="btn primary" aria-busy={propose.busy}>
          {q('policy.propose')}
        </button>
      </form>
    </Panel>
  );
}

function Rules(props: {
  draft: PolicyDraft;
  units: Readonly<Record<string, string>>;
  onChange: (draft: PolicyDraft) => void;
}) {
  const { draft, units, onChange } = props;
  const number = (label: string, value: string, set: (value: string) => void) => (
    <input
      class="input num short"
      inputMode="numeric"
      aria-label={label}
      value={value}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
  return (
    <>
      <div class="fields">
        {(['challengeAt', 'terminateAt'] as const).map((name) => (
          <TextField
            key={name}
            label={q(name === 'challengeAt' ? 'policy.challenge' : 'policy.terminate')}
            numeric
            value={draft[name]}
            onInput={(value) => onChange({ ...draft, [name]: value })}
          />
        ))}
        <SelectField
          label={q('policy.biometric')}
          value={draft.biometric}
          options={(['none', 'clears', 'demanded'] as const).map((value) => ({
            value,
            text: q(`policy.biometric.${value}`),
          }))}
          onChange={(biometric) => onChange({ ...draft, biometric })}
        />
      </div>
      <table class="table list rules">
        <thead>
          <tr>
            <th>{q('policy.rule')}</th>
            <th class="num">{q('policy.points')}</th>
            <th class="num">{q('policy.threshold')}</th>
            <th>{q('policy.unit')}</th>
          </tr>
        </thead>
        <tbody>
          {rulesOf(draft).map(([rule, weight]) => {
            const name = q(`rule.${rule}`);
            const set = (part: Partial<typeof weight>) =>
              onChange({
                ...draft,
                rules: { ...draft.rules, [rule]: { ...weight, ...part } },
              });
            return (
              <tr key={rule}>
                <td>{name}</td>
                <td class="num" data-label={q('policy.points')}>
                  {number(`${name} ${q('policy.points')}`, weight.points, (points) =>
                    set({ points }),
                  )}
                </td>
                <td
                  class="num"
                  data-label={isUnitless(units[rule]) ? undefined : q('policy.threshold')}
                >
                  {!isUnitless(units[rule]) &&
                    number(`${name} ${q('policy.threshold')}`, weight.threshold, (threshold) =>
                      set({ threshold }),
                    )}
                </td>
                <td class="small muted" data-label={q('policy.unit')}>
                  {q(`unit.${unitOf(units[rule])}`)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
