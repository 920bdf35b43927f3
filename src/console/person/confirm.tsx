import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Client, PasskeyOptions } from '../../client/index.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field, SelectField } from '../parts/field.tsx';
import { Facts } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { identity } from '../session.ts';
import { useWrite } from '../write.ts';
import { type KeyHere, keysHere } from './keys-here.ts';
import type { ShownPayment } from './spc.ts';
import { inWords, type OpenTerminal, passkeyTerminal, pinTerminal } from './terminal.ts';
import { p } from './words.ts';

interface ConfirmProps {
  /** A question of the service that the gesture answers as well; without it only the share opens. */
  readonly ask?: (() => Promise<PasskeyOptions>) | undefined;
  /** What the terminal speaks to the service by; the page's own client when left out. */
  readonly through?: Client;
  /** What the browser itself shows of a payment, where it can. */
  readonly payment?: ShownPayment;
  /** Runs when the person agreed; the share opens inside, by `withPersonalKey` or what uses it. */
  readonly run: (open: OpenTerminal, keyId: string) => Promise<void>;
}

/** The button by which a person lets a key sign: asks its passkey, or its PIN. */
export function ConfirmWithKey(
  props: ConfirmProps & {
    readonly held: KeyHere;
    readonly label?: string;
    /** What is said when it did not come about. */
    readonly refused?: string;
  },
) {
  const { held, ask, run, through, payment } = props;
  const [pin, setPin] = useState('');
  const isPin = held.guard.kind === 'pin';
  // The PIN is no part of the draft: that one is kept, to know a repetition.
  const sign = useWrite<{ keyId: string }>(({ keyId }) =>
    inWords(async () => {
      const open = isPin
        ? pinTerminal(pin, through)
        : passkeyTerminal(held.guard.credentialId, ask, through, payment);
      setPin('');
      await run(open, keyId);
    }),
  );
  return (
    <form
      class="confirm"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPin || pin !== '') void sign.run({ keyId: held.key.id });
      }}
    >
      {sign.error && <Refusal what={{ said: props.refused ?? p('sign.not') }} error={sign.error} />}
      {isPin && <PinField value={pin} onInput={setPin} />}
      <button type="submit" class="btn primary" aria-busy={sign.busy}>
        {sign.busy ? p('sign.busy') : (props.label ?? p(isPin ? 'sign.pin' : 'sign.passkey'))}
      </button>
    </form>
  );
}

export function PinField(props: {
  value: string;
  onInput: (pin: string) => void;
  isNew?: boolean;
  wrong?: string | undefined;
}) {
  return (
    <Field
      label={p('key.pin')}
      hint={props.isNew ? p('key.pin.hint') : undefined}
      wrong={props.wrong}
    >
      {(ids) => (
        <input
          {...ids}
          class="input"
          type="password"
          inputMode="numeric"
          autocomplete={props.isNew ? 'new-password' : 'current-password'}
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** The exact text, and who signs it. It stands on every page on which something is signed. */
export function WhatIsSigned({ text }: { text: string }) {
  return (
    <section class="signing">
      <p class="small">{p('sign.text')}</p>
      <details>
        <summary>{p('sign.exact')}</summary>
        <pre>{text}</pre>
      </details>
      <ul class="halves" aria-label={p('sign.halves')}>
        <li>
          <b>{p('sign.half.here')}</b>
          {p('sign.half.here.how')}
        </li>
        <li>
          <b>{p('sign.half.cloud')}</b>
          {p('sign.half.cloud.how')}
        </li>
      </ul>
    </section>
  );
}

/**
 * Shows what a key is about to sign in words and exactly, and lets it sign: for statements,
 * approvals, changes of grants. `keyIds` are the keys that may; any of the person when left out.
 */
export function ActivationDialog(
  props: ConfirmProps & {
    readonly open: boolean;
    readonly title: string;
    readonly children: ComponentChildren;
    readonly text: string;
    readonly keyIds?: readonly string[];
    readonly onClose: () => void;
  },
) {
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      {props.children}
      <WhatIsSigned text={props.text} />
      <ChosenKey {...props} />
    </Dialog>
  );
}

function ChosenKey(props: ConfirmProps & { readonly keyIds?: readonly string[] }) {
  const { keyIds, ask, run } = props;
  const [chosen, setChosen] = useState('');
  const [resource, reload] = useResource(() => keysHere(), [identity.value?.id]);
  return (
    <Loaded resource={resource} reload={reload} lines={2}>
      {(all) => {
        const may = keyIds ? all.filter(({ key }) => keyIds.includes(key.id)) : all;
        const held = may.find(({ key }) => key.id === chosen) ?? may[0];
        if (!held) return <Empty title={p('sign.none')} hint={p('sign.none.hint')} />;
        return (
          <>
            {may.length > 1 ? (
              <SelectField
                label={p('sign.key')}
                value={held.key.id}
                options={may.map(({ key }) => ({ value: key.id, text: key.label }))}
                onChange={setChosen}
              />
            ) : (
              <Facts items={[[p('sign.with'), held.key.label]]} />
            )}
            <ConfirmWithKey key={held.key.id} held={held} ask={ask} run={run} />
          </>
        );
      }}
    </Loaded>
  );
}
