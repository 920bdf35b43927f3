import type { Caller } from '../actor.ts';
import type { AuditLog } from '../audit/ports.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Clock, Page, PageRequest } from '../ports.ts';
import { changed, type Row, type RowEntry, type RowStore, settleRows } from '../row-store.ts';
import type { TrainingMethod } from './training/train.ts';

/** `stopped` can be resumed where it stands; `failed` and `finished` are over. */
export const trainingRunStates = ['running', 'stopped', 'failed', 'finished'] as const;
export type TrainingRunState = (typeof trainingRunStates)[number];

/** What whoever trains reports of it: losses and counts, of no person anything. */
export interface TrainingReport {
  readonly state: TrainingRunState;
  readonly version: string;
  readonly method: TrainingMethod;
  readonly parties: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly roundsMax: number;
  /** Round, loss of the training rows, loss of the validation rows, in millionths of a nat. */
  readonly history: readonly (readonly [round: number, training: number, validation: number])[];
  /** Of the model, when it is finished. */
  readonly modelHash?: string;
  readonly auc?: number;
}

export interface TrainingRun extends TrainingReport {
  readonly id: string;
  readonly reportedBy: string;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
}

export interface TrainingRows {
  readonly run: TrainingRun & Row;
}

export interface TrainingRunDeps {
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly trainingRows: RowStore<TrainingRows>;
}

const ttlMs = 90 * 24 * 3_600_000;

/**
 * Takes the newest report of a training, which begins with its first one. A run that is over takes no
 * more reports; the same report again changes nothing.
 *
 * @throws CinnabarError `training_run_over`, for a run that is over or of somebody else;
 *   `audit_unavailable` when a run begins or ends and that cannot be recorded
 */
export async function reportTraining(
  deps: TrainingRunDeps,
  caller: Caller,
  id: string,
  report: TrainingReport,
): Promise<TrainingRun> {
  const { tenant } = caller.actor;
  const known = await deps.trainingRows.find(tenant, 'run', id);
  const write = () => writeReport(deps, caller, id, report);
  // Rounds come by the second; what is recorded is that a training began and how it ended.
  if (known?.state === report.state) return write();
  const operation: Operation = {
    action: 'federation.training',
    subject: `training:${id}`,
    detail: { state: report.state, rounds: report.history.length },
  };
  return audited(deps.audit, caller, operation, write);
}

function writeReport(
  { clock, trainingRows }: TrainingRunDeps,
  { actor: { tenant, id: reportedBy } }: Caller,
  id: string,
  report: TrainingReport,
): Promise<TrainingRun> {
  return settleRows(trainingRows, tenant, async () => {
    const known = await trainingRows.find(tenant, 'run', id);
    const isOver = known?.state === 'failed' || known?.state === 'finished';
    if (known && isOver && known.reportedBy === reportedBy && known.state === report.state) {
      return { result: known, write: [] };
    }
    if (known && (isOver || known.reportedBy !== reportedBy)) {
      throw new CinnabarError('training_run_over');
    }
    const nowMs = clock.now();
    const fresh = { tenant, id, revision: 1, reportedBy, startedAtMs: nowMs };
    const row: TrainingRun & Row = known
      ? changed<TrainingRun & Row>(known, { ...report, updatedAtMs: nowMs })
      : { ...fresh, ...report, updatedAtMs: nowMs };
    return { result: row, write: [entryOf(row)] };
  });
}

function entryOf(row: TrainingRun & Row): RowEntry<TrainingRows> {
  const expiresAtMs = row.updatedAtMs + ttlMs;
  return { kind: 'run', row, owner: row.reportedBy, parent: '', state: row.state, expiresAtMs };
}

/** The institution's trainings of the last ninety days, newest first. */
export function listTrainingRuns(
  { trainingRows }: Pick<TrainingRunDeps, 'trainingRows'>,
  tenant: string,
  page: PageRequest,
): Promise<Page<TrainingRun>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => trainingRows.list(tenant, 'run', {}, request),
  );
}
