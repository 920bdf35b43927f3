import { z } from '@hono/zod-openapi';
import { operationStates } from '../../domain/signing/states.ts';
import { documentActions, grantedOperations } from '../../domain/signing/types.ts';
import { filterIdSchema, idSchema, instantSchema, limitSchema, line, pageOf } from './common.ts';
import { amountSchema, documentTypeSchema, grantChangeSchema } from './grants.ts';
import { hex, receiptSchema, signature } from './personal-keys.ts';

/** What fits into a body of JSON; longer content goes in as a document. */
const inputB64 = z
  .string()
  .min(1)
  .max(60_000)
  .regex(/^[0-9A-Za-z+/]+={0,2}$/)
  .openapi({ description: 'Base64.' });

export const operationRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sign'),
    scheme: z.enum(['sm2-sm3', 'ecdsa-p256-sha256']),
    messageB64: inputB64,
  }),
  z.strictObject({
    kind: z.literal('decrypt'),
    scheme: z.literal('sm2'),
    ciphertextB64: inputB64,
  }),
]);

export const newOperationSchema = z
  .strictObject({
    grantId: idSchema,
    personalKeyId: idSchema,
    request: operationRequestSchema,
    documentType: documentTypeSchema,
    amount: amountSchema.optional(),
    reason: line(200).min(1),
    sealVerificationId: filterIdSchema,
  })
  .openapi('NewOperation');

export const operationDocumentSchema = z
  .object({
    action: z.enum(documentActions),
    name: z.string(),
    bytes: z.int(),
    sha256: hex,
    resultName: z.string(),
    failure: z.enum(['envelope_unreadable']).nullable(),
  })
  .openapi('OperationDocument');

export const operationSchema = z
  .object({
    id: z.string(),
    state: z.enum(operationStates),
    institutionKeyId: z.string(),
    grantId: z.string(),
    personalKeyId: z.string(),
    actor: z.string(),
    kind: z.enum(grantedOperations),
    scheme: z.string(),
    document: operationDocumentSchema.nullable().openapi({
      description: 'Its bytes and what is made of them have an address of their own.',
    }),
    inputB64: z.string().nullable().openapi({
      description:
        'What the key signs or decrypts, for who asked; of a document what it comes down to. Not in lists.',
    }),
    inputForm: z.enum(['message', 'digest', 'ciphertext']),
    documentType: z.string(),
    amount: amountSchema.nullable(),
    reason: z.string(),
    approvals: z.array(z.object({ actor: z.string() })),
    approvalsNeeded: z.int(),
    decision: z.string().openapi({ description: 'Canonical JSON; the statement names its hash.' }),
    approvalText: z.string().nullable().openapi({
      description: 'What an approving person signs, while approvals are missing.',
    }),
    statement: z.string().nullable().openapi({
      description: 'What the person signs before the key moves; valid for two minutes.',
    }),
    outcome: z.string().nullable().openapi({
      description: 'What the person signs after it moved; the result is given for it.',
    }),
    receipt: receiptSchema.nullable().openapi({
      description:
        'Of the chip that moved the key; the outcome names its hash. For who asked, not in lists.',
    }),
    resultB64: z.string().nullable().openapi({ description: 'Not in lists.' }),
    createdAt: instantSchema,
  })
  .openapi('Operation');

export type Operation = z.infer<typeof operationSchema>;
export const operationPageSchema = pageOf(operationSchema).openapi('OperationPage');
export const pendingApprovalsSchema = z
  .object({ changes: z.array(grantChangeSchema), operations: z.array(operationSchema) })
  .openapi('PendingApprovals');
export const operationQuerySchema = z.strictObject({
  cursor: filterIdSchema,
  limit: limitSchema,
  state: z.enum(operationStates).optional(),
});
export const operationApprovalSchema = z.strictObject({ personalKeyId: idSchema, signature });

export const usageRecordSchema = z
  .object({
    body: z.record(z.string(), z.unknown()),
    recordSha256: hex,
    place: z
      .object({
        index: z.int(),
        leafHash: hex,
        size: z.int(),
        checkpoint: z.string(),
        proof: z.array(hex),
      })
      .nullable(),
  })
  .openapi('UsageRecord');

export const exportQuerySchema = z.strictObject({
  from: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .openapi({ description: 'How many records to leave out: those of earlier parts.' }),
});

export type UsageRecordView = z.infer<typeof usageRecordSchema>;
export const usageRecordPageSchema = pageOf(usageRecordSchema).openapi('UsageRecordPage');
export const completedSchema = z
  .object({ operation: operationSchema, record: usageRecordSchema })
  .openapi('CompletedOperation');
