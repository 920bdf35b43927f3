import { useState } from 'preact/hooks';
import {
  type ApiError,
  type BehaviourErased,
  type BehaviourExport,
  type BehaviourKeyData,
  type BusinessAnswer,
  type BusinessRequest,
  newIdempotencyKey,
} from '../../client/index.ts';
import { Dialog, DialogActs } from '../parts/dialog.tsx';
import { Panel } from '../parts/page.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { saveFile } from '../save-file.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { Bars, Hours } from './bars.tsx';
import { TokenFrame } from './frame.tsx';
import { Answer, Hints } from './handling.tsx';
import { type HeldToken, ownToken, terminalOf, visit } from './wallet.ts';
import { k, named } from './words.ts';

type Intention = Pick<BusinessRequest, 'action' | 'bill' | 'confirmed'>;

/** Business done at the sample system, and what the system makes of it. */
export function BehaviourPage() {
  const token = ownToken();
  return (
    <TokenFrame title="behaviour.title" lead="behaviour.lead">
      {token?.answer.audiences.includes('bills') ? (
        <Behaviour token={token} />
      ) : (
        <Empty title={k('behaviour.need')} hint={k('behaviour.need.hint')}>
          <a class="btn" href="/tokens">
            {k('behaviour.go')}
          </a>
        </Empty>
      )}
    </TokenFrame>
  );
}

function Behaviour({ token }: { token: HeldToken }) {
  const { accessToken } = token.answer;
  const [answer, setAnswer] = useState<BusinessAnswer | undefined>(undefined);
  const [erasing, setErasing] = useState(false);
  // Doing the same again is a second time; only what failed is repeated as the same request.
  const [round, setRound] = useState(0);
  const call = async <T,>(method: 'GET' | 'POST' | 'DELETE', path: string, json?: object) =>
    (await terminalOf()).call<T>(accessToken, method, `/v1/business${path}`, json);
  const [data, reload] = useResource(
    () => call<BehaviourKeyData>('GET', '/insights'),
    [accessToken],
  );
  const ask = useWrite<Intention & { readonly round: number }>(
    async ({ round: _, ...draft }, keyFor) => {
      const request = { id: keyFor('request'), session: visit.value, ...draft };
      setAnswer(await call<BusinessAnswer>('POST', '/requests', request));
      setRound((value) => value + 1);
      reload();
    },
  );
  const take = useWrite<'export'>(async () => {
    const all = await call<BehaviourExport>('GET', '/events');
    saveFile('behaviour.json', JSON.stringify(all, null, 2));
  });
  const erase = useWrite<'erase'>(async () => {
    const { erased } = await call<BehaviourErased>('DELETE', '/events');
    setErasing(false);
    setAnswer(undefined);
    reload();
    showToast({ text: k('behaviour.erased', { count: erased }) });
  });
  const [last, setLast] = useState<Intention | undefined>(undefined);
  const act = (request: Intention) => {
    setLast(request);
    void ask.run({ ...request, round });
  };
  const isQuestion = ask.error?.code === 'business_confirmation';
  return (
    <>
      <Panel
        title={k('behaviour.do')}
        aside={
          <button
            type="button"
            class="btn quiet"
            onClick={() => {
              visit.value = newIdempotencyKey();
              showToast({ text: k('behaviour.visited') });
            }}
          >
            {k('behaviour.visit')}
          </button>
        }
      >
        <div class="business-acts">
          {(['bill.list', 'contact.confirm', 'limit.view'] as const).map((action) => (
            <button
              key={action}
              type="button"
              class="btn"
              data-action={action}
              aria-busy={ask.busy && last?.action === action}
              onClick={() => act({ action })}
            >
              {k(`action.${action}`)}
            </button>
          ))}
        </div>
        {ask.error && <Refusal what={{ said: k('behaviour.not-done') }} error={ask.error} />}
        {isQuestion && last && (
          <Question
            error={ask.error as ApiError}
            onConfirm={() => act({ ...last, confirmed: true })}
          />
        )}
        {answer && <Answer answer={answer} onPay={(bill) => act({ action: 'bill.pay', bill })} />}
      </Panel>
      <Loaded resource={data} reload={reload} lines={8}>
        {(known) => (
          <Panel
            title={k('hints.title')}
            aside={
              <span class="small num" role="status">
                {k('behaviour.events', { events: known.events, visits: known.visits })}
              </span>
            }
          >
            {known.events === 0 ? (
              <Empty title={k('behaviour.none')} hint={k('behaviour.none.hint')} />
            ) : (
              <Insights data={known} />
            )}
            {take.error && (
              <Refusal what={{ said: k('behaviour.not-exported') }} error={take.error} />
            )}
            <div class="business-acts">
              <button
                type="button"
                class="btn"
                aria-busy={take.busy}
                onClick={() => void take.run('export')}
              >
                {k('behaviour.export')}
              </button>
              <button type="button" class="btn danger" onClick={() => setErasing(true)}>
                {k('behaviour.erase')}
              </button>
            </div>
          </Panel>
        )}
      </Loaded>
      <Dialog title={k('behaviour.erase.ask')} open={erasing} onClose={() => setErasing(false)}>
        <p>{k('behaviour.erase.what')}</p>
        {erase.error && <Refusal what={{ said: k('behaviour.not-erased') }} error={erase.error} />}
        <DialogActs
          label={k('behaviour.erase')}
          danger
          busy={erase.busy}
          onCancel={() => setErasing(false)}
          onDo={() => void erase.run('erase')}
        />
      </Dialog>
    </>
  );
}

function Question({ error, onConfirm }: { error: ApiError; onConfirm: () => void }) {
  return (
    <div role="alert">
      <p>{k('behaviour.confirm.why')}</p>
      <ul class="hints">
        {error.fields.map(({ code }) => (
          <li key={code}>{named('risk', code)}</li>
        ))}
      </ul>
      <div class="acts">
        <button type="button" class="btn" onClick={onConfirm}>
          {k('behaviour.confirm')}
        </button>
      </div>
    </div>
  );
}

function Insights({ data }: { data: BehaviourKeyData }) {
  return (
    <>
      <Hints data={data} />
      <div class="behaviour-plots">
        <Bars
          title={k('plot.preference')}
          unit={k('plot.share')}
          bars={data.preference.map(({ action, share }) => ({
            name: named('action', action),
            share,
          }))}
        />
        <Bars
          title={k('plot.next')}
          unit={k('plot.share')}
          bars={data.next.map(({ action, probability }) => ({
            name: named('action', action),
            share: probability,
          }))}
        />
        <Hours title={k('plot.hours')} hours={data.hours} />
      </div>
    </>
  );
}
