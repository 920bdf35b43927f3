import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Passkey, PaymentTerminal } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { Status } from '../parts/chip.tsx';
import { TextField } from '../parts/field.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { deviceName } from './device-name.ts';
import { FacePanel } from './face.tsx';
import { createPasskey, hasPasskeys } from './passkey.ts';
import { Renaming } from './renaming.tsx';
import { Sure } from './sure.tsx';
import { PersonTabs } from './tabs.tsx';
import { p } from './words.ts';

/** Makes a passkey with the authenticator of this device, and has the service keep it. */
export async function registerPasskey(label: string): Promise<Passkey> {
  const started = await client.passkeys.startRegistration();
  const response = await createPasskey(started);
  return client.passkeys.register({ id: started.id, label, response });
}

/** Passkeys and paying devices of the person. */
export function DevicesPage() {
  return (
    <>
      <PageHead title={p('devices.title')} facts={<PersonTabs />} />
      <div class="body">
        <Passkeys />
        {allows('pay') && <Terminals />}
        {allows('pay') && <FacePanel />}
      </div>
    </>
  );
}

function Passkeys() {
  const [resource, reload] = useResource(() => client.passkeys.list(), [identity.value?.id]);
  return (
    <Panel title={p('passkeys.title')} flush>
      <div class="in">
        <p class="muted">{p('passkeys.lead')}</p>
        <AddPasskey onAdded={reload} />
      </div>
      <Loaded resource={resource} reload={reload}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={p('passkeys.none')} hint={p('passkeys.none.hint')} />
          ) : (
            <ul class="cards">
              {items.map((item) => (
                <PasskeyCard key={item.id} item={item} reload={reload} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function AddPasskey({ onAdded }: { onAdded: () => void }) {
  const [label, setLabel] = useState(deviceName);
  const add = useWrite<{ label: string }>(async (draft) => {
    await registerPasskey(draft.label);
    showToast({ text: p('passkeys.added') });
    onAdded();
  });
  if (!hasPasskeys()) return <p class="wrong">{p('passkeys.unsupported')}</p>;
  const submit = () => {
    if (label.trim() !== '') void add.run({ label: label.trim() });
  };
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {add.error && <Refusal what={{ said: p('passkeys.not-added') }} error={add.error} />}
      <TextField label={p('device.label')} value={label} onInput={setLabel} required />
      <button type="submit" class="btn primary" aria-busy={add.busy}>
        {p('passkeys.add')}
      </button>
    </form>
  );
}

function PasskeyCard({ item, reload }: { item: Passkey; reload: () => void }) {
  return (
    <DeviceCard of="passkeys" item={item} reload={reload} mayRevoke>
      {p('device.since', { at: formatMoment(item.createdAt) })}
      {item.usedAt && ` · ${p('device.used', { at: formatMoment(item.usedAt) })}`}
      {` · ${p(`attestation.${item.attestation.level}`)}`}
      {item.attestation.copied && ` · ${p('passkeys.copied')}`}
    </DeviceCard>
  );
}

function Terminals() {
  const [resource, reload] = useResource(
    (signal) => client.terminals.list({ limit: 50 }, { signal }),
    [identity.value?.id],
  );
  return (
    <Panel title={p('terminals.title')} flush>
      <Loaded resource={resource} reload={reload}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={p('terminals.none')} hint={p('terminals.none.hint')}>
              <a class="btn" href="/pay">
                {p('terminals.enrol')}
              </a>
            </Empty>
          ) : (
            <ul class="cards">
              {items.map((item) => (
                <TerminalCard key={item.id} item={item} reload={reload} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function TerminalCard({ item, reload }: { item: PaymentTerminal; reload: () => void }) {
  const isActive = item.state === 'active';
  return (
    <DeviceCard of="terminals" item={item} reload={reload} mayRevoke={isActive}>
      <Status tone={isActive ? 'ok' : 'no'}>{p(`terminal.state.${item.state}`)}</Status>{' '}
      {p('device.since', { at: formatMoment(item.enrolledAt) })} ·{' '}
      {p(item.passkeyId === null ? 'terminal.pin' : 'terminal.passkey')} ·{' '}
      {p(`keystore.${item.keyStore}`)}
    </DeviceCard>
  );
}

/** One thing that speaks for the person: its name can be changed, and it can be taken back. */
function DeviceCard(props: {
  of: 'passkeys' | 'terminals';
  item: { readonly id: string; readonly label: string };
  reload: () => void;
  mayRevoke: boolean;
  children: ComponentChildren;
}) {
  const { of, item, reload } = props;
  const rename = useWrite<{ label: string }>(async ({ label }) => {
    await client[of].rename(item.id, label);
    reload();
  });
  const revoke = useWrite<{ id: string }>(async ({ id }) => {
    await client[of].revoke(id);
    showToast({ text: p(`revoked.${of}`) });
    reload();
  });
  return (
    <li>
      <Renaming
        label={item.label}
        busy={rename.busy}
        onRename={(label) => void rename.run({ label })}
      />
      <p class="small muted">{props.children}</p>
      {rename.error && <Refusal what={{ said: p('device.not-renamed') }} error={rename.error} />}
      {revoke.error && <Refusal what={{ said: p(`not-revoked.${of}`) }} error={revoke.error} />}
      {props.mayRevoke && (
        <Sure
          label={p(`revoke.${of}`)}
          warning={p(`revoke-warning.${of}`)}
          busy={revoke.busy}
          onDo={() => void revoke.run({ id: item.id })}
        />
      )}
    </li>
  );
}
