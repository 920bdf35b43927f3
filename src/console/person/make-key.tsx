import { useState } from 'preact/hooks';
import type { Passkey } from '../../client/index.ts';
import { type MakingStep, makePersonalKey, makingSteps } from '../../client/personal-key.ts';
import { Field, SelectField, TextField } from '../parts/field.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { PinField } from './confirm.tsx';
import { deviceName } from './device-name.ts';
import { registerPasskey } from './devices.tsx';
import { hasPasskeys } from './passkey.ts';
import { isWeakPin } from './pin.ts';
import { inWords, passkeyTerminal, pinTerminal } from './terminal.ts';
import { p } from './words.ts';

interface Draft {
  readonly label: string;
  readonly guard: 'passkey' | 'pin';
  /** Empty for one that is made with the key. */
  readonly passkeyId: string;
}

async function make(
  draft: Draft,
  pin: string,
  onStep: (step: MakingStep) => void,
): Promise<string> {
  const { label, guard } = draft;
  if (guard === 'pin') {
    return (await makePersonalKey(pinTerminal(pin).terminal, label, onStep)).id;
  }
  const passkeyId = draft.passkeyId || (await registerPasskey(label)).id;
  return (await makePersonalKey(passkeyTerminal(passkeyId).terminal, label, onStep)).id;
}

/** Makes a key between this browser and the chips, with the steps as they happen. */
export function MakeKey({ onMade }: { onMade: (id: string) => void }) {
  const [resource, reload] = useResource(() => client.passkeys.list(), [identity.value?.id]);
  return (
    <Panel title={p('keys.make')}>
      <Loaded resource={resource} reload={reload} lines={3}>
        {({ items }) => <MakeForm passkeys={items} onMade={onMade} />}
      </Loaded>
    </Panel>
  );
}

function MakeForm(props: { passkeys: readonly Passkey[]; onMade: (id: string) => void }) {
  const [draft, setDraft] = useState<Draft>({
    label: deviceName(),
    guard: hasPasskeys() ? 'passkey' : 'pin',
    passkeyId: props.passkeys[0]?.id ?? '',
  });
  // Not in the draft, which is kept to know a repetition.
  const [pin, setPin] = useState('');
  const [checked, setChecked] = useState(false);
  const [step, setStep] = useState<MakingStep | undefined>(undefined);
  const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const write = useWrite<Draft>((wanted) =>
    inWords(async () => {
      const id = await make(wanted, pin, setStep);
      setPin('');
      showToast({ text: p('keys.made') });
      props.onMade(id);
    }),
  );
  const weak = draft.guard === 'pin' && isWeakPin(pin);
  return (
    <form
      class="confirm"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setChecked(true);
        if (weak || draft.label.trim() === '') return;
        setStep(undefined);
        void write.run({ ...draft, label: draft.label.trim() });
      }}
    >
      {write.error && <Refusal what={{ said: p('keys.not-made') }} error={write.error} />}
      <TextField
        label={p('key.label')}
        required
        value={draft.label}
        onInput={(label) => change({ label })}
      />
      <Guard draft={draft} passkeys={props.passkeys} change={change} />
      {draft.guard === 'pin' && (
        <PinField
          isNew
          value={pin}
          onInput={setPin}
          wrong={checked && weak ? p('key.pin.weak') : undefined}
        />
      )}
      {write.busy && step && <Steps at={step} />}
      <div class="foot">
        <button type="submit" class="btn primary" aria-busy={write.busy}>
          {p('keys.make')}
        </button>
      </div>
    </form>
  );
}

function Guard(props: {
  draft: Draft;
  passkeys: readonly Passkey[];
  change: (part: Partial<Draft>) => void;
}) {
  const { draft, passkeys, change } = props;
  return (
    <>
      <Field label={p('key.guard')} hint={p('key.guard.lead')}>
        {(ids) => (
          <select
            {...ids}
            class="input"
            value={draft.guard}
            onChange={(event) =>
              change({ guard: event.currentTarget.value === 'pin' ? 'pin' : 'passkey' })
            }
          >
            <option value="passkey" disabled={!hasPasskeys()}>
              {p('key.guard.passkey')}
            </option>
            <option value="pin">{p('key.guard.pin')}</option>
          </select>
        )}
      </Field>
      {draft.guard === 'passkey' && passkeys.length > 0 && (
        <SelectField
          label={p('passkeys.title')}
          value={draft.passkeyId}
          options={[
            ...passkeys.map(({ id, label }) => ({ value: id, text: label })),
            { value: '', text: p('key.guard.new') },
          ]}
          onChange={(passkeyId) => change({ passkeyId })}
        />
      )}
    </>
  );
}

function Steps({ at }: { at: MakingStep }) {
  const reached = makingSteps.indexOf(at);
  return (
    <ol class="making" aria-live="polite">
      {makingSteps.map((step, i) => (
        <li key={step}>
          <Glyph name={i < reached ? 'ok' : i === reached ? 'run' : 'todo'} />{' '}
          {p(`key.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}
