import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type Federated, loadFederated } from '../core/federated.ts';
import { type ColumnFairness, fairnessOf } from '../domain/federation/fairness.ts';
import { intersect } from '../domain/federation/join.ts';
import { sumLocally } from '../domain/federation/local.ts';
import { type Metrics, metricsOf } from '../domain/federation/metrics.ts';
import {
  type FederatedModel,
  type ModelPart,
  parseModel,
  parsePart,
  probabilityOf,
} from '../domain/federation/model.ts';
import { protectedByDefault } from '../domain/federation/plans.ts';
import { policyRow, referencePolicy } from '../domain/federation/policy.ts';
import { partialScores } from '../domain/federation/scoring.ts';
import { type PartyTable, pickRows } from '../domain/federation/table.ts';
import { rowsOf } from '../domain/federation/training/member.ts';
import { decodeWord } from '../domain/federation/word.ts';
import { command, required, UsageError } from './command.ts';
import { type Baseline, baselinesOf } from './federation-baselines.ts';
import { type DataFolder, type Evaluated, readFolder } from './federation-folder.ts';
import { partPath } from './federation-train.ts';
import { readJsonFile } from './files.ts';

const splits = ['all', 'train', 'val'] as const;

/** @param split `undefined`: what was not trained on, which is all where no split is named */
export function selectRows(
  { parties, labels }: DataFolder,
  split: (typeof splits)[number] | undefined,
): Evaluated {
  const [first] = parties;
  if (first === undefined) throw new UsageError('there is no party', 'bad_input');
  const isWanted = (of: string) => {
    if (split === undefined) return of !== 'train';
    return split === 'all' || of === split;
  };
  const common = new Set(intersect(parties.map(({ tags }) => tags)));
  const chosen = first.tags.filter((tag, row) => {
    const label = labels.get(first.table.pids[row] ?? '');
    return label !== undefined && common.has(tag) && isWanted(label.split);
  });
  if (chosen.length === 0) throw new UsageError('no labelled person is left', 'bad_input');
  const tables = parties.map(({ table, tags }) => pickRows(table, rowsOf(tags, chosen)));
  const pids = tables[0]?.pids ?? [];
  return { pids, tables, labels: Uint8Array.from(pids, (pid) => labels.get(pid)?.y ?? 0) };
}

async function readModel(path: string, data: DataFolder) {
  const model = parseModel(await readJsonFile(path));
  if (model.parties.map(({ id }) => id).join() !== data.parties.map(({ id }) => id).join()) {
    throw new UsageError('the model is of other parties than the folder', 'bad_input');
  }
  const parts: ModelPart[] = [];
  for (const { id } of model.parties) {
    parts.push(parsePart(await readJsonFile(partPath(path, id)), model));
  }
  return { model, parts };
}

/** Sums by the protocol, compared with the plain sum of every row in BigInt. */
function score(
  federated: Federated,
  { model, parts }: { model: FederatedModel; parts: readonly ModelPart[] },
  { tables }: Evaluated,
): { sums: BigInt64Array; exact: boolean } {
  const nodes = parts.map((part, index) => ({
    part,
    mandatory: model.parties[index]?.mandatory ?? false,
    table: tables[index] as PartyTable,
  }));
  const keys = new Map<string, Uint8Array>();
  const words = sumLocally(
    federated,
    nodes,
    { requestId: randomBytes(16), modelHash: Buffer.from(model.hash, 'hex') },
    (_, { holders }) => {
      const name = holders.join();
      const key = keys.get(name) ?? randomBytes(32);
      keys.set(name, key);
      return key;
    },
  );
  const sums = BigInt64Array.from(words, (word) => decodeWord(word).score);
  const each = nodes.map(({ part, table }) => partialScores(federated, part, table));
  const exact = sums.every(
    (sum, row) => sum === each.reduce((of, own) => of + (own[row] ?? 0n), 0n),
  );
  return { sums, exact };
}

interface Evaluation extends Metrics {
  /** Whether the sum of the nodes was the plain sum in every bit, for every row. */
  readonly exact: boolean;
  readonly baselines?: readonly Baseline[];
  readonly fairness?: readonly ColumnFairness[];
}

const figures = ({ auc, ks, brier, meanPd }: Metrics) =>
  [auc, ks, brier, meanPd].map((value) => value.toFixed(4).padStart(8)).join('');

