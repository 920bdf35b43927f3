import type { Federated } from '../core/federated.ts';
import { intersect } from '../domain/federation/join.ts';
import { type Metrics, metricsOf } from '../domain/federation/metrics.ts';
import { planFor, protectedByDefault } from '../domain/federation/plans.ts';
import { pickRows } from '../domain/federation/table.ts';
import { fitCentral, type Scorer } from '../domain/federation/training/central.ts';
import { rowsOf } from '../domain/federation/training/member.ts';
import { fitRawRegression } from '../domain/federation/training/raw-regression.ts';
import { trainingDefaults } from '../domain/federation/training/train.ts';
import { UsageError } from './command.ts';
import type { DataFolder, Evaluated } from './federation-folder.ts';

/** A rival model and how it did on the rows that were evaluated. */
export interface Baseline extends Metrics {
  readonly name: string;
}

const rounds = 60;

/** Everything in one place, and each party alone; fitted on the rows named train. */
export function baselinesOf(
  federated: Federated,
  folder: DataFolder,
  { tables: asked, labels: outcomes }: Evaluated,
): Baseline[] {
  const { parties, labels } = folder;
  const tags = intersect(parties.map((party) => party.tags));
  const tables = parties.map(({ table, tags: own }) => pickRows(table, rowsOf(own, tags)));
  const known = (tables[0]?.pids ?? []).map((pid) => labels.get(pid));
  const isTraining = known.map((label) => label?.split === 'train');
  if (!isTraining.includes(true) || !isTraining.includes(false)) {
    throw new UsageError('the folder of --baselines names no split train and val', 'bad_input');
  }
  const data = { tables, isTraining, labels: Uint8Array.from(known, (label) => label?.y ?? 0) };
  const plans = tables.map((table) => planFor(table));
  const options = { lambda: trainingDefaults.lambda, rounds };
  const only = (party: number) => plans.map((plan, index) => (index === party ? plan : []));
  const central = (plan: typeof plans) => fitCentral(federated, plan, data, options);
  const rivals: [name: string, prepare: () => Scorer][] = [
    ['central scorecard', () => central(plans)],
    [
      'central LR, raw columns',
      () => fitRawRegression(federated, data, (name) => protectedByDefault.includes(name)),
    ],
    ...parties.map(({ id }, index): [string, () => Scorer] => [
      `party ${id} alone`,
      () => central(only(index)),
    ]),
  ];
  return rivals.map(([name, prepare]) => ({ name, ...metricsOf(prepare()(asked), outcomes) }));
}
