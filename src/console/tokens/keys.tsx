import { useState } from 'preact/hooks';
import type { IssuerKey, IssuerKeys } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog, DialogActs } from '../parts/dialog.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TokenFrame } from './frame.tsx';
import { k } from './words.ts';

const algorithms = ['ES256', 'SM2-SM3'] as const;
type Asked =
  | { readonly what: 'rotate'; readonly algorithm: (typeof algorithms)[number] }
  | { readonly what: 'revoke'; readonly id: string };

/** Signing keys by their state, and what an operator may do to them. */
export function KeysPage() {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const [keys, reload] = useResource(
    (signal) => client.issuerKeys.list({ signal }),
    [identity.value?.id],
  );
  const mayRotate = allows('rotateKeys');
  return (
    <TokenFrame
      title="keys.title"
      lead="keys.lead"
      actions={
        mayRotate &&
        algorithms.map((algorithm) => (
          <button
            key={algorithm}
            type="button"
            class="btn"
            onClick={() => setAsked({ what: 'rotate', algorithm })}
          >
            {k('keys.rotate', { algorithm })}
          </button>
        ))
      }
    >
      <Loaded resource={keys} reload={reload} lines={4}>
        {(found) => (
          <>
            <Panel title={k('keys.title')} flush>
              <Table
                keys={found}
                {...(mayRotate ? { onRevoke: (id) => setAsked({ what: 'revoke', id }) } : {})}
              />
            </Panel>
            <Confirm
              asked={asked}
              overlapSeconds={found.overlapSeconds}
              onClose={() => setAsked(undefined)}
              onDone={reload}
            />
          </>
        )}
      </Loaded>
    </TokenFrame>
  );
}

const tones = {
  next: 'wait',
  active: 'ok',
  passive: 'run',
  revoked: 'no',
  retired: 'off',
} as const satisfies Record<IssuerKey['state'], string>;

function Table({ keys, onRevoke }: { keys: IssuerKeys; onRevoke?: (id: string) => void }) {
  if (keys.items.length === 0) {
    return <Empty title={k('keys.none')} hint={k('keys.none.hint')} />;
  }
  return (
    <div class="scroll">
      <table class="table">
        <thead>
          <tr>
            <th>{k('keys.algorithm')}</th>
            <th>{k('keys.state')}</th>
            <th class="num">{k('keys.since')}</th>
            <th>{k('keys.kid')}</th>
            {onRevoke && <td />}
          </tr>
        </thead>
        <tbody>
          {keys.items.map(({ id, algorithm, state, changedAt, kid }) => (
            <tr key={id} data-state={state}>
              <td class="mono">{algorithm}</td>
              <td>
                <Status tone={tones[state]}>{k(`key.${state}`)}</Status>
              </td>
              <td class="num">{formatMoment(changedAt)}</td>
              <td class="mono" title={kid}>
                {shortHash(kid)}
              </td>
              {onRevoke && (
                <td>
                  {state !== 'revoked' && state !== 'retired' && (
                    <button type="button" class="btn quiet" onClick={() => onRevoke(id)}>
                      {k('keys.revoke')}
                    </button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Confirm(props: {
  asked: Asked | undefined;
  overlapSeconds: number;
  onClose: () => void;
  onDone: () => void;
}) {
  const { asked } = props;
  const act = useWrite<Asked>(async (draft) => {
    if (draft.what === 'rotate') await client.issuerKeys.rotate(draft.algorithm);
    else await client.issuerKeys.revoke(draft.id);
    props.onClose();
    props.onDone();
    showToast({ text: k(draft.what === 'rotate' ? 'keys.rotated' : 'keys.revoked') });
  });
  const isRotation = asked?.what === 'rotate';
  const algorithm = isRotation ? asked.algorithm : '';
  return (
    <Dialog
      title={isRotation ? k('keys.rotate.ask', { algorithm }) : k('keys.revoke.ask')}
      open={asked !== undefined}
      onClose={props.onClose}
    >
      <p>
        {isRotation
          ? k('keys.rotate.what', { seconds: props.overlapSeconds })
          : k('keys.revoke.what')}
      </p>
      {act.error && <Refusal what={{ said: k('keys.not-done') }} error={act.error} />}
      <DialogActs
        label={isRotation ? k('keys.rotate', { algorithm }) : k('keys.revoke')}
        danger={!isRotation}
        busy={act.busy}
        onCancel={props.onClose}
        onDo={() => asked && void act.run(asked)}
      />
    </Dialog>
  );
}