function textOf(evaluation: Evaluation): string {
  const { rows, exact, baselines = [], fairness } = evaluation;
  const width = Math.max(24, ...baselines.map(({ name }) => name.length));
  return `${[
    `${' '.repeat(width)}${['AUC', 'KS', 'Brier', 'mean PD'].map((name) => name.padStart(8)).join('')}`,
    `${'federated'.padEnd(width)}${figures(evaluation)}`,
    ...baselines.map((baseline) => `${baseline.name.padEnd(width)}${figures(baseline)}`),
    ...(fairness ?? []).flatMap(fairnessText),
    `${rows} persons; the nodes' sum is ${exact ? 'exact in every row' : 'NOT THE PLAIN SUM'}`,
  ].join('\n')}\n`;
}

const share = (value: number) => `${(100 * value).toFixed(1)} %`.padStart(9);

function fairnessText({ column, groups, ratio }: ColumnFairness): string[] {
  return [
    '',
    `${column}: lowest over highest share of tiers 1 to 3: ${ratio?.toFixed(3) ?? 'no group is large enough'}`,
    `${''.padEnd(12)}${['persons', 'admitted', 'mean PD', 'default', 'AUC'].map((name) => name.padStart(9)).join('')}`,
    ...groups.map(
      ({ group, rows, admitted, meanPd, defaultRate, auc }) =>
        `${group.padEnd(12)}${String(rows).padStart(9)}${share(admitted)}${share(meanPd)}${share(defaultRate)}${auc.toFixed(4).padStart(9)}`,
    ),
    '',
  ];
}

/** The protected columns of every table, for persons in the order of the tables. */
function protectedColumns({ tables }: Evaluated): ReadonlyMap<string, readonly string[]> {
  const found = tables.flatMap(({ columns }) => [...columns]);
  return new Map(found.filter(([name]) => protectedByDefault.includes(name)));
}

export const evaluate = command({
  summary: 'scores labelled persons through the nodes and says how well that worked',
  operands: ['DIR'],
  options: {
    model: { type: 'string', value: 'MODEL', about: 'of a training; the parts lie beside it' },
    scores: { type: 'string', value: 'FILE', about: 'pid and probability of every person, CSV' },
    split: { type: 'string', value: 'SPLIT', about: 'all, train or val; without, all but train' },
    baselines: { type: 'string', value: 'DIR', about: 'fit rival models on its training rows' },
    fairness: { type: 'boolean', about: 'compare groups of the protected columns' },
    keys: { type: 'string', value: 'FILE', about: "pseudonym keys; without, the sample data's" },
  },
  details: `DIR as for \`train\`. Every person is scored by the protocol between nodes, and the sum compared with
the plain one. Rivals are: everything in one place, and each party alone. Exit status 1 when a sum
is not exact.`,
  async run([folder = ''], values) {
    const split = splits.find((known) => known === values.split);
    if (values.split !== undefined && split === undefined) {
      throw new UsageError(`--split is one of ${splits.join(', ')}`);
    }
    const path = required('model', values.model);
    const data = await readFolder(folder, values.keys);
    const trained = await readModel(path, data);
    const federated = await loadFederated();
    const evaluated = selectRows(data, split);
    const { sums, exact } = score(federated, trained, evaluated);
    const probabilities = Float64Array.from(
      sums,
      (sum) => probabilityOf(federated, trained.model, sum) / 1e6,
    );
    const metrics = metricsOf(probabilities, evaluated.labels);
    if (values.scores !== undefined) {
      const lines = evaluated.pids.map((pid, row) => `${pid},${probabilities[row]}\n`);
      await writeFile(values.scores, `pid,score\n${lines.join('')}`);
    }
    const baselines =
      values.baselines === undefined
        ? undefined
        : baselinesOf(federated, await readFolder(values.baselines, values.keys), evaluated);
    const json: Evaluation = {
      ...metrics,
      exact,
      ...(baselines === undefined ? {} : { baselines }),
      ...(values.fairness
        ? {
            fairness: fairnessOf(
              probabilities,
              evaluated.labels,
              protectedColumns(evaluated),
              policyRow(referencePolicy, 3).pdBelowMicros / 1e6,
            ),
          }
        : {}),
    };
    return { exit: exact ? 0 : 1, json, text: textOf(json) };
  },
});
