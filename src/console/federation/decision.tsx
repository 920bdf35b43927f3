import type {
  ChannelLimit,
  OpenedScoring,
  PreparedApplication,
  SettingsDecision,
} from '../../client/index.ts';
import { formatDate, shortHash } from '../format.ts';
import { inLanguage, maybe, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Facts, Panel } from '../parts/page.tsx';
import { CertificateStep, type TerminalKey } from './certificate-step.tsx';

/** 1,234,567.89 from minor units with two digits, exact however long they are. */
export function yuan(minor: string): string {
  const padded = minor.padStart(3, '0');
  const whole = padded.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${whole}.${padded.slice(-2)}`;
}

/** The decision as only this terminal can read it: verdict, reason, next step, and what to check. */
export function DecisionView(props: {
  prepared: PreparedApplication & { readonly terminalKey: TerminalKey };
  opened: OpenedScoring;
  again: () => void;
}) {
  const { decision, reasons, scoring } = props.opened;
  const { statement, explanation } = decision;
  const isProven = statement.identity === 'proven';
  const isReview = statement.settings.tier === 6;
  const tone = !isProven ? 'no' : isReview ? 'wait' : 'ok';
  return (
    <div class="body columns">
      <div class="across">
        <div class={`verdict ${tone}`} role={tone === 'no' ? 'alert' : 'status'}>
          <Glyph name={tone} />
          <h2>
            {isProven
              ? t(isReview ? 'decision.review' : 'decision.granted', {
                  tier: statement.settings.tier,
                })
              : t('decision.unproven')}
          </h2>
          <p>
            {t(
              isProven
                ? isReview
                  ? 'decision.review.why'
                  : 'decision.granted.why'
                : 'decision.unproven.why',
            )}
          </p>
          <div class="acts">
            <button type="button" class="btn" onClick={props.again}>
              {t('apply.again')}
            </button>
          </div>
        </div>
      </div>
      <div class="stack">
        {isProven && <CertificateStep {...props.prepared} opened={props.opened} />}
        <SettingsPanel decision={decision} />
        <Ladder tier={statement.settings.tier} />
      </div>
      <div class="stack">
        <Panel title={t('decision.why')}>
          <Bands roster={props.prepared.roster} bands={explanation.bands} />
          <Reasons roster={props.prepared.roster} reasons={reasons} codes={explanation.reasons} />
        </Panel>
        <Panel title={t('decision.check')}>
          <Facts
            items={[
              [t('decision.sealed'), t('decision.sealed.how')],
              [t('decision.hash'), <Hash value={scoring.outcome?.decisionHash ?? ''} />],
              [
                t('decision.ledger'),
                <a href={`/ledger/entries/${scoring.outcome?.ledgerIndex}`} data-native>
                  {t('decision.ledger.entry', { index: scoring.outcome?.ledgerIndex ?? '' })}
                </a>,
              ],
              [t('decision.model'), <Hash value={statement.settings.modelHash ?? ''} />],
              [t('decision.policy'), <Hash value={statement.settings.policyHash} />],
              [t('nodes.transcript'), <span class="mono">{scoring.requestId}</span>],
              [t('decision.time'), `${scoring.outcome?.elapsedMs ?? 0} ms`],
            ]}
          />
        </Panel>
      </div>
    </div>
  );
}

function Hash({ value }: { value: string }) {
  return (
    <span class="mono" title={value}>
      {shortHash(value)}
    </span>
  );
}

function SettingsPanel({ decision }: { decision: SettingsDecision }) {
  const { settings } = decision.statement;
  const { requested, binding } = decision.explanation;
  const asked = (limit: ChannelLimit) =>
    requested.limits.find(
      ({ channel, currency }) => channel === limit.channel && currency === limit.currency,
    );
  return (
    <Panel title={t('settings.title')} flush>
      <div class="in">
        <Facts
          items={[
            [t('settings.role'), t(`settings.role.${settings.role}`)],
            [
              t('settings.permissions'),
              settings.permissions
                .map((name) => t(`settings.permission.${name}`))
                .join(t('list.comma')),
            ],
            [
              t('settings.dual'),
              settings.dualControlAbove === '0'
                ? t('settings.dual.always')
                : t('settings.dual.above', { amount: yuan(settings.dualControlAbove) }),
            ],
            [
              t('settings.valid'),
              `${formatDate(settings.validFrom)} – ${formatDate(settings.validTo)}`,
            ],
          ]}
        />
      </div>
      <table class="table list">
        <thead>
          <tr>
            <th>{t('settings.limit.word')}</th>
            <th class="num">{t('settings.single')}</th>
            <th class="num">{t('settings.daily')}</th>
            <th class="num">{t('settings.count')}</th>
            <th>{t('settings.bound-by')}</th>
          </tr>
        </thead>
        <tbody>
          {settings.limits.map((limit, index) => (
            <tr key={`${limit.channel} ${limit.currency}`}>
              <td>
                {t(`settings.channel.${limit.channel}`)} {limit.currency}
              </td>
              <td class="num" data-label={t('settings.single')}>
                <LimitBar granted={limit.single} asked={asked(limit)?.single ?? limit.single} />
              </td>
              <td class="num" data-label={t('settings.daily')}>
                {yuan(limit.daily)}
              </td>
              <td class="num" data-label={t('settings.count')}>
                {limit.count}
              </td>
              <td data-label={t('settings.bound-by')}>
                {t(`settings.bound-by.${binding[index] ?? 'requested'}`)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** Granted of asked, in figures and as a bar. */
function LimitBar({ granted, asked }: { granted: string; asked: string }) {
  const share = Number(asked) === 0 ? 0 : Number(granted) / Number(asked);
  return (
    <span class="limit">
      {yuan(granted)}
      {granted !== asked && <span class="faint"> / {yuan(asked)}</span>}
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="ground" width="100" height="4" />
        <rect class="mark" width={100 * share} height="4" />
      </svg>
    </span>
  );
}

const places = { helps: 20, neutral: 80, hurts: 140 } as const;

/** Where each party's part lies, told in three bands and no number. */
function Bands(props: {
  roster: PreparedApplication['roster'];
  bands: SettingsDecision['explanation']['bands'];
}) {
  return (
    <table class="table list bands">
      <caption class="label">{t('decision.bands')}</caption>
      <tbody>
        {props.roster.nodes.map(({ id, name }) => {
          const band = props.bands.find(({ party }) => party === id)?.band;
          return (
            <tr key={id}>
              <th scope="row">{inLanguage(name)}</th>
              <td>
                <svg viewBox="0 0 160 16" aria-hidden="true">
                  <path class="axis" d="M8 8h144M80 3v10" />
                  {band && <circle class="mark" cx={places[band]} cy="8" r="5" />}
                </svg>
              </td>
              <td>{band ? t(`band.${band}`) : t('band.none')}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Codes of features, told by the group that they belong to. */
export function featureWords(code: string): string {
  const groups: readonly (readonly [RegExp, Parameters<typeof t>[0]])[] = [
    [/^credit-limit$/, 'feature.limit'],
    [/near-limit|^limit-used|^use-/, 'feature.use'],
    [/^bill|billed/, 'feature.bills'],
    [/arrears|minimum/, 'feature.arrears'],
    [/paid/, 'feature.payments'],
    [/^(?:age|education)$/, 'feature.background'],
  ];
  const found = groups.find(([pattern]) => pattern.test(code));
  return t(found?.[1] ?? 'feature.other');
}

function Reasons(props: {
  roster: PreparedApplication['roster'];
  reasons: OpenedScoring['reasons'];
  codes: readonly string[];
}) {
  return (
    <>
      {props.codes.length > 0 && (
        <ul class="plain">
          {props.codes.map((code) => (
            <li key={code}>
              <Status tone="wait">{maybe(`reason.${code}`) ?? code}</Status>
            </li>
          ))}
        </ul>
      )}
      <h3 class="label">{t('decision.reasons')}</h3>
      <ul class="plain">
        {props.roster.nodes.map(({ id, name }) => {
          const words = [...new Set((props.reasons[id] ?? []).map(featureWords))];
          return (
            <li key={id}>
              <b>{inLanguage(name)}</b>{' '}
              {words.length === 0 ? (
                <span class="muted">{t('decision.reasons.none')}</span>
              ) : (
                words.join(t('list.comma'))
              )}
            </li>
          );
        })}
      </ul>
      <p class="small muted">{t('decision.reasons.only-you')}</p>
    </>
  );
}

/** Six steps, the one that was reached marked by shape and word. */
function Ladder({ tier }: { tier: number }) {
  return (
    <Panel title={t('tier.title')}>
      <ol class="ladder">
        {[1, 2, 3, 4, 5, 6].map((step) => (
          <li key={step} aria-current={step === tier ? 'true' : undefined}>
            <b>{step}</b>
            <span class="small">{t(`tier.${step}` as 'tier.1')}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
