import { useState } from 'preact/hooks';
import type { Webhook, WebhookSecret } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog, DialogActs } from '../parts/dialog.tsx';
import { ListTable } from '../parts/list-table.tsx';
import { PageHead, Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { NewWebhook, SecretOnce } from './new.tsx';
import { w } from './words.ts';

type Asked = { readonly what: 'secret' | 'remove'; readonly webhook: Webhook };

/** Where the institution hears of its own records, and whether it does. */
export function WebhooksPage() {
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const [made, setMade] = useState<WebhookSecret | undefined>(undefined);
  const [webhooks, reload] = useResource(
    (signal) => client.webhooks.list({ signal }),
    [identity.value?.id],
  );
  const shown = (secret: WebhookSecret) => {
    setAdding(false);
    setAsked(undefined);
    setMade(secret);
    reload();
  };
  const mayChange = allows('changeWebhooks');
  return (
    <>
      <PageHead
        title={w('title')}
        facts={<p class="muted">{w('lead')}</p>}
        actions={
          mayChange && (
            <button type="button" class="btn primary" onClick={() => setAdding(true)}>
              {w('add')}
            </button>
          )
        }
      />
      <div class="body">
        <Loaded resource={webhooks} reload={reload} lines={4}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={w('none')} hint={w('none.hint')} />
            ) : (
              items.map((webhook) => (
                <One
                  key={webhook.id}
                  webhook={webhook}
                  reload={reload}
                  {...(mayChange ? { ask: (what) => setAsked({ what, webhook }) } : {})}
                />
              ))
            )
          }
        </Loaded>
      </div>
      <Dialog title={w('add')} open={isAdding} onClose={() => setAdding(false)}>
        <NewWebhook onMade={shown} />
      </Dialog>
      <Dialog title={w('secret')} open={made !== undefined} onClose={() => setMade(undefined)}>
        {made && <SecretOnce made={made} onDone={() => setMade(undefined)} />}
      </Dialog>
      <Confirm
        asked={asked}
        onClose={() => setAsked(undefined)}
        onSecret={shown}
        onRemoved={() => {
          setAsked(undefined);
          reload();
        }}
      />
    </>
  );
}

function stateOf({ state, failingSince }: Webhook) {
  if (state === 'paused') return <Status tone="off">{w('state.paused')}</Status>;
  if (failingSince !== undefined) return <Status tone="wait">{w('state.failing')}</Status>;
  return <Status tone="ok">{w('state.active')}</Status>;
}

const isTaken = (status: number) => status >= 200 && status < 300;
const answerText = (status: number) => (status === 0 ? w('silent') : String(status));

function One(props: { webhook: Webhook; reload: () => void; ask?: (what: Asked['what']) => void }) {
  const { webhook, reload, ask } = props;
  const { id, url, actions, state, recent, nextAttemptAt } = webhook;
  const act = useWrite<'test' | 'pause' | 'resume'>(async (what) => {
    if (what === 'test') {
      const { status } = await client.webhooks.test(id);
      const key = isTaken(status) ? 'tested.yes' : 'tested.no';
      showToast({ text: w(key, { status: answerText(status) }) });
    } else {
      await client.webhooks.change(id, { state: what === 'pause' ? 'paused' : 'active' });
      showToast({ text: w(what === 'pause' ? 'paused' : 'resumed') });
    }
    reload();
  });
  const turn = state === 'active' ? 'pause' : 'resume';
  return (
    <Panel title={url} aside={stateOf(webhook)}>
      {act.error && <Refusal what={{ said: w('refused') }} error={act.error} />}
      <p>
        <span class="muted">{w('actions')}</span> <span class="mono">{actions.join(' ')}</span>
        {nextAttemptAt && (
          <span class="muted"> · {w('next', { at: formatMoment(nextAttemptAt) })}</span>
        )}
      </p>
      <h3>{w('recent')}</h3>
      {recent.length === 0 ? (
        <p class="muted">{w('recent.none')}</p>
      ) : (
        <ListTable
          items={recent}
          idOf={(one) => `${one.id} ${one.at}`}
          columns={[
            { title: w('message'), class: 'mono', cell: (one) => one.id },
            { title: w('action'), class: 'mono', wide: true, cell: (one) => one.type },
            { title: w('at'), class: 'date', cell: (one) => formatMoment(one.at) },
            {
              title: w('answer'),
              cell: ({ status }) => (
                <Status tone={isTaken(status) ? 'ok' : 'no'}>{answerText(status)}</Status>
              ),
            },
          ]}
        />
      )}
      <div class="acts">
        {ask && (
          <>
            <button type="button" class="btn quiet" onClick={() => ask('remove')}>
              {w('remove')}
            </button>
            <button type="button" class="btn quiet" onClick={() => ask('secret')}>
              {w('secret')}
            </button>
            <button type="button" class="btn" onClick={() => void act.run(turn)}>
              {w(turn)}
            </button>
          </>
        )}
        {allows('testWebhooks') && (
          <button
            type="button"
            class="btn"
            aria-busy={act.busy}
            onClick={() => void act.run('test')}
          >
            {w('test')}
          </button>
        )}
      </div>
    </Panel>
  );
}

function Confirm(props: {
  asked: Asked | undefined;
  onClose: () => void;
  onSecret: (made: WebhookSecret) => void;
  onRemoved: () => void;
}) {
  const { asked } = props;
  const act = useWrite<Asked>(async ({ what, webhook }) => {
    if (what === 'secret') {
      props.onSecret(await client.webhooks.rotateSecret(webhook.id));
      return;
    }
    await client.webhooks.remove(webhook.id);
    showToast({ text: w('removed') });
    props.onRemoved();
  });
  const what = asked?.what ?? 'secret';
  return (
    <Dialog title={w(`${what}.ask`)} open={asked !== undefined} onClose={props.onClose}>
      <p>{w(`${what}.what`)}</p>
      {act.error && <Refusal what={{ said: w('refused') }} error={act.error} />}
      <DialogActs
        label={w(what)}
        danger={what === 'remove'}
        busy={act.busy}
        onCancel={props.onClose}
        onDo={() => asked && void act.run(asked)}
      />
    </Dialog>
  );
}
