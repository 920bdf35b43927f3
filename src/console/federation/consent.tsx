import type { PreparedApplication } from '../../client/index.ts';
import { formatTime, shortHash } from '../format.ts';
import { inLanguage, t } from '../i18n/index.ts';
import { useKeys } from '../keys.ts';
import { Facts, Panel } from '../parts/page.tsx';

type Roster = PreparedApplication['roster'];

/** What, for whom, how long, one line each; refusing is as easy as agreeing. */
export function ConsentCard(props: {
  prepared: PreparedApplication;
  onAgree: () => void;
  onRefuse: () => void;
}) {
  const { consent, roster, rosterHash } = props.prepared;
  useKeys([{ key: 'mod+Enter', label: t('consent.agree'), run: props.onAgree }]);
  const parties = [...roster.nodes, roster.decision].map(({ name }) => inLanguage(name));
  return (
    <Panel title={t('consent.title')}>
      <Facts
        items={[
          [t('consent.for'), t('consent.for.settings')],
          [t('consent.by'), parties.join(t('list.comma'))],
          [t('consent.until'), t('consent.until.once', { time: formatTime(consent.expiresAt) })],
          [t('consent.kept'), t('consent.kept.what')],
          [t('consent.back'), t('consent.back.how')],
          [
            t('consent.roster'),
            <span class="mono" title={rosterHash}>
              {shortHash(rosterHash)}
            </span>,
          ],
        ]}
      />
      <div class="foot">
        <button type="button" class="btn" onClick={props.onRefuse}>
          {t('consent.refuse')}
        </button>
        <button type="button" class="btn" onClick={props.onAgree}>
          {t('consent.agree')} <kbd>Ctrl ↵</kbd>
        </button>
      </div>
    </Panel>
  );
}

/** Which party reads what, and what it never sees. */
export function WhoSees({ roster }: { roster: Roster }) {
  const rows = [
    ...roster.nodes.map(({ id, name, provesIdentity }) => ({
      id,
      name: inLanguage(name),
      sees: t(provesIdentity ? 'sees.node.identity' : 'sees.node'),
      not: t('sees.node.not'),
    })),
    {
      id: roster.decision.id,
      name: inLanguage(roster.decision.name),
      sees: t('sees.decision'),
      not: t('sees.decision.not'),
    },
    { id: 'edge', name: t('sees.edge.name'), sees: t('sees.edge'), not: t('sees.edge.not') },
    {
      id: 'ledger',
      name: t('sees.ledger.name'),
      sees: t('sees.ledger'),
      not: t('sees.ledger.not'),
    },
  ];
  return (
    <Panel title={t('sees.title')} flush>
      <table class="table list">
        <thead>
          <tr>
            <th>{t('sees.party')}</th>
            <th>{t('sees.what')}</th>
            <th>{t('sees.never')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, name, sees, not }) => (
            <tr key={id}>
              <td>
                <b>{name}</b>
              </td>
              <td data-label={t('sees.what')}>{sees}</td>
              <td data-label={t('sees.never')}>{not}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
