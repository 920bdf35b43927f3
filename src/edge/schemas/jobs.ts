import { z } from '@hono/zod-openapi';
import { errorTitles } from '../../domain/errors.ts';
import { jobStates } from '../../domain/seals/jobs.ts';
import { batchVouchersMax, voucherStates } from '../../domain/seals/vouchers.ts';
import { jobTypes } from '../../domain/seals/work-rows.ts';
import {
  branchSchema,
  currencySchema,
  filterIdSchema,
  idSchema,
  instantSchema,
  limitSchema,
  line,
  pageOf,
} from './common.ts';
import { imprintSchema } from './seals.ts';

const vendorCodeSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,15}$/)
  .openapi({ example: 'stroke' });

export const newReplacementSchema = z
  .strictObject({
    to: vendorCodeSchema.openapi({ description: 'The vendor that takes over.' }),
    deleteOld: z.boolean().default(false).openapi({
      description: 'Remove replaced templates that no verification was compared with.',
    }),
    dryRun: z.boolean().default(false).openapi({
      description:
        'Restore, enrol and prove everything, ask the new vendor about kept queries, and change nothing.',
    }),
  })
  .openapi('NewReplacement');

export const vendorParamsSchema = z.strictObject({
  code: vendorCodeSchema.openapi({ param: { name: 'code', in: 'path' } }),
});

const replacementSchema = z.object({
  from: vendorCodeSchema,
  to: vendorCodeSchema,
  deleteOld: z.boolean(),
  dryRun: z.boolean(),
  phase: z.enum(['replace', 'sweep', 'finished']),
  replaced: z.int().openapi({
    description: 'New templates that hold the very same picture and match themselves.',
  }),
  already: z.int().openapi({ description: 'Where the new vendor had its template already.' }),
  failures: z.array(z.object({ templateId: idSchema, sealId: idSchema, code: z.string() })),
  replayed: z.object({ same: z.int(), refused: z.int(), accepted: z.int() }).optional().openapi({
    description:
      'In a dry run: how the new vendor answers for the latest kept queries, against what was decided.',
  }),
  removed: z.int(),
  kept: z.int().openapi({ description: 'Replaced templates that stay as evidence.' }),
});

export const jobSchema = z
  .object({
    id: idSchema,
    type: z.enum(jobTypes),
    state: z.enum(jobStates).openapi({
      description: '`attention`: everything was tried, and some pieces need a person.',
    }),
    title: z.string(),
    requestedBy: z.string().openapi({ example: 'teller-zhou' }),
    createdAt: instantSchema,
    finishedAt: instantSchema.nullable(),
    total: z.int().openapi({ example: 40 }),
    done: z.int().openapi({ example: 12 }),
    failed: z.int().openapi({ example: 0 }),
    replacement: replacementSchema.optional(),
  })
  .openapi('Job');

export const jobPageSchema = pageOf(jobSchema).openapi('JobPage');

export const jobControlSchema = z
  .strictObject({ action: z.enum(['pause', 'resume', 'cancel', 'replay']) })
  .openapi('JobControl', { description: '`replay` tries again what was put aside.' });

export const voucherSchema = z
  .object({
    id: idSchema,
    position: z.int().openapi({ example: 1, description: 'The row of the manifest, from 1.' }),
    reference: z.string(),
    sealId: idSchema,
    currency: currencySchema,
    amountMinor: z.int().openapi({ example: 1250000 }),
    branch: branchSchema,
    state: z.enum(voucherStates).openapi({ description: '`dead`: put aside for a person.' }),
    attempts: z.int(),
    verdict: z.enum(['pass', 'fail', 'review']).nullable(),
    verificationId: idSchema.nullable(),
    errorCode: z.string().nullable(),
    error: z.string().nullable(),
  })
  .openapi('Voucher');

export const voucherPageSchema = pageOf(voucherSchema).openapi('VoucherPage');

export const voucherQuerySchema = z.strictObject({
  state: z.enum(voucherStates).optional(),
  cursor: filterIdSchema,
  limit: limitSchema,
});

/** A hundred rows, the longest that there can be. */
export const manifestCharactersMax = 64 * 1024;

export const newBatchSchema = z
  .strictObject({
    title: line(100).default(''),
    manifest: z.union([z.string().max(manifestCharactersMax), z.instanceof(File)]).openapi({
      type: 'string',
      example: 'picture,seal,currency,amountMinor\nimprint.jpg,S-0001-01,CNY,1250000',
      description: `CSV (RFC 4180) with the columns \`picture\` (a file's name), \`seal\` (id or serial), \`currency\`, \`amountMinor\`, and optionally \`branch\`, \`reference\`, \`dpi\`; at most ${batchVouchersMax} rows.`,
    }),
    pictures: z
      .union([imprintSchema, z.array(imprintSchema)])
      .openapi({ type: 'array', items: { type: 'string', format: 'binary' } }),
  })
  .openapi('NewBatch');

export function errorTitleOf(code: string | undefined): string | null {
  return Object.entries(errorTitles).find(([known]) => known === code)?.[1] ?? null;
}

export type Job = z.infer<typeof jobSchema>;
export type Voucher = z.infer<typeof voucherSchema>;
