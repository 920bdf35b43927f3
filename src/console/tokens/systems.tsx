import { useState } from 'preact/hooks';
import type { BusinessSystem, NewBusinessSystem } from '../../client/index.ts';
import {
  answerChallenge,
  type SealableLabel,
  sealableLabels,
  systemKeys,
} from '../../core/business.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { shortHash } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TokenFrame } from './frame.tsx';
import { k } from './words.ts';

/** Who may be told what, and who proved to be the one. */
export function SystemsPage() {
  const [registering, setRegistering] = useState(false);
  const [changing, setChanging] = useState<BusinessSystem | undefined>(undefined);
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
              <Table items={items} onChange={setChanging} reload={reload} />
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
    </TokenFrame>
  );
}

const tones = { pending: 'wait', active: 'ok', suspended: 'no' } as const;

function Table(props: {
  items: readonly BusinessSystem[];
  onChange: (system: BusinessSystem) => void;
  reload: () => void;
}) {
  const move = useWrite<{ id: string; state: 'active' | 'suspended' }>(async ({ id, state }) => {
    await client.businessSystems.change(id, { state });
    showToast({ text: k('systems.changed', { name: id }) });
    props.reload();
  });
  const mayChange = allows('changeSystems');
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
              {mayChange && <th />}
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
                <td class="mono" title={`${system.curve} ${system.kid}`}>
                  {system.curve} {shortHash(system.kid)}
                </td>
                <td>
                  <Status tone={tones[system.state]}>{k(`systems.state.${system.state}`)}</Status>
                </td>
                {mayChange && (
                  <td>
                    <Acts
                      system={system}
                      busy={move.busy}
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
  onChange: () => void;
  onMove: (state: 'active' | 'suspended') => void;
}) {
  if (props.system.state === 'pending') return null;
  const isActive = props.system.state === 'active';
  return (
    <>
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

const namePattern = /^[a-z0-9][a-z0-9-]{1,63}$/;
const secretBytes = 32;

function Register({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const [purpose, setPurpose] = useState('');
  const [labels, setLabels] = useState<readonly SealableLabel[]>(['NAME']);
  const [left, setLeft] = useState(false);
  const [made, setMade] = useState<Registered | undefined>(undefined);
  const isWhole = namePattern.test(name) && title.trim() !== '' && purpose.trim() !== '';
  const register = useWrite<Omit<NewBusinessSystem, 'key'>>(async (draft) => {
    const secret = crypto.getRandomValues(new Uint8Array(secretBytes));
    const { jwk, key } = await systemKeys(secret);
    const { challenge } = await client.businessSystems.register({
      ...draft,
      key: jwk as NewBusinessSystem['key'],
    });
    const centre = { issuer: await client.tokens.issuer(), name: draft.id };
    const answer = await answerChallenge(challenge, key, centre);
    const proven = await client.businessSystems.prove(draft.id, answer);
    setMade({ name: draft.id, key: base64urlText(secret), secret: proven.secret });
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
