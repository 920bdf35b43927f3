import { useState } from 'preact/hooks';
import type { PersonalKey } from '../../client/index.ts';
import {
  refreshPersonalKey,
  withdrawPersonalKey,
  withPersonalKey,
} from '../../client/personal-key.ts';
import { formatMoment } from '../format.ts';
import { parseAmount } from '../money.ts';
import { SelectField, TextField } from '../parts/field.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Loaded, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { allows, client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { certificateOf, type KeyCertificate } from './certificate-of.ts';
import { ConfirmWithKey } from './confirm.tsx';
import { KeyStatus } from './keys.tsx';
import type { KeyHere } from './keys-here.ts';
import { Renaming } from './renaming.tsx';
import { guardOf, inWords, type OpenTerminal, vault } from './terminal.ts';
import { p } from './words.ts';
import { WrongAnswers } from './wrong-answers.tsx';

/** One key: how far it and its certificate are, and what its owner may do with it. */
export function KeyPage({ id }: { id: string }) {
  const [resource, reload] = useResource(async () => {
    const item = await client.personalKeys.get(id);
    const [guard, papers] = await Promise.all([
      item.state === 'active' ? guardOf(id) : undefined,
      item.state === 'pending' ? {} : certificateOf(item),
    ]);
    return { item, papers, held: guard ? { key: item, guard } : undefined };
  }, [id, identity.value?.id]);
  return (
    <Loaded resource={resource} reload={reload} lines={8}>
      {(value) => <Detail {...value} reload={reload} />}
    </Loaded>
  );
}

interface DetailProps {
  readonly item: PersonalKey;
  readonly papers: KeyCertificate;
  /** Absent when the share is not in this browser. */
  readonly held: KeyHere | undefined;
  readonly reload: () => void;
}

function Detail({ item, papers, held, reload }: DetailProps) {
  const rename = useWrite<{ label: string }>(async ({ label }) => {
    await client.personalKeys.rename(item.id, label);
    reload();
  });
  const { application, certificate } = papers;
  const isOpen = application?.state === 'rejected' || application?.state === 'withdrawn';
  return (
    <>
      <PageHead
        title={item.label}
        isName
        crumbs={[{ text: p('keys.back'), href: '/keys' }]}
        state={<KeyStatus item={item} chip />}
        facts={
          <>
            <span>{p('key.made-at', { at: formatMoment(item.createdAt) })}</span>
            {held && <span>{p(`key.guarded.${held.guard.kind}`)}</span>}
            {!held && item.state === 'active' && <span>{p('keys.elsewhere')}</span>}
            {item.refreshing && <span>{p('key.refreshing')}</span>}
          </>
        }
      />
      <div class="body">
        <Stages item={item} papers={papers} />
        <Standing papers={papers} />
        {held && !certificate && (!application || isOpen) && <Apply held={held} reload={reload} />}
        {rename.error && <Refusal what={{ said: p('device.not-renamed') }} error={rename.error} />}
        <Panel title={p('key.label')}>
          <Renaming
            label={item.label}
            busy={rename.busy}
            onRename={(label) => void rename.run({ label })}
          />
          <Facts
            items={[
              [
                p('key.public'),
                <span key="p" class="mono wrap">
                  {item.publicKeyHex || '–'}
                </span>,
              ],
              [
                p('key.certificate'),
                certificate ? (
                  <a key="c" href={`/certificates/${certificate.serial}`}>
                    {p('key.certificate.open')}
                  </a>
                ) : (
                  '–'
                ),
              ],
            ]}
          />
        </Panel>
        <WrongAnswers keyId={item.id} />
        {held && <Refresh held={held} reload={reload} />}
        {item.state !== 'withdrawn' && <Withdraw item={item} reload={reload} />}
      </div>
    </>
  );
}

/** From the key to a certificate in force. */
function Stages({ item, papers }: Pick<DetailProps, 'item' | 'papers'>) {
  const { application, certificate } = papers;
  const isDecided = application?.state === 'approved' || application?.state === 'issued';
  const isInForce = certificate?.state === 'active' && certificate.delivery === 'delivered';
  const stages = [
    ['made', item.publicKeyHex !== ''],
    ['applied', application !== undefined || certificate !== undefined],
    ['approved', isDecided || certificate !== undefined],
    ['frozen', certificate !== undefined && certificate.state !== 'prepared'],
    ['active', isInForce],
  ] as const;
  return (
    <ol class="steps">
      {stages.map(([stage, isDone]) => (
        <li key={stage} class={isDone ? 'done' : ''}>
          <Glyph name={isDone ? 'ok' : 'todo'} />
          <b>{p(`key.stage.${stage}`)}</b>
        </li>
      ))}
    </ol>
  );
}

