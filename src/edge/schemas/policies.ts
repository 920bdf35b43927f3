import { z } from '@hono/zod-openapi';
import { policyChangeStates } from '../../domain/seals/policies.ts';
import {
  branchSchema,
  currencySchema,
  idSchema,
  instantSchema,
  line,
  pageOf,
  pageQuerySchema,
} from './common.ts';

const demandSchema = z
  .union([z.int().min(1).max(16), z.literal('all')])
  .openapi({ example: 2, description: 'How many vendors must agree; `all` that are installed.' });

const amountMinorSchema = z.int().min(0).openapi({ example: 1250000 });

const levelSchema = z.strictObject({
  currency: currencySchema,
  fromMinor: amountMinorSchema.openapi({
    example: 10000000,
    description: 'From this amount on, in minor units of the currency.',
  }),
  vendorCount: demandSchema,
  secondReviewer: z
    .boolean()
    .default(false)
    .openapi({ description: 'A review of such an amount takes a second person.' }),
});

const branchesMax = 1000;

export const sealPolicySchema = z
  .strictObject({
    defaultCount: demandSchema.openapi({
      description: 'For a branch that is not listed, which gets no less than any listed one.',
    }),
    branches: z
      .record(branchSchema, demandSchema)
      .refine((branches) => Object.keys(branches).length <= branchesMax, {
        params: { code: 'too_many' },
      })
      .openapi({ example: { '0102': 2 } }),
    levels: z
      .array(levelSchema)
      .max(200)
      .refine(
        (levels) =>
          new Set(levels.map(({ currency, fromMinor }) => `${currency} ${fromMinor}`)).size ===
          levels.length,
        { params: { code: 'duplicate' } },
      ),
    approveChanges: z.boolean().default(false).openapi({
      description:
        'Enrolments and changes of seals take effect when a second person approved them.',
    }),
  })
  .openapi('SealPolicy');

const reasonTextSchema = line(200).min(1).openapi({ example: '年度复核' });
const versionSchema = z.int().min(0).openapi({
  example: 0,
  description: 'Counts the policies that were in force; 0 before the institution set one.',
});

export const policyInForceSchema = z
  .object({ version: versionSchema, policy: sealPolicySchema })
  .openapi('SealPolicyInForce');

export const newPolicySchema = z
  .strictObject({
    baseVersion: versionSchema,
    policy: sealPolicySchema,
    reason: reasonTextSchema,
  })
  .openapi('NewSealPolicy');

export const policyChangeSchema = z
  .object({
    id: idSchema,
    state: z.enum(policyChangeStates),
    policy: sealPolicySchema,
    baseVersion: versionSchema,
    reason: z.string(),
    proposedBy: z.string().openapi({ example: 'administrator-lin' }),
    proposedAt: instantSchema,
    decidedBy: z.string().optional(),
    decidedAt: instantSchema.optional(),
    decisionReason: z.string().optional(),
  })
  .openapi('SealPolicyChange');

export const policyChangePageSchema = pageOf(policyChangeSchema).openapi('SealPolicyChangePage');

export const policyChangeQuerySchema = pageQuerySchema.extend({
  state: z.enum(policyChangeStates).optional(),
});

export const approvalSchema = z
  .strictObject({ decision: z.enum(['approve', 'reject']), reason: reasonTextSchema })
  .openapi('Approval');

export const policyPreviewRequestSchema = z
  .strictObject({
    branch: branchSchema,
    currency: currencySchema,
    amountMinor: amountMinorSchema,
    draft: sealPolicySchema.optional(),
  })
  .openapi('SealPolicyQuestion');

export const policyChoiceSchema = z.object({
  source: z.enum(['default', 'branch', 'level']),
  vendorCount: z.int().openapi({ example: 1, description: 'How many vendors had to agree.' }),
  branch: z.object({ isListed: z.boolean(), vendorCount: z.int() }),
  level: z
    .object({ currency: currencySchema, fromMinor: amountMinorSchema, vendorCount: z.int() })
    .nullable()
    .openapi({ description: 'Null when no business level reaches the amount.' }),
  secondReviewer: z.boolean(),
  version: versionSchema,
});

export const policyPreviewSchema = policyChoiceSchema
  .extend({
    installed: z.array(z.string()).openapi({ description: 'Vendors that could be drawn.' }),
    tooFew: z.boolean().openapi({
      description: 'Fewer are installed than the policy wants: such a request goes to a person.',
    }),
  })
  .openapi('SealPolicyPreview');

export type SealPolicyDocument = z.infer<typeof sealPolicySchema>;
export type SealPolicyInForce = z.infer<typeof policyInForceSchema>;
export type SealPolicyChange = z.infer<typeof policyChangeSchema>;
export type SealPolicyPreview = z.infer<typeof policyPreviewSchema>;
