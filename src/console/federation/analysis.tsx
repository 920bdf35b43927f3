import '../styles/federation.css';
import type { FederationInfo, FederationModel } from '../../client/index.ts';
import { shortHash } from '../format.ts';
import { inLanguage, maybe, t } from '../i18n/index.ts';
import { Status } from '../parts/chip.tsx';
import { Facts, PageHead, Panel } from '../parts/page.tsx';
import { Loaded } from '../parts/states.tsx';
import { useResource } from '../resource.ts';
import { query, setParameter } from '../router.ts';
import { allows, client } from '../session.ts';
import { yuan } from './decision.tsx';
import { Fairness } from './fairness.tsx';
import { PartiesNow } from './health.tsx';
import { LossPlot } from './loss-plot.tsx';
import { Plot } from './plot.tsx';
import { RulesDesk } from './rules.tsx';
import { TrainingRuns } from './training-runs.tsx';
import { f } from './words.ts';

const million = 1_000_000;
const perCent = (micros: number) => `${(micros / 10_000).toFixed(1)} %`;
const ratio = (micros: number) => (micros / million).toFixed(4);

const places = ['model', 'training', 'parties', 'rules'] as const;
const mayOpen = (place: (typeof places)[number]) =>
  place === 'rules' ? allows('readRules') : place === 'training' ? allows('readModel') : true;

/** The analyst's view: model, trainings, who takes part and lives, and the rules of the tiers. */
export function Analysis() {
  const open = places.filter(mayOpen);
  const wanted = query.value.get('at');
  const place = open.find((one) => one === wanted) ?? 'model';
  return (
    <>
      <PageHead
        title={t('federation.title')}
        facts={
          <nav class="seg" aria-label={f('at.pages')}>
            {open.map((one) => (
              <button
                type="button"
                key={one}
                aria-pressed={one === place}
                onClick={() => setParameter('at', one)}
              >
                {f(`at.${one}`)}
              </button>
            ))}
          </nav>
        }
      />
      <div class="body">
        {place === 'model' && <Model />}
        {place === 'training' && <TrainingRuns />}
        {place === 'parties' && <PartiesAndKeys />}
        {place === 'rules' && <RulesDesk />}
      </div>
    </>
  );
}

function Model() {
  const [federation, reload] = useResource((signal) => client.federation.get({ signal }), []);
  const [model, reloadModel] = useResource((signal) => client.federation.model({ signal }), []);
  return (
    <>
      <Loaded resource={model} reload={reloadModel} lines={8}>
        {(value) => <Training model={value} />}
      </Loaded>
      <Fairness />
      <Loaded resource={federation} reload={reload} lines={8}>
        {(value) => <Policy federation={value} />}
      </Loaded>
    </>
  );
}

function PartiesAndKeys() {
  const [federation, reload] = useResource((signal) => client.federation.get({ signal }), []);
  return (
    <>
      <PartiesNow />
      <Loaded resource={federation} reload={reload} lines={8}>
        {(value) => <Parties federation={value} />}
      </Loaded>
    </>
  );
}

function Training({ model }: { model: FederationModel }) {
  const { report, training, data } = model;
  return (
    <Panel title={t('model.title', { version: model.version })}>
      <Facts
        items={[
          [t('model.data'), data.name],
          [t('model.method'), maybe(`model.method.${model.method}`) ?? model.method],
          [
            t('model.rows'),
            t('model.rows.of', { train: data.trainingRows, validation: data.validationRows }),
          ],
          ['AUC', ratio(report.auc)],
          ['KS', ratio(report.ks)],
          ['Brier', ratio(report.brier)],
          [
            t('model.mean'),
            t('model.mean.of', {
              pd: perCent(report.meanPd),
              observed: perCent(report.defaultRate),
            }),
          ],
          [t('model.protected'), data.protectedColumns.join(t('list.comma'))],
          [
            t('decision.model'),
            <span class="mono" title={model.hash}>
              {shortHash(model.hash)}
            </span>,
          ],
        ]}
      />
      <div class="plots">
        <LossPlot history={training.history} />
        <Plot
          title={t('plot.roc')}
          x={t('plot.false-rate')}
          y={t('plot.true-rate')}
          digits={2}
          range={{ x: [0, 1], y: [0, 1] }}
          series={[
            {
              name: t('plot.validation'),
              points: report.roc.map(([fpr, tpr]) => [fpr / million, tpr / million] as const),
            },
            {
              name: t('plot.chance'),
              points: [
                [0, 0],
                [1, 1],
              ],
              dashed: true,
            },
          ]}
        />
        <Plot
          title={t('plot.calibration')}
          x={t('plot.predicted')}
          y={t('plot.observed')}
          digits={2}
          range={{ x: [0, 1], y: [0, 1] }}
          series={[
            {
              name: t('plot.tenths'),
              points: report.calibration.map(
                ([, pd, rate]) => [pd / million, rate / million] as const,
              ),
            },
            {
              name: t('plot.perfect'),
              points: [
                [0, 0],
                [1, 1],
              ],
              dashed: true,
            },
          ]}
        />
      </div>
    </Panel>
  );
}

function Parties({ federation }: { federation: FederationInfo }) {
  const { nodes, decision } = federation.roster;
  return (
    <Panel title={t('federation.parties')} flush>
      <table class="table list">
        <thead>
          <tr>
            <th>{t('sees.party')}</th>
            <th>{t('federation.role')}</th>
            <th>{t('federation.key')}</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map(({ id, name, mandatory, provesIdentity, signKey }) => (
            <tr key={id}>
              <td>
                <b>{inLanguage(name)}</b>
              </td>
              <td>
                {mandatory && <Status tone="wait">{t('federation.mandatory')}</Status>}{' '}
                {provesIdentity && <Status tone="ok">{t('federation.identity')}</Status>}
              </td>
              <td class="mono" title={signKey}>
                {shortHash(signKey)}
              </td>
            </tr>
          ))}
          <tr>
            <td>
              <b>{inLanguage(decision.name)}</b>
            </td>
            <td>{t('federation.decides')}</td>
            <td class="mono" title={decision.signKey}>
              {shortHash(decision.signKey)}
            </td>
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}

function Policy({ federation }: { federation: FederationInfo }) {
  return (
    <Panel title={t('federation.policy', { version: federation.policy.version })} flush>
      <table class="table list">
        <thead>
          <tr>
            <th>{t('tier.word')}</th>
            <th class="num">{t('federation.pd')}</th>
            <th>{t('settings.permissions')}</th>
            <th class="num">{t('settings.single')}</th>
            <th class="num">{t('settings.daily')}</th>
            <th class="num">{t('settings.dual')}</th>
          </tr>
        </thead>
        <tbody>
          {federation.policy.rows.map((row) => (
            <tr key={row.tier}>
              <td>
                <b>{row.tier}</b>
              </td>
              <td class="num" data-label={t('federation.pd')}>
                {row.pdBelowMicros > million ? '–' : perCent(row.pdBelowMicros)}
              </td>
              <td data-label={t('settings.permissions')}>
                {row.permissions
                  .map((name) => t(`settings.permission.${name}`))
                  .join(t('list.comma'))}
              </td>
              <td class="num" data-label={t('settings.single')}>
                {yuan(row.single)}
              </td>
              <td class="num" data-label={t('settings.daily')}>
                {yuan(row.daily)}
              </td>
              <td class="num" data-label={t('settings.dual')}>
                {yuan(row.dualControlAbove)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
