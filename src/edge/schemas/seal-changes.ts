import { z } from '@hono/zod-openapi';
import { sealChangeStates } from '../../domain/seals/changes.ts';
import { sealStatuses } from '../../domain/seals/types.ts';
import {
  dateSchema,
  digits,
  idSchema,
  instantSchema,
  line,
  pageOf,
  pageQuerySchema,
} from './common.ts';
import { dpiSchema, imprintSchema, sealSchema } from './seals.ts';

const reasonTextSchema = line(200).min(1).openapi({ example: '客户挂失' });

export const addedImprintSchema = z
  .strictObject({
    revision: digits(1, Number.MAX_SAFE_INTEGER).openapi({ example: 1 }),
    dpi: dpiSchema.optional(),
    imprint: imprintSchema,
  })
  .openapi('AddedImprint');

export const sealStatusSchema = z
  .strictObject({
    revision: z.int().min(1).openapi({ example: 1 }),
    status: z.enum(sealStatuses),
    reason: reasonTextSchema,
  })
  .openapi('SealStatusChange');

export const cardChangeSchema = z
  .strictObject({
    version: z.int().min(1).openapi({ example: 1, description: 'The one that the caller saw.' }),
    startDate: dateSchema.optional(),
    endDate: dateSchema.optional(),
    status: z.enum(sealStatuses).optional(),
    combinations: z.array(z.array(idSchema).min(1).max(8)).max(16).optional().openapi({
      description:
        'Each list names seals of the card that together answer for it, such as finance and legal person.',
    }),
    reason: reasonTextSchema,
  })
  .openapi('CardChange');

export const sealChangeSchema = z
  .object({
    id: idSchema,
    state: z.enum(sealChangeStates),
    action: z.enum(['seal.enrol', 'seal.rebuild', 'seal.add-imprint', 'seal.status']),
    seal: sealSchema,
    proposedBy: z.string().openapi({ example: 'teller-zhou' }),
    proposedAt: instantSchema,
    decidedBy: z.string().nullable(),
    decidedAt: instantSchema.nullable(),
    decisionReason: z.string().nullable(),
  })
  .openapi('SealChange');

export const sealChangePageSchema = pageOf(sealChangeSchema).openapi('SealChangePage');

export const sealChangeQuerySchema = pageQuerySchema.extend({
  state: z.enum(sealChangeStates).optional(),
});

export type SealChange = z.infer<typeof sealChangeSchema>;
