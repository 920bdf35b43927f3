import { useState } from 'preact/hooks';
import type { BusinessSystem, NewBusinessSystem } from '../../client/index.ts';
import { type SealableLabel, type SystemCurve, sealableLabels } from '../../core/business.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TokenFrame } from './frame.tsx';
import { KeyCell, KeyChange, makeKey } from './system-key.tsx';
import { k } from './words.ts';

/** Who may be told what, and who proved to be the one. */
export function SystemsPage() {
  const [registering, setRegistering] = useState(false);
  const [changing, setChanging] = useState<BusinessSystem | undefined>(undefined);
  const [keyed, setKeyed] = useState<BusinessSystem | undefined>(undefined);
  const [systems, reload] = useResource(
    async (signal) => {
      // The sample system registers itself when it is first asked what it is.
      await client.business.system({ signal }).catch(() => undefined);
      return client.businessSystems.list({ signal });
    },
    [identity.value?.id],
  );
  return (
    <TokenFrame
      title="systems.title"
      lead="systems.lead"
      actions={
        allows('registerSystems') && (
          <button type="button" class="btn" onClick={() => setRegistering(true)}>
            {k('systems.register')}
          </button>
        )
      }
    >
      <Panel title={k('tab.systems')} flush>
        <Loaded resource={systems} reload={reload} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={k('systems.none')} hint={k('systems.none.hint')} />
            ) : (
              <Table items={items} onChange={setChanging} onKey={setKeyed} reload={reload} />
            )
          }
        </Loaded>
      </Panel>
      <Dialog
        title={k('systems.register')}
        open={registering}
        onClose={() => setRegistering(false)}
      >
        <Register
          onDone={() => {
            setRegistering(false);
            reload();
          }}
        />
      </Dialog>
      <Dialog
        title={k('systems.change')}
        open={changing !== undefined}
        onClose={() => setChanging(undefined)}
      >
        {changing && (
          <Release
            system={changing}
            onDone={() => {
              setChanging(undefined);
              reload();
            }}
          />
        )}
      </Dialog>
      <Dialog
        title={k('systems.key.change')}
        open={keyed !== undefined}
        onClose={() => setKeyed(undefined)}
      >
        {keyed && (
          <KeyChange
            system={keyed}
            onChanged={reload}
            onDone={() => {
              setKeyed(undefined);
              reload();
            }}
          />
        )}
      </Dialog>
    </TokenFrame>
  );
}

const tones = { pending: 'wait', active: 'ok', suspended: 'no' } as const;