/** What the person waits for, in words. */
function Standing({ papers: { application, certificate } }: Pick<DetailProps, 'papers'>) {
  if (certificate) {
    const at = formatMoment(certificate.notAfter);
    const words = {
      prepared: p('key.waits'),
      frozen: p('key.frozen'),
      active: p('key.active', { at }),
      suspended: p('key.suspended'),
      revoked: p('key.revoked'),
    };
    return (
      <p role="status">
        {words[certificate.state]}{' '}
        {certificate.state === 'active' && allows('pay') && <a href="/pay">{p('key.pay')}</a>}
      </p>
    );
  }
  if (!application || application.state === 'withdrawn') return null;
  const isRejected = application.state === 'rejected';
  const reason = application.reason ?? '–';
  return <p role="status">{isRejected ? p('key.rejected', { reason }) : p('key.waits')}</p>;
}

interface Wish {
  readonly name: string;
  readonly single: string;
  readonly daily: string;
}

const perDay = 100;

/** The request is signed by both halves; the person proves to hold the key by what signs it. */
async function applyFor({ terminal }: OpenTerminal, keyId: string, wish: Wish): Promise<void> {
  const request = await withPersonalKey(terminal, keyId, (key) => key.certificateRequest());
  const minor = (text: string) => String(parseAmount(text, 'CNY') ?? 0);
  const limit = { currency: 'CNY', single: minor(wish.single), daily: minor(wish.daily) };
  await client.certificates.applications.create({
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: wish.name.trim(), country: 'CN' },
    dnsNames: [],
    request,
    requested: {
      role: 'maker',
      permissions: ['view', 'make'],
      limits: [{ channel: 'online', ...limit, count: perDay }],
    },
  });
}

function Apply({ held, reload }: { held: KeyHere; reload: () => void }) {
  const [wish, setWish] = useState<Wish>({
    name: identity.value?.name.zh ?? '',
    single: '50000',
    daily: '200000',
  });
  const change = (part: Partial<Wish>) => setWish((old) => ({ ...old, ...part }));
  const amountWrong = (text: string) =>
    parseAmount(text, 'CNY') === undefined ? p('key.apply.amount') : undefined;
  const wrong = {
    name: wish.name.trim() === '' ? p('key.apply.name.missing') : undefined,
    single: amountWrong(wish.single),
    daily: amountWrong(wish.daily),
  };
  const isReady = Object.values(wrong).every((fault) => fault === undefined);
  return (
    <Panel title={p('key.apply')}>
      <p class="muted">{p('key.apply.lead')}</p>
      <div class="fields">
        <TextField
          label={p('key.apply.name')}
          value={wish.name}
          onInput={(name) => change({ name })}
          wrong={wrong.name}
        />
        <TextField
          label={p('key.apply.single')}
          numeric
          value={wish.single}
          onInput={(single) => change({ single })}
          wrong={wrong.single}
        />
        <TextField
          label={p('key.apply.daily')}
          numeric
          value={wish.daily}
          onInput={(daily) => change({ daily })}
          wrong={wrong.daily}
        />
      </div>
      {isReady && (
        <ConfirmWithKey
          held={held}
          label={p('key.apply.act')}
          run={async (open, keyId) => {
            await applyFor(open, keyId, wish);
            showToast({ text: p('key.applied') });
            reload();
          }}
        />
      )}
    </Panel>
  );
}

function Refresh({ held, reload }: { held: KeyHere; reload: () => void }) {
  return (
    <Panel title={p('key.refresh')}>
      <p class="muted">{p('key.refresh.lead')}</p>
      <ConfirmWithKey
        held={held}
        label={p('key.refresh')}
        run={async ({ terminal }, keyId) => {
          await refreshPersonalKey(terminal, keyId);
          showToast({ text: p('key.refreshed') });
          reload();
        }}
      />
    </Panel>
  );
}

type Reason = 'ended' | 'lost';

/** Needs no share: who lost the device can do it from another. */
function Withdraw({ item, reload }: { item: PersonalKey; reload: () => void }) {
  const [reason, setReason] = useState<Reason>('ended');
  const [word, setWord] = useState('');
  const withdraw = useWrite<{ reason: Reason }>((draft) =>
    inWords(async () => {
      await withdrawPersonalKey({ client, vault }, item.id, draft.reason);
      showToast({ text: p('key.withdrawn') });
      reload();
    }),
  );
  return (
    <Panel title={p('key.withdraw')}>
      {withdraw.error && <Refusal what={{ said: p('key.not-withdrawn') }} error={withdraw.error} />}
      <details class="withdraw">
        <summary>{p('key.withdraw')}</summary>
        <form
          class="confirm"
          onSubmit={(event) => {
            event.preventDefault();
            if (word === item.label) void withdraw.run({ reason });
          }}
        >
          <p>{p('key.withdraw.warning', { label: item.label })}</p>
          <SelectField
            label={p('key.withdraw.why')}
            value={reason}
            options={(['ended', 'lost'] as const).map((value) => ({
              value,
              text: p(`key.withdraw.${value}`),
            }))}
            onChange={setReason}
          />
          <TextField label={p('key.withdraw.word')} value={word} onInput={setWord} />
          <button
            type="submit"
            class="btn danger"
            aria-disabled={word !== item.label}
            aria-busy={withdraw.busy}
          >
            {p('key.withdraw')}
          </button>
        </form>
      </details>
    </Panel>
  );
}
