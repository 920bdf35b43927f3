import { type Federated, FederationError, type Workspace } from '../../../core/federated.ts';
import type { FeaturePlan } from '../features.ts';
import { probabilityOf } from '../model.ts';
import { partialScores } from '../scoring.ts';
import type { PartyTable } from '../table.ts';
import { pointScaleBits } from '../word.ts';
import { createBlock, partOf } from './block.ts';
import { calibrate, logOdds } from './calibrate.ts';
import { sealPart } from './part.ts';

/** Rows in one place: the same persons in the same order in every table. */
export interface CentralData {
  readonly tables: readonly PartyTable[];
  readonly labels: Uint8Array;
  readonly isTraining: readonly boolean[];
}

/** Probabilities of default of the rows of other tables with the same columns. */
export type Scorer = (tables: readonly PartyTable[]) => Float64Array;

const scale = 2 ** pointScaleBits;
const residualBits = 15;

/**
 * The scorecard of a training, by one who sees all rows: what federation is measured against.
 *
 * @param plans one for each table; an empty one leaves the table out
 */
export function fitCentral(
  federated: Federated,
  plans: readonly (readonly FeaturePlan[])[],
  { tables, labels, isTraining }: CentralData,
  options: { readonly lambda: number; readonly rounds: number },
): Scorer {
  const rows = [...labels.keys()];
  const persons = {
    train: rows.filter((row) => isTraining[row]),
    validation: rows.filter((row) => !isTraining[row]),
  };
  const used = plans.flatMap((plan, index) => (plan.length > 0 ? [{ plan, index }] : []));
  const step = 1 / (used.length + 1);
  const blocks = used.map(({ plan, index }) => {
    const table = tables[index];
    if (table === undefined) throw new FederationError('argument_invalid', 'a table is missing');
    return createBlock(federated, { plan, table, persons }, { lambda: options.lambda, step });
  });
  const workspace: Workspace = federated.openWorkspace();
  const y = Uint8Array.from(persons.train, (row) => labels[row] ?? 0);
  const line = { slope: 1 / scale, intercept: logOdds(federated, y), scale: 2 ** residualBits };
  for (let round = 0; round < options.rounds; round++) {
    const z = sumOf(blocks.map((block) => block.scores())).subarray(0, y.length);
    const { values, sum } = workspace.residuals(z, y, line);
    for (const block of blocks) block.advance(block.gradientOf(values), residualBits);
    line.intercept -= (step * 4 * Number(sum)) / 2 ** residualBits / y.length;
  }
  const parts = blocks.map((block) =>
    sealPart({ id: 'central', saltKey: new Uint8Array(32) }, partOf(block)),
  );
  const intercept = Math.round(line.intercept * scale);
  const scoresOf = (of: readonly PartyTable[]) =>
    sumOf(parts.map((part, i) => partialScores(federated, part, of[used[i]?.index ?? 0] ?? empty)));
  const validation = scoresOf(tables);
  const held = persons.validation.map((row) => (validation[row] ?? 0n) + BigInt(intercept));
  const heldLabels = Uint8Array.from(persons.validation, (row) => labels[row] ?? 0);
  const calibration = calibrate(federated, BigInt64Array.from(held), heldLabels);
  return (of) =>
    Float64Array.from(
      scoresOf(of),
      (sum) => probabilityOf(federated, { intercept, calibration }, sum) / 1e6,
    );
}

const empty: PartyTable = { pids: [], columns: new Map() };

function sumOf(vectors: readonly BigInt64Array[]): BigInt64Array<ArrayBuffer> {
  const total = new BigInt64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    for (const [row, value] of vector.entries()) total[row] = (total[row] ?? 0n) + value;
  }
  return total;
}
