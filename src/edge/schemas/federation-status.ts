import { z } from '@hono/zod-openapi';
import { partyStates } from '../../domain/federation/health.ts';
import { trainingMethods } from '../../domain/federation/training/train.ts';
import { trainingRunStates } from '../../domain/federation/training-runs.ts';
import { instantSchema, line, pageOf } from './common.ts';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const partiesHealthSchema = z
  .object({
    parties: z.array(
      z.object({
        party: z.string(),
        state: z.enum(partyStates).openapi({
          description: '`other_model`: it lives, and has not the model of the roster.',
        }),
        latencyMs: z.int().optional(),
        modelHash: hashSchema.nullable().optional(),
        answeredAt: instantSchema
          .optional()
          .openapi({ description: 'The newest answer that is known; may be an earlier one.' }),
      }),
    ),
  })
  .openapi('PartiesHealth');

const millionths = z.int().min(0).max(100_000_000);

const reportFields = {
  state: z.enum(trainingRunStates),
  version: line(64).min(1),
  method: z.enum(trainingMethods),
  parties: z.int().min(3).max(5),
  trainingRows: z.int().min(1).max(100_000_000),
  validationRows: z.int().min(1).max(100_000_000),
  roundsMax: z.int().min(1).max(10_000),
  history: z
    .array(z.tuple([z.int().min(0).max(10_000), millionths, millionths]))
    .max(10_000)
    .openapi({ description: 'Round, loss of the training, loss of the validation; millionths.' }),
  modelHash: hashSchema.optional(),
  auc: z.int().min(0).max(1_000_000).optional(),
};

export const trainingReportSchema = z.strictObject(reportFields).openapi('TrainingReport');

export const trainingRunSchema = z
  .object({
    id: z.string(),
    ...reportFields,
    reportedBy: z.string(),
    startedAt: instantSchema,
    updatedAt: instantSchema,
  })
  .openapi('TrainingRun');
export const trainingRunPageSchema = pageOf(trainingRunSchema).openapi('TrainingRunPage');
