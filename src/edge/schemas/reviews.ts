import { z } from '@hono/zod-openapi';
import { decisionStates } from '../../domain/seals/reviews.ts';
import {
  decisionReasons,
  failReasons,
  passReasons,
  reviewSteps,
} from '../../domain/seals/work-rows.ts';
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

const reviewerSchema = z.string().openapi({ example: 'reviewer-he' });

export const reviewSchema = z
  .object({
    verificationId: idSchema,
    sealId: idSchema,
    verdict: z.enum(['pass', 'fail', 'review']).openapi({ description: "The vendors' verdict." }),
    currency: currencySchema,
    amountMinor: z.int().openapi({ example: 1250000 }),
    branch: branchSchema,
    requestedBy: z.string().openapi({ example: 'teller-zhou' }),
    queuedAt: instantSchema,
    needsSecond: z.boolean().openapi({ description: 'A "yes" takes two people.' }),
    step: z.enum(reviewSteps).openapi({
      description: '`undoable`: decided, and can be taken back for a few seconds.',
    }),
    holder: z.string().nullable().openapi({ description: 'Who has it before them.' }),
    leaseEndsAt: instantSchema.nullable(),
    reviewers: z.array(reviewerSchema).openapi({ description: 'Whose decisions are final.' }),
    outcome: z.enum(['pass', 'fail']).nullable().openapi({
      description: 'What people decided; null while it is open.',
    }),
    settledAt: instantSchema.nullable(),
  })
  .openapi('Review');

export const reviewPageSchema = pageOf(reviewSchema)
  .extend({ open: z.int().openapi({ description: 'How many wait in all.' }) })
  .openapi('ReviewPage');

export const reviewQuerySchema = z.strictObject({
  state: z.enum(['open', 'settled']).default('open'),
  cursor: filterIdSchema,
  limit: limitSchema,
});

export const claimedSchema = z.object({ review: reviewSchema.optional() }).openapi('ClaimedReview');

export const newDecisionSchema = z
  .strictObject({
    decision: z.enum(['pass', 'fail']),
    reason: z.enum(decisionReasons),
    note: line(500).default(''),
  })
  .superRefine(({ decision, reason, note }, context) => {
    const fitting: readonly string[] = decision === 'pass' ? passReasons : failReasons;
    if (reason === 'other' ? note !== '' : fitting.includes(reason)) return;
    const code = reason === 'other' ? 'required' : 'wrong_reason';
    const path = [reason === 'other' ? 'note' : 'reason'];
    context.addIssue({ code: 'custom', path, params: { code } });
  })
  .openapi('NewDecision', { description: 'The reason `other` takes a note.' });

export const decisionSchema = z
  .object({
    id: idSchema,
    state: z.enum(decisionStates),
    decision: z.enum(['pass', 'fail']),
    reason: z.enum(decisionReasons),
    note: z.string(),
    reviewer: reviewerSchema,
    decidedAt: instantSchema,
    finalAt: instantSchema.openapi({ description: 'Until then it can be taken back.' }),
    statement: z
      .string()
      .nullable()
      .openapi({ description: 'What was signed, byte for byte; null until it is final.' }),
    signature: z
      .object({
        keyId: z.string(),
        scheme: z.literal('sm2-sm3'),
        publicKeyHex: z.string().openapi({ description: 'SubjectPublicKeyInfo, DER.' }),
        valueHex: z.string().openapi({ description: 'DER.' }),
      })
      .nullable(),
    ledger: z
      .object({ index: z.int(), leafHash: z.string() })
      .nullable()
      .openapi({ description: 'Where the SHA-256 of the statement stands in the ledger.' }),
  })
  .openapi('Decision');

export const reviewDetailSchema = z
  .object({ review: reviewSchema, decisions: z.array(decisionSchema) })
  .openapi('ReviewDetail');

export const verificationTemplatesSchema = z
  .object({
    vendors: z.array(
      z.object({
        code: z.string().openapi({ example: 'stroke' }),
        version: z.string().openapi({ example: '1.0.0' }),
        reserved: z.string().openapi({ description: 'The vendor’s template, base64.' }),
        query: z.string().openapi({ description: 'The vendor’s template, base64.' }),
      }),
    ),
  })
  .openapi('VerificationTemplates');

export type VerificationTemplates = z.infer<typeof verificationTemplatesSchema>;
export type Review = z.infer<typeof reviewSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type ReviewDetail = z.infer<typeof reviewDetailSchema>;
