import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { loadFederated } from '../core/federated.ts';
import { planFor, protectedByDefault } from '../domain/federation/plans.ts';
import type { RoundLoss } from '../domain/federation/training/label-node.ts';
import {
  type TrainedModel,
  type TrainingCheckpoint,
  type TrainingInput,
  type TrainingMethod,
  trainingDefaults,
  trainingMethods,
  train as trainNodes,
} from '../domain/federation/training/train.ts';
import { command, required, UsageError } from './command.ts';
import { type DataFolder, readFolder } from './federation-folder.ts';
import { readJsonFile } from './files.ts';
import { lossLine } from './loss-line.ts';
import { writePrivateFile } from './private-file.ts';
import { connect, serviceOptions } from './service.ts';
import { beginningOf, newRunId, trainingReporter } from './training-report.ts';

/** A part is that party's secret, so it stands in a file of its own that only its owner reads. */
export function partPath(model: string, party: string): string {
  return `${model.replace(/\.json$/, '')}.part-${party}.json`;
}

/** Persons whose label names no split: one in five is kept for the validation. */
const validationBelow = 51;

function writeSecret(path: string, value: unknown): Promise<void> {
  return writePrivateFile(path, `${JSON.stringify(value)}\n`);
}

/** Labels in the order of the first party's rows. */
function labelsOf({ parties, labels }: DataFolder): TrainingInput['labels'] {
  const [first] = parties;
  const rows = (first?.table.pids ?? []).map((pid) => labels.get(pid));
  return {
    values: rows.map((label) => label?.y),
    isTraining: rows.map((label, row) => {
      const split = label?.split ?? '';
      if (split !== '') return split === 'train';
      return Number.parseInt(first?.tags[row]?.slice(0, 2) ?? '', 16) >= validationBelow;
    }),
  };
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`--${name} is a whole number above 0, not ${text}`);
}

function methodOf(text: string = trainingDefaults.method): TrainingMethod {
  const method = trainingMethods.find((known) => known === text);
  if (method) return method;
  throw new UsageError(`--method is one of ${trainingMethods.join(', ')}, not ${text}`);
}

/** Masks are new in every training; they cancel, so they never change the model. */
function secretOf(seed: string | undefined, party: string): Uint8Array {
  if (seed === undefined) return randomBytes(32);
  return createHash('sha256').update(`cinnabar training seed\n${party}\n${seed}`).digest();
}

/** Of everything on which the state of a training depends. */
async function fingerprintOf(folder: string, input: TrainingInput): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(input.options));
  for (const { id, plan, tags, table } of input.parties) {
    hash.update(JSON.stringify([id, plan, tags, [...table.columns]]));
  }
  return hash.update(await readFile(`${folder}/labels.csv`)).digest('hex');
}

interface KeptTraining {
  readonly fingerprint?: string;
  /** Names the run to the service. */
  readonly runId?: string;
  readonly state: TrainingCheckpoint;
}

