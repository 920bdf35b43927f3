import { useEffect, useState } from 'preact/hooks';
import type { IssuedToken } from '../../client/index.ts';
import { formatMoment } from '../format.ts';
import { t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectField } from '../parts/field.tsx';
import { Panel } from '../parts/page.tsx';
import { Paged } from '../parts/paged.tsx';
import { Empty, Refusal } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { client, identity } from '../session.ts';
import { showToast } from '../toast.ts';
import { useWrite } from '../write.ts';
import { TokenFrame } from './frame.tsx';
import sample from './sample.json';
import { isSample, Raw, Views } from './views.tsx';
import { held, ownToken, terminalOf } from './wallet.ts';
import { k } from './words.ts';

type Field = readonly [name: string, value: string];
const profiles = ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1'] as const;
const fieldsMax = 12;

interface Draft {
  readonly fields: readonly Field[];
  readonly profile: (typeof profiles)[number];
  readonly audience: string;
}

/** What is in a token: once as the terminal reads it, once as the business system does. */
export function TokenPage() {
  const token = ownToken();
  const [revoking, setRevoking] = useState(false);
  const [round, setRound] = useState(0);
  const revoke = useWrite<string>(async (id) => {
    await client.tokens.revoke(id);
    held.value = undefined;
    setRevoking(false);
    setRound((value) => value + 1);
    showToast({ text: k('token.revoked') });
  });
  return (
    <TokenFrame
      title="token.title"
      lead="token.lead"
      state={token && <Life expiresAt={token.answer.expiresAt} />}
      actions={
        token && (
          <button type="button" class="btn danger" onClick={() => setRevoking(true)}>
            {k('token.revoke')}
          </button>
        )
      }
    >
      <Get onGot={() => setRound((value) => value + 1)} />
      {token && <Raw token={token.answer.accessToken} />}
      {token && <Views token={token} />}
      <Panel title={k('list.title')} flush>
        <Issued round={round} />
      </Panel>
      <Dialog
        title={k('token.revoke.ask')}
        open={revoking && token !== undefined}
        onClose={() => setRevoking(false)}
      >
        <p>{k('token.revoke.what')}</p>
        {revoke.error && <Refusal what={{ said: k('token.not-revoked') }} error={revoke.error} />}
        <div class="acts">
          <button type="button" class="btn" onClick={() => setRevoking(false)}>
            {t('action.cancel')}
          </button>
          <button
            type="button"
            class="btn danger"
            aria-busy={revoke.busy}
            onClick={() => token && void revoke.run(token.answer.id)}
          >
            {k('token.revoke')}
          </button>
        </div>
      </Dialog>
    </TokenFrame>
  );
}

function Life({ expiresAt }: { expiresAt: string }) {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.floor((Date.parse(expiresAt) - nowMs) / 1_000);
  if (left <= 0) {
    return (
      <Status tone="off" chip>
        {k('token.over')}
      </Status>
    );
  }
  return (
    <>
      <Status tone="run" chip>
        {k('token.left', { minutes: Math.floor(left / 60), seconds: left % 60 })}
      </Status>
      <Status tone="ok" glyph="lock" chip>
        {k('token.bound')}
      </Status>
    </>
  );
}

