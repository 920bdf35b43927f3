import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import {
  CloudMisbehaved,
  type KeySession,
  pinProtection,
  ShareUnreadable,
  StatementDiffers,
  withPersonalKey,
} from '../../client/certificates.ts';
import { ApiError } from '../../client/index.ts';
import { type Key, t } from '../i18n/index.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { browserVault } from '../person/vault.ts';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { useWrite } from '../write.ts';

const vault = browserVault();

/** Errors of the terminal's own code, as words can be found for them. */
async function inWords<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ShareUnreadable) throw new ApiError('share_unreadable_here', { cause });
    if (cause instanceof StatementDiffers) throw new ApiError('statement_differs', { cause });
    if (cause instanceof CloudMisbehaved) throw new ApiError('cloud_misbehaved', { cause });
    throw cause;
  }
}

/** Own keys whose share rests in this browser. */
async function keysHere(signal: AbortSignal) {
  const [{ items }, ids] = await Promise.all([
    client.personalKeys.list({ limit: 20 }, { signal }),
    vault.ids(),
  ]);
  return items.filter(({ id, state }) => state === 'active' && ids.includes(id));
}

/**
 * Shows what will be signed, opens the personal key for it, and does it. Nothing is signed that is
 * not on the screen while the person opens the key.
 */
export function SignDialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  /** The key that must sign; any own one when absent. */
  keyId?: string | undefined;
  failed: Key;
  act: (session: KeySession, keyId: string) => Promise<void>;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <Opening {...props} />
    </Dialog>
  );
}

function Opening(props: Parameters<typeof SignDialog>[0]) {
  const [keys, reload] = useResource(keysHere, [identity.value?.id]);
  const [pin, setPin] = useState('');
  const sign = useWrite<{ keyId: string; pin: string }>(async (draft) => {
    const tenant = identity.value?.institution.id ?? '';
    const protection = pinProtection(client, draft.pin);
    const terminal = { client, tenant, vault, protection, now: Date.now };
    await inWords(() =>
      withPersonalKey(terminal, draft.keyId, (session) => props.act(session, draft.keyId)),
    );
    props.onClose();
  });
  return (
    <Loaded resource={keys} reload={reload} lines={3}>
      {(items) => {
        const key = items.find(({ id }) => props.keyId === undefined || id === props.keyId);
        if (!key) return <Empty title={t('open.none')} hint={t('open.none.hint')} />;
        return (
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              void sign.run({ keyId: key.id, pin });
            }}
          >
            {props.children}
            {sign.error && <Refusal what={props.failed} error={sign.error} />}
            <Field
              label={`${t('open.key')} · ${key.label} · ${t('open.pin')}`}
              hint={t('open.pin.hint')}
            >
              {(ids) => (
                <input
                  {...ids}
                  class="input"
                  type="password"
                  autocomplete="current-password"
                  value={pin}
                  onInput={(event) => setPin(event.currentTarget.value)}
                />
              )}
            </Field>
            <div class="foot">
              <button type="button" class="btn quiet" onClick={props.onClose}>
                {t('action.cancel')}
              </button>
              <button type="submit" class="btn primary" aria-busy={sign.busy}>
                {t('open.sign')}
              </button>
            </div>
          </form>
        );
      }}
    </Loaded>
  );
}