function Table(props: {
  items: readonly BusinessSystem[];
  onChange: (system: BusinessSystem) => void;
  onKey: (system: BusinessSystem) => void;
  reload: () => void;
}) {
  const move = useWrite<{ id: string; state: 'active' | 'suspended' }>(async ({ id, state }) => {
    await client.businessSystems.change(id, { state });
    showToast({ text: k('systems.changed', { name: id }) });
    props.reload();
  });
  const mayChange = allows('changeSystems');
  const mayAct = mayChange || allows('registerSystems');
  return (
    <>
      {move.error && <Refusal what={{ said: k('systems.not-changed') }} error={move.error} />}
      <div class="scroll">
        <table class="table">
          <thead>
            <tr>
              <th>{k('systems.name')}</th>
              <th>{k('systems.what')}</th>
              <th>{k('systems.labels')}</th>
              <th>{k('systems.purpose')}</th>
              <th>{k('systems.key-name')}</th>
              <th>{t('field.state')}</th>
              {mayAct && <td />}
            </tr>
          </thead>
          <tbody>
            {props.items.map((system) => (
              <tr key={system.id} data-system={system.id}>
                <td class="mono">{system.id}</td>
                <td lang="zh-CN">{system.title}</td>
                <td>
                  {system.release.labels.map((label) => k(`label.${label}`)).join(', ') ||
                    k('claim.none')}
                </td>
                <td lang="zh-CN">{system.release.purpose}</td>
                <KeyCell system={system} />
                <td>
                  <Status tone={tones[system.state]}>{k(`systems.state.${system.state}`)}</Status>
                </td>
                {mayAct && (
                  <td>
                    <Acts
                      system={system}
                      busy={move.busy}
                      mayChange={mayChange}
                      onKey={() => props.onKey(system)}
                      onChange={() => props.onChange(system)}
                      onMove={(state) => void move.run({ id: system.id, state })}
                    />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Acts(props: {
  system: BusinessSystem;
  busy: boolean;
  mayChange: boolean;
  onKey: () => void;
  onChange: () => void;
  onMove: (state: 'active' | 'suspended') => void;
}) {
  if (props.system.state === 'pending') return null;
  const isActive = props.system.state === 'active';
  const changeKey = (
    <button type="button" class="btn quiet" onClick={props.onKey}>
      {k('systems.key.change')}
    </button>
  );
  if (!props.mayChange) return changeKey;
  return (
    <>
      {changeKey}
      <button type="button" class="btn quiet" onClick={props.onChange}>
        {k('systems.change')}
      </button>
      <button
        type="button"
        class="btn quiet"
        aria-busy={props.busy}
        onClick={() => props.onMove(isActive ? 'suspended' : 'active')}
      >
        {k(isActive ? 'systems.suspend' : 'systems.resume')}
      </button>
    </>
  );
}

function Labels(props: {
  chosen: readonly SealableLabel[];
  onChoose: (labels: readonly SealableLabel[]) => void;
}) {
  const toggle = (label: SealableLabel) =>
    props.onChoose(
      props.chosen.includes(label)
        ? props.chosen.filter((one) => one !== label)
        : [...props.chosen, label],
    );
  return (
    <fieldset class="system-labels">
      <legend class="label">{k('systems.labels')}</legend>
      {sealableLabels.map((label) => (
        <label key={label} class="check">
          <input
            type="checkbox"
            checked={props.chosen.includes(label)}
            onChange={() => toggle(label)}
          />
          {k(`label.${label}`)}
        </label>
      ))}
    </fieldset>
  );
}

function Release({ system, onDone }: { system: BusinessSystem; onDone: () => void }) {
  const [labels, setLabels] = useState<readonly SealableLabel[]>(system.release.labels);
  const [purpose, setPurpose] = useState(system.release.purpose);
  const save = useWrite<BusinessSystem['release']>(async (release) => {
    await client.businessSystems.change(system.id, { release });
    showToast({ text: k('systems.changed', { name: system.id }) });
    onDone();
  });
  return (
    <form
      class="system-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (purpose.trim()) void save.run({ labels: [...labels], purpose: purpose.trim() });
      }}
    >
      <Labels chosen={labels} onChoose={setLabels} />
      <TextField
        label={k('systems.purpose')}
        value={purpose}
        onInput={setPurpose}
        hint={k('systems.purpose.hint')}
        wrong={purpose.trim() ? undefined : t('field.required')}
        required
      />
      {save.error && <Refusal what={{ said: k('systems.not-changed') }} error={save.error} />}
      <div class="acts">
        <button type="submit" class="btn primary" aria-busy={save.busy}>
          {k('systems.save')}
        </button>
      </div>
    </form>
  );
}

interface Registered {
  readonly name: string;
  readonly key: string;
  readonly secret: string;
}

const curves = ['X25519', 'SM2'] as const;
const namePattern = /^[a-z0-9][a-z0-9-]{1,63}$/;

function Register({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [purpose, setPurpose] = useState('');
  const [labels, setLabels] = useState<readonly SealableLabel[]>(['NAME']);
  const [curve, setCurve] = useState<SystemCurve>('X25519');
  const [left, setLeft] = useState(false);
  const [made, setMade] = useState<Registered | undefined>(undefined);
  const isWhole = namePattern.test(name) && title.trim() !== '' && purpose.trim() !== '';
  const register = useWrite<Omit<NewBusinessSystem, 'key'>>(async (draft) => {
    const { id } = draft;
    const key = await makeKey(curve);
    const { challenge } = await client.businessSystems.register({ ...draft, key: key.jwk });
    const answer = await key.answer(challenge, id);
    const { secret } = await client.businessSystems.prove(id, answer);
    setMade({ name: id, key: key.secret, secret });
  });
  if (made) return <ShownOnce made={made} onDone={onDone} />;
  return (
    <form
      class="system-form"
      onSubmit={(event) => {
        event.preventDefault();
        setLeft(true);
        if (!isWhole) return;
        const release = { labels: [...labels], purpose: purpose.trim() };
        void register.run({ id: name, title: title.trim(), release });
      }}
    >
      <p class="small muted">{k('systems.register.what')}</p>
      <TextField
        label={k('systems.name')}
        value={name}
        onInput={setName}
        onBlur={() => setLeft(name !== '')}
        hint={k('systems.name.hint')}
        wrong={left && !namePattern.test(name) ? k('systems.name.wrong') : undefined}
        mono
        required
      />
      <TextField
        label={k('systems.what')}
        value={title}
        onInput={setTitle}
        wrong={left && !title.trim() ? t('field.required') : undefined}
        required
      />
      <SelectField
        label={k('systems.curve')}
        value={curve}
        options={curves.map((value) => ({ value, text: k(`systems.curve.${value}`) }))}
        onChange={setCurve}
      />
      <Labels chosen={labels} onChoose={setLabels} />
      <TextField
        label={k('systems.purpose')}
        value={purpose}
        onInput={setPurpose}
        hint={k('systems.purpose.hint')}
        wrong={left && !purpose.trim() ? t('field.required') : undefined}
        required
      />
      {register.error && (
        <Refusal what={{ said: k('systems.not-registered') }} error={register.error} />
      )}
      <div class="acts">
        <button type="submit" class="btn primary" aria-busy={register.busy}>
          {k('systems.register')}
        </button>
      </div>
    </form>
  );
}

function ShownOnce({ made, onDone }: { made: Registered; onDone: () => void }) {
  return (
    <div class="system-form">
      <p role="status">{k('systems.registered', { name: made.name })}</p>
      <div>
        <div class="label">{k('systems.key')}</div>
        <code class="secret-once">{made.key}</code>
      </div>
      <div>
        <div class="label">{k('systems.secret')}</div>
        <code class="secret-once">{made.secret}</code>
      </div>
      <div class="acts">
        <button type="button" class="btn primary" onClick={onDone}>
          {k('systems.kept')}
        </button>
      </div>
    </div>
  );
}