function Get({ onGot }: { onGot: () => void }) {
  const [fields, setFields] = useState<readonly Field[]>(Object.entries(sample));
  const [profile, setProfile] = useState<Draft['profile']>('cin-sealed-1');
  const [audience, setAudience] = useState('');
  const [systems] = useResource(
    async (signal) => {
      // Asked first: the sample system registers itself when it is asked what it is.
      await client.business.system({ signal }).catch(() => undefined);
      const { items } = await client.businessSystems.list({ signal });
      return items.filter(({ state }) => state === 'active');
    },
    [identity.value?.id],
  );
  // A profile seals to keys of its own kind only.
  const known = (systems.kind === 'ready' ? systems.value : []).filter(
    ({ curve }) => (curve === 'SM2') === (profile === 'cin-sm-1'),
  );
  const wanted = known.find(({ id }) => id === audience) ?? known.find(({ id }) => isSample(id));
  const chosen = (wanted ?? known[0])?.id ?? '';
  const get = useWrite<Draft>(async (draft) => {
    const sent = draft.fields.filter(([name]) => name.trim() !== '');
    const known = Object.fromEntries(sent);
    const [{ sensitive = [] }, answer] = await Promise.all([
      client.sensitive.extract({ json: known }),
      terminalOf().then((terminal) =>
        terminal.grant({ audiences: [draft.audience], profile: draft.profile, identity: known }),
      ),
    ]);
    const labels = new Map(sensitive.map(({ path: at, label }) => [at, label]));
    held.value = {
      identity: identity.value?.id ?? '',
      answer,
      sent: sent.map(([name, value]) => {
        const label = labels.get(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
        return { name, characters: [...value].length, ...(label ? { label } : {}) };
      }),
    };
    onGot();
    showToast({ text: k('token.got') });
  });
  const change = (at: number, field: Field) =>
    setFields(fields.map((old, i) => (i === at ? field : old)));
  return (
    <Panel title={k('token.about')}>
      <p class="small muted">{k('token.about.hint')}</p>
      <form
        class="token-form"
        onSubmit={(event) => {
          event.preventDefault();
          void get.run({ fields, profile, audience: chosen });
        }}
      >
        <div class="token-fields">
          {fields.map(([name, value], at) => (
            // Fields have no other name than their place.
            <div key={at} class="token-field">
              <input
                class="input"
                aria-label={k('token.field')}
                value={name}
                lang="zh-CN"
                maxLength={64}
                onInput={(event) => change(at, [event.currentTarget.value, value])}
              />
              <input
                class="input"
                aria-label={`${k('token.value')} ${name}`}
                value={value}
                lang="zh-CN"
                maxLength={200}
                autocomplete="off"
                onInput={(event) => change(at, [name, event.currentTarget.value])}
              />
              <button
                type="button"
                class="btn quiet"
                aria-label={k('token.remove', { name })}
                onClick={() => setFields(fields.filter((_, i) => i !== at))}
              >
                ×
              </button>
            </div>
          ))}
          {fields.length < fieldsMax && (
            <button
              type="button"
              class="btn quiet"
              onClick={() => setFields([...fields, ['', '']])}
            >
              {k('token.add')}
            </button>
          )}
        </div>
        <div class="token-choice">
          <SelectField
            label={k('token.profile')}
            value={profile}
            options={profiles.map((value) => ({ value, text: k(`profile.${value}`) }))}
            onChange={setProfile}
            hint={k('token.profile.hint')}
          />
          <SelectField
            label={k('token.for')}
            value={chosen}
            options={known.map(({ id, title }) => ({ value: id, text: `${title} (${id})` }))}
            onChange={setAudience}
            hint={
              systems.kind === 'ready' && chosen === ''
                ? k('token.for.none')
                : known.find(({ id }) => id === chosen)?.release.purpose
            }
          />
          {get.error && <Refusal what={{ said: k('token.not-got') }} error={get.error} />}
          <div class="acts">
            <button type="submit" class="btn primary" aria-busy={get.busy} disabled={chosen === ''}>
              {k(get.busy ? 'token.getting' : 'token.get')}
            </button>
          </div>
        </div>
      </form>
    </Panel>
  );
}

const tones = { active: 'ok', revoked: 'no', expired: 'off' } as const;

function Issued({ round }: { round: number }) {
  return (
    <Paged<IssuedToken>
      load={(cursor, signal) => client.tokens.list({ cursor }, { signal })}
      inputs={[identity.value?.id, round]}
      empty={<Empty title={k('list.none')} hint={k('list.none.hint')} />}
    >
      {(items) => (
        <div class="scroll">
          <table class="table list">
            <thead>
              <tr>
                <th>{k('list.issued')}</th>
                <th>{k('list.holder')}</th>
                <th>{k('list.profile')}</th>
                <th>{k('list.released')}</th>
                <th>{t('field.state')}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((one) => (
                <tr key={one.id}>
                  <td class="num">{formatMoment(one.issuedAt)}</td>
                  <td class="mono">{one.holder}</td>
                  <td class="mono">{one.profile}</td>
                  <td>{releasedText(one)}</td>
                  <td>
                    <Status tone={tones[one.state]}>{k(`state.${one.state}`)}</Status>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Paged>
  );
}

function releasedText({ audiences, released }: IssuedToken): string {
  return audiences
    .map((system) => {
      const labels = released.find((part) => part.system === system)?.labels ?? [];
      return `${system}: ${labels.map((label) => k(`label.${label}`)).join(', ') || k('claim.none')}`;
    })
    .join('; ');
}
