import { randomBytes } from 'node:crypto';
import type { Client, TrainingReport } from '../client/index.ts';
import type { RoundLoss } from '../domain/federation/training/label-node.ts';
import {
  type TrainingCheckpoint,
  type TrainingInput,
  trainingDefaults,
} from '../domain/federation/training/train.ts';
import { uuidRandomBytes, uuidV7 } from '../lib/uuid.ts';

const millionths = (loss: number) => Math.round(loss * 1e6);

const entryOf = ({ round, train, validation }: RoundLoss): TrainingReport['history'][number] => [
  round,
  millionths(train),
  millionths(validation),
];

/** Tells a running service how far a training is; what fails there never stops the training. */
export interface TrainingReporter {
  round(loss: RoundLoss): void;
  /** Sends the last report and waits for it. Gives what went wrong with the newest one, if anything did. */
  end(
    state: Exclude<TrainingReport['state'], 'running'>,
    more?: { readonly modelHash: string; readonly auc: number },
  ): Promise<unknown>;
}

/**
 * One report at a time, always the newest: rounds that come meanwhile are in the next one.
 *
 * @param begun what is known at the start; history of the rounds that were there before
 */
export function trainingReporter(
  client: Pick<Client, 'federation'>,
  id: string,
  begun: Omit<TrainingReport, 'state'>,
): TrainingReporter {
  let report: TrainingReport = { ...begun, state: 'running' };
  let unsent: TrainingReport | undefined = report;
  let trouble: unknown;
  const send = async () => {
    while (unsent) {
      const next: TrainingReport = unsent;
      unsent = undefined;
      trouble = await client.federation.reportTraining(id, next).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
  };
  let sending = send();
  const tell = (change: Partial<TrainingReport>) => {
    report = { ...report, ...change };
    const isIdle = unsent === undefined;
    unsent = report;
    if (isIdle) sending = sending.then(send);
  };
  return {
    round(loss) {
      const before = report.history.filter(([known]) => known < loss.round);
      tell({ history: [...before, entryOf(loss)] });
    },
    async end(state, more) {
      tell({ state, ...more });
      await sending;
      return trouble;
    },
  };
}

export function newRunId(): string {
  return uuidV7(Date.now(), randomBytes(uuidRandomBytes));
}

/** What a report says before the first round. */
export function beginningOf(
  { parties, labels, options, version }: TrainingInput,
  resume?: TrainingCheckpoint,
) {
  const known = labels.values.flatMap((value, row) =>
    value === undefined ? [] : [labels.isTraining[row] === true],
  );
  const trainingRows = known.filter((isTraining) => isTraining).length;
  return {
    version,
    method: options?.method ?? trainingDefaults.method,
    parties: parties.length,
    trainingRows,
    validationRows: known.length - trainingRows,
    roundsMax: options?.roundsMax ?? trainingDefaults.roundsMax,
    history: (resume?.label.history ?? []).map(entryOf),
  };
}
