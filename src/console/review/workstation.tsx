import { useEffect, useRef, useState } from 'preact/hooks';
import type { Review, Verification } from '../../client/index.ts';
import { language, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { type NamedSeal, namedSeal } from '../lookup.ts';
import { formatMoney } from '../money.ts';
import { Stage } from '../pages/verification.tsx';
import { PageHead } from '../parts/page.tsx';
import { SealMarkName, SealName } from '../parts/seal-name.tsx';
import { Empty, Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { preloadPair } from '../viewer/load.ts';
import { useWrite } from '../write.ts';
import { ManualCheck } from './manual-check.tsx';

const reasons = {
  pass: ['strokes_agree', 'ink_or_pressure', 'covered_by_print', 'other'],
  fail: ['strokes_differ', 'other_seal', 'suspected_copy', 'unclear_imprint', 'other'],
} as const;
type Choice = keyof typeof reasons;
type DecisionReason = (typeof reasons)[Choice][number];

const queueEveryMs = 10_000;

function Queue(props: {
  items: readonly Review[];
  open: number;
  chosen: string | undefined;
  onChoose: (review: Review) => void;
}) {
  const me = identity.value?.id;
  return (
    <aside class="queue" aria-label={t('review.title')}>
      <h2>
        {t('review.title')} <span class="num faint">{props.open}</span>
      </h2>
      <ul>
        {props.items.map((item) => (
          <li key={item.verificationId}>
            <button
              type="button"
              data-verification={item.verificationId}
              aria-current={item.verificationId === props.chosen ? 'true' : undefined}
              onClick={() => props.onChoose(item)}
            >
              <SealName id={item.sealId} />
              <span class="num small">
                {formatMoney(item.amountMinor, item.currency, language.value)}
              </span>
              <span class="small faint">
                {item.holder !== null && item.holder !== me
                  ? t('review.taken', { name: item.holder })
                  : t(item.reviewers.length > 0 ? 'review.second' : `state.${item.verdict}`)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** The reasons of one choice with their digits; the digit decides. */
function Reasons(props: {
  choice: Choice;
  busy: boolean;
  onDecide: (reason: DecisionReason, note: string) => void;
  onCancel: () => void;
}) {
  const [note, setNote] = useState<string | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [note === undefined]);
  const choose = (reason: DecisionReason) =>
    reason === 'other' ? setNote('') : props.onDecide(reason, '');
  useKeys([
    ...reasons[props.choice].map((reason, index) => ({
      key: String(index + 1),
      label: t(`reason.${reason}`),
      run: () => choose(reason),
    })),
    { key: 'Escape', label: t('review.cancel'), run: props.onCancel },
  ]);
  return (
    <fieldset class="reasons" aria-label={t(`review.why.${props.choice}`)}>
      <b>{t(`review.why.${props.choice}`)}</b>
      {note === undefined ? (
        reasons[props.choice].map((reason, index) => (
          <button
            key={reason}
            type="button"
            class="btn"
            aria-busy={props.busy}
            onClick={() => choose(reason)}
          >
            {t(`reason.${reason}`)} <kbd>{index + 1}</kbd>
          </button>
        ))
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (note.trim() !== '') props.onDecide('other', note.trim());
          }}
        >
          <input
            ref={field}
            class="input"
            aria-label={t('review.note')}
            placeholder={t('review.note')}
            maxLength={500}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
          <button type="submit" class="btn primary" disabled={note.trim() === ''}>
            {t('review.note.send')} <kbd>↵</kbd>
          </button>
        </form>
      )}
      <button type="button" class="btn quiet" onClick={props.onCancel}>
        {t('review.cancel')} <kbd>Esc</kbd>
      </button>
    </fieldset>
  );
}

interface Draft {
  review: Review;
  decision: Choice;
  reason: DecisionReason;
  note: string;
}

/** Both buttons with their keys; a press asks for the reason, the reason decides. */
function DecisionBar(props: {
  review: Review;
  onDone: () => void;
  onUndone: (review: Review) => void;
}) {
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  const { review } = props;
  const write = useWrite<Draft>(async ({ review: item, ...decision }, keyFor) => {
    await client.reviews.decide(item.verificationId, decision, {
      idempotencyKey: keyFor('decision'),
    });
    showToast({
      text: t(decision.decision === 'pass' ? 'review.done.pass' : 'review.done.fail'),
      undo: () => {
        client.reviews.withdraw(item.verificationId).then(
          (back) => {
            showToast({ text: t('review.undone') });
            props.onUndone(back);
          },
          () => showToast({ text: t('error.undo_too_late.why') }),
        );
      },
    });
    props.onDone();
  });
  const hold = useWrite<Review>(async (item) => {
    await client.reviews.release(item.verificationId);
    props.onDone();
  });
  const failure = write.error ?? hold.error;
  const isOwn = review.requestedBy === identity.value?.id;
  useKeys(
    isOwn
      ? []
      : [
          { key: 'F6', label: t('review.hold'), run: () => void hold.run(review) },
          { key: 'F8', label: t('review.pass'), run: () => setChoice('pass') },
          { key: 'F9', label: t('review.fail'), run: () => setChoice('fail') },
        ],
  );
  if (isOwn) return <footer class="decide">{t('review.own')}</footer>;
  return (
    <footer class="decide">
      {failure && <Refusal what="review.not-decided" error={failure} />}
      {choice ? (
        <Reasons
          choice={choice}
          busy={write.busy}
          onCancel={() => setChoice(undefined)}
          onDecide={(reason, note) => {
            void write.run({ review, decision: choice, reason, note });
            setChoice(undefined);
          }}
        />
      ) : (
        <>
          <button type="button" class="btn quiet" onClick={() => void hold.run(review)}>
            {t('review.hold')} <kbd>F6</kbd>
          </button>
          <span class="small faint grow">{t('review.signed')}</span>
          <button type="button" class="btn" onClick={() => setChoice('pass')}>
            {t('review.pass')} <kbd>F8</kbd>
          </button>
          <button type="button" class="btn" onClick={() => setChoice('fail')}>
            {t('review.fail')} <kbd>F9</kbd>
          </button>
        </>
      )}
    </footer>
  );
}

function Item(props: { review: Review; onDone: () => void; onUndone: (review: Review) => void }) {
  const id = props.review.verificationId;
  const [resource, reload] = useResource(
    async (signal): Promise<{ verification: Verification; named: NamedSeal }> => {
      const verification = await client.verifications.get(id, { signal });
      return { verification, named: await namedSeal(verification.sealId) };
    },
    [id],
  );
  return (
    <div class="work">
      <Loaded resource={resource} reload={reload} lines={8}>
        {({ verification, named }) => (
          <>
            <PageHead
              title={named.account.name}
              isName
              facts={
                <>
                  <SealMarkName seal={named.seal} />
                  <span class="num">
                    {formatMoney(verification.amountMinor, verification.currency, language.value)}
                  </span>
                  <span>{t('review.by', { name: verification.requestedBy })}</span>
                  {props.review.needsSecond && <span>{t('rule.second')}</span>}
                </>
              }
            />
            <Stage
              key={id}
              verification={verification}
              named={named}
              extra={<ManualCheck verification={verification} />}
            />
          </>
        )}
      </Loaded>
      <DecisionBar key={id} {...props} />
    </div>
  );
}

/** Loads what comes next while the person looks at this one. */
async function preload(next: Review | undefined): Promise<void> {
  if (!next) return;
  const verification = await client.verifications.get(next.verificationId);
  await namedSeal(verification.sealId);
  const shown = verification.vendors.find((vendor) => !vendor.match) ?? verification.vendors[0];
  if (shown) await preloadPair(verification.id, shown.code);
}

/**
 * The review workstation (B7): the queue, one item with its evidence, and the decision, all by
 * keyboard. The oldest item that the person may decide is taken when the page opens, the next one
 * after each decision.
 */
export function Workstation() {
  const [current, setCurrent] = useState<Review | undefined>(undefined);
  const [queue, reload] = useResource(
    (signal) => client.reviews.list({ state: 'open', limit: 50 }, { signal }),
    [],
  );
  const claim = useWrite<Review | 'next'>(async (wanted) => {
    const taken =
      wanted === 'next'
        ? (await client.reviews.claimNext()).review
        : await client.reviews.claim(wanted.verificationId);
    setCurrent(taken);
    reload();
  });
  const mayDecide = identity.value?.role === 'reviewer';
  useEffect(() => {
    if (mayDecide) void claim.run('next');
    const timer = setInterval(() => !document.hidden && reload(), queueEveryMs);
    return () => clearInterval(timer);
  }, [mayDecide]);
  const items = queue.kind === 'ready' ? queue.value.items : [];
  const next = items.find(
    (item) => item.verificationId !== current?.verificationId && item.step === 'waiting',
  );
  useEffect(() => {
    // What cannot be loaded ahead is loaded when it is opened, and says then what is wrong.
    if (current) preload(next).catch(() => undefined);
  }, [current?.verificationId, next?.verificationId]);
  useKeys(
    current || !mayDecide
      ? []
      : [{ key: 'Enter', label: t('review.next'), run: () => void claim.run('next') }],
  );
  const open = queue.kind === 'ready' ? queue.value.open : 0;
  return (
    <div class="review">
      <Queue
        items={items}
        open={open}
        chosen={current?.verificationId}
        onChoose={(item) => (mayDecide ? void claim.run(item) : setCurrent(item))}
      />
      <div class="desk">
        {claim.error && <Refusal what="review.not-claimed" error={claim.error} />}
        {current ? (
          <Item
            review={current}
            onDone={() => {
              setCurrent(undefined);
              void claim.run('next');
            }}
            onUndone={setCurrent}
          />
        ) : (
          <>
            <PageHead title={t('review.title')} />
            <Empty title={t('review.none')} hint={t('review.none.hint')}>
              {mayDecide && (
                <button
                  type="button"
                  class="btn"
                  aria-busy={claim.busy}
                  onClick={() => void claim.run('next')}
                >
                  {t('review.next')} <kbd>↵</kbd>
                </button>
              )}
            </Empty>
          </>
        )}
      </div>
    </div>
  );
}