async function readCheckpoint(path: string, fingerprint: string): Promise<KeptTraining> {
  const kept = (await readJsonFile(path)) as Partial<KeptTraining>;
  if (kept.fingerprint === fingerprint && kept.state) return { ...kept, state: kept.state };
  throw new UsageError(`${path} is of other data or options; start without --resume`, 'bad_input');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function textOf({ model, traffic }: TrainedModel, path: string, ms: number): string {
  const { report, training, data, parties } = model;
  const share = (millionths: number) => (millionths / 1e6).toFixed(4);
  const bytes = Object.values(traffic).reduce((sum, { bytes: sent }) => sum + sent, 0);
  return `${[
    `model ${model.hash}`,
    `  ${parties.length} parties, ${data.trainingRows} persons trained on, ${data.validationRows} to validate`,
    `  ${model.method}, best after ${training.bestRound} rounds; ${(bytes / 1e6).toFixed(1)} MB between the nodes; ${seconds(ms)}`,
    `  validation: AUC ${share(report.auc)}, KS ${share(report.ks)}, Brier ${share(report.brier)}, mean PD ${share(report.meanPd)} of ${share(report.defaultRate)}`,
    `  ${path}, and each party's part in a file of its own beside it`,
  ].join('\n')}\n`;
}

export const train = command({
  summary: 'trains one model over parties that do not show each other their rows',
  operands: ['DIR'],
  options: {
    out: { type: 'string', value: 'MODEL', about: 'where the public model goes (JSON)' },
    method: {
      type: 'string',
      value: 'METHOD',
      about: 'scorecard (in rounds), or gram (one round)',
    },
    rounds: { type: 'string', value: 'N', about: `at most; ${trainingDefaults.roundsMax}` },
    patience: { type: 'string', value: 'N', about: 'rounds without a better validation loss' },
    lambda: { type: 'string', value: 'N', about: `ridge penalty; ${trainingDefaults.lambda}` },
    version: { type: 'string', value: 'TEXT', about: 'what the model calls itself; 1' },
    name: { type: 'string', value: 'TEXT', about: 'what the model calls its data; the folder' },
    keys: { type: 'string', value: 'FILE', about: "pseudonym keys; without, the sample data's" },
    seed: { type: 'string', value: 'TEXT', about: 'makes the masks again, for tests only' },
    report: {
      type: 'boolean',
      about: 'tell the service how far it is; the analyst sees the loss as it falls',
    },
    resume: { type: 'boolean', about: 'go on where a training of this MODEL was cut off' },
    ...serviceOptions,
  },
  details: `DIR holds people.csv (eid), party_*.csv (pid and columns) and labels.csv (pid of the first
party, y, and split: train or val). Every party is a node of its own; nodes exchange messages only.
Columns ${protectedByDefault.join(', ')} are never used. The same data and options give the
same model to the bit. MODEL.part-*.json are the parties' secrets; while the training runs,
MODEL.checkpoint.json holds its state. What --report sends are losses and counts.`,
  async run([folder = ''], values) {
    const out = required('out', values.out);
    const data = await readFolder(folder, values.keys);
    const federated = await loadFederated();
    const checkpointPath = `${out.replace(/\.json$/, '')}.checkpoint.json`;
    const input: TrainingInput = {
      parties: data.parties.map(({ id, table, tags, key }, index) => ({
        id,
        table,
        tags,
        plan: planFor(table),
        secret: secretOf(values.seed, id),
        saltKey: key,
        // Payment behaviour carries most of the signal; in unknown data, the label holder.
        mandatory: table.columns.has('PAY_1') || (index === 0 && !hasPayments(data)),
      })),
      labels: labelsOf(data),
      options: {
        method: methodOf(values.method),
        lambda: wholeNumber('lambda', values.lambda, trainingDefaults.lambda),
        roundsMax: wholeNumber('rounds', values.rounds, trainingDefaults.roundsMax),
        patience: wholeNumber('patience', values.patience, trainingDefaults.patience),
      },
      version: values.version ?? '1',
      data: {
        name: values.name ?? basename(resolve(folder)),
        protectedColumns: protectedByDefault.filter((name) =>
          data.parties.some(({ table }) => table.columns.has(name)),
        ),
      },
    };
    if (values.resume && input.options?.method === 'gram') {
      throw new UsageError('--method gram has one round: start it again without --resume');
    }
    const fingerprint = await fingerprintOf(folder, input);
    const kept = values.resume ? await readCheckpoint(checkpointPath, fingerprint) : undefined;
    const resume = kept?.state;
    const runId = kept?.runId ?? newRunId();
    const shown = lossLine();
    const reporter = values.report
      ? trainingReporter(connect(values), runId, beginningOf(input, resume))
      : undefined;
    const interrupted = () => void reporter?.end('stopped').finally(() => process.exit(130));
    if (reporter) process.once('SIGINT', interrupted);
    const startedAt = performance.now();
    const trained = await trainNodes(federated, {
      ...input,
      ...(resume === undefined ? {} : { resume }),
      progress(loss: RoundLoss) {
        shown.round(loss);
        reporter?.round(loss);
      },
      checkpoint: (state) => writeSecret(checkpointPath, { fingerprint, runId, state }),
    }).catch(async (error: unknown) => {
      await reporter?.end('failed');
      throw error;
    });
    shown.end();
    const ms = performance.now() - startedAt;
    await writeFile(out, `${JSON.stringify(trained.model, null, 1)}\n`);
    for (const part of trained.parts) await writeSecret(partPath(out, part.party), part);
    await rm(checkpointPath, { force: true });
    const { hash, training, report } = trained.model;
    process.off('SIGINT', interrupted);
    const trouble = await reporter?.end('finished', { modelHash: hash, auc: report.auc });
    const json = { model: out, hash, ...training, report, traffic: trained.traffic, ms };
    const unreported = trouble instanceof Error ? `  not reported: ${trouble.message}\n` : '';
    return { exit: 0, json, text: `${textOf(trained, out, ms)}${unreported}` };
  },
});

function hasPayments({ parties }: DataFolder): boolean {
  return parties.some(({ table }) => table.columns.has('PAY_1'));
}
