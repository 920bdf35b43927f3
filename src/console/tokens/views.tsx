import type { ComponentChildren } from 'preact';
import type { BusinessView } from '../../client/index.ts';
import { formatMoment, shortHash } from '../format.ts';
import { setTick } from '../home/ticks.ts';
import { Status } from '../parts/chip.tsx';
import { Panel } from '../parts/page.tsx';
import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { showToast } from '../toast.ts';
import { type HeldToken, terminalOf } from './wallet.ts';
import { k } from './words.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The public part of a token, as a terminal reads it: decoded, and not verified. */
function claimsOf(token: string): Claims {
  const payload = token.split('.')[1] ?? '';
  const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
}

/** The token with its parts told apart by line and word. */
export function Raw({ token }: { token: string }) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  // The sealed claims stand at the end of the payload: a share of its characters.
  const sealed = JSON.stringify(claimsOf(token).sealed ?? '').length;
  const from = Math.max(0, payload.length - Math.ceil((sealed * 4) / 3));
  return (
    <Panel
      title={k('token.raw')}
      aside={
        <>
          <span class="small num">{k('token.bytes', { count: token.length })}</span>
          <button
            type="button"
            class="btn"
            onClick={() => {
              void navigator.clipboard.writeText(token);
              showToast({ text: k('token.copied') });
            }}
          >
            {k('token.copy')}
          </button>
        </>
      }
    >
      <p class="token-raw mono">
        <span class="head-part">{header}</span>.
        <span class="public-part">{payload.slice(0, from)}</span>
        <span class="sealed-part">{payload.slice(from)}</span>.
        <span class="signature-part">{signature}</span>
      </p>
      <p class="token-legend small">
        <span class="head-part">{k('part.header')}</span>
        <span class="public-part">{k('part.public')}</span>
        <span class="sealed-part">{k('part.sealed')}</span>
        <span class="signature-part">{k('part.signature')}</span>
      </p>
    </Panel>
  );
}

const publicClaims = ['iss', 'sub', 'aud', 'pub', 'perm', 'exp', 'cnf'] as const;

function claimText(name: (typeof publicClaims)[number], claims: Claims): string {
  const value = claims[name];
  if (name === 'exp') return formatMoment(new Date(Number(value) * 1_000));
  if (name === 'sub') return shortHash(String(value));
  if (name === 'pub') {
    const { tenant, branch, roles } = value as { tenant: string; branch: string; roles: string[] };
    return [tenant, branch, ...roles].join(' · ');
  }
  if (name === 'perm') {
    const { permissions, limits } = value as { permissions: string[]; limits: object[] };
    return permissions.length + limits.length === 0
      ? k('claim.none')
      : [...permissions, `${limits.length} ×`].join(' ');
  }
  if (name === 'cnf') return shortHash((value as { jkt: string } | undefined)?.jkt ?? '');
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The sample system, under either of its names: the only one that this page can ask. */
export const isSample = (system: string | undefined) => system === 'bills' || system === 'bills-gm';

/** Both views in one table. On a phone the rows stay pairs. */
export function Views({ token }: { token: HeldToken }) {
  const { accessToken, audiences } = token.answer;
  const [view, reload] = useResource(async () => {
    if (!isSample(audiences[0])) return undefined;
    const terminal = await terminalOf();
    const view = await terminal.call<BusinessView>(accessToken, 'GET', '/v1/business/view');
    setTick('token.read');
    return view;
  }, [accessToken]);
  return (
    <Loaded resource={view} reload={reload} lines={8}>
      {(opened) => <TwoViews token={token} opened={opened} />}
    </Loaded>
  );
}

function TwoViews({ token, opened }: { token: HeldToken; opened: BusinessView | undefined }) {
  const claims = claimsOf(token.answer.accessToken);
  const rows = publicClaims.filter((name) => claims[name] !== undefined);
  const sent = token.sent.map((field) => {
    const fact = opened?.facts.find(({ name }) => name === `/${field.name}`);
    return { ...field, fact };
  });
  const isDropped = (label: string | undefined) =>
    token.answer.dropped.some((one) => one === label);
  const sealed = sent.filter(({ label }) => label !== undefined && !isDropped(label));
  const read = sealed.filter(({ fact }) => fact).length;
  return (
    <div class="scroll">
      <table class="two-views">
        <thead>
          <tr>
            <th>{k('view.field')}</th>
            <th>
              <Viewer
                title={k('view.terminal')}
                hint={k('view.terminal.hint')}
                chip={
                  <Status tone="off" glyph="lock" chip>
                    {k('view.reads', { read: rows.length, not: sealed.length })}
                  </Status>
                }
              />
            </th>
            <th>
              <Viewer
                title={k('view.business')}
                hint={k('view.business.hint', { name: token.answer.audiences.join(', ') })}
                chip={
                  <Status tone="ok" chip>
                    {k('view.reads', { read: rows.length + read, not: sealed.length - read })}
                  </Status>
                }
              />
            </th>
          </tr>
        </thead>
        <tbody>
          <tr class="group">
            <td colSpan={3}>{k('view.public')}</td>
          </tr>
          {rows.map((name) => (
            <tr key={name}>
              <th scope="row">
                {k(`claim.${name}`)} <span class="mono faint">{name}</span>
              </th>
              <td>{claimText(name, claims)}</td>
              <td class="faint">{k('view.same')}</td>
            </tr>
          ))}
          <tr class="group">
            <td colSpan={3}>{k('view.sealed')}</td>
          </tr>
          {sent.map(({ name, characters, fact, label }) => (
            <tr key={name} data-label={label ?? ''}>
              <th scope="row">
                <span lang="zh-CN">{name}</span>{' '}
                {label && <span class="faint">{k(`label.${label}`)}</span>}
              </th>
              {isDropped(label) || label === undefined ? (
                <td class="faint" colSpan={2}>
                  {k(label === undefined ? 'view.open' : 'view.dropped')}
                </td>
              ) : (
                <>
                  <td>
                    <Blot characters={characters} words={k('view.encrypted')} />
                  </td>
                  <td>
                    {fact ? (
                      <mark lang="zh-CN">{fact.masked}</mark>
                    ) : (
                      <Blot characters={characters} words={k('view.kept-back')} />
                    )}
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Viewer(props: { title: string; hint: string; chip: ComponentChildren }) {
  return (
    <div class="viewer">
      <div class="grow">
        <h2>{props.title}</h2>
        <p class="small">{props.hint}</p>
      </div>
      {props.chip}
    </div>
  );
}

const widestCharacters = 20;

function Blot({ characters, words }: { characters: number; words: string }) {
  const width = `${Math.min(characters, widestCharacters) * 0.6 + 1}em`;
  return (
    <span class="blot">
      <span class="redacted" style={{ width }} aria-hidden="true" />
      {words}
    </span>
  );
}
