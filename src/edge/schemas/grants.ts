import { z } from '@hono/zod-openapi';
import { grantedOperations } from '../../domain/signing/types.ts';
import { currencySchema, idSchema, instantSchema, pageOf } from './common.ts';
import { keyIdSchema, officerSchema } from './institutions.ts';
import { hex, publicKeyHex } from './personal-keys.ts';

export const amountSchema = z.strictObject({
  currency: currencySchema,
  minor: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
});

export const documentTypeSchema = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/);

const grantFields = {
  institutionKeyId: keyIdSchema,
  actor: z.string().min(1).max(64),
  personalKeyId: idSchema,
  operations: z.array(z.enum(grantedOperations)).min(1).max(2),
  validFrom: instantSchema,
  validUntil: instantSchema,
  usesMax: z.int().min(1).max(1_000_000),
  documentTypes: z
    .array(documentTypeSchema)
    .max(16)
    .openapi({ description: 'Empty: of any type.' }),
  amountMax: amountSchema.optional(),
  approvalsNeeded: z.int().min(0).max(4),
};

export const newGrantSchema = z.strictObject(grantFields).openapi('NewGrant');

export const grantSchema = z
  .object({
    ...grantFields,
    id: z.string(),
    state: z.enum(['proposed', 'active', 'revoked']),
    publicKeyHex,
    used: z.int(),
    grantedBy: z.string(),
    createdAt: instantSchema,
  })
  .openapi('Grant');

export type Grant = z.infer<typeof grantSchema>;
export const grantPageSchema = pageOf(grantSchema).openapi('GrantPage');

export const grantChangeSchema = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'done', 'outdated']),
    institutionKeyId: z.string(),
    grantId: z.string().nullable().openapi({ description: 'Null when the officers change.' }),
    action: z.enum(['give', 'take', 'officers']),
    terms: z
      .object({
        grantId: z.string(),
        actor: z.string(),
        publicKeyHex,
        operations: z.array(z.enum(grantedOperations)),
        validFromMs: z.int(),
        validUntilMs: z.int(),
        usesMax: z.int(),
        documentTypes: z.array(z.string()),
        amountMax: amountSchema.optional(),
        approvalsNeeded: z.int(),
      })
      .nullable()
      .openapi({
        description: 'The right that is given, whole, as its officers sign it; null otherwise.',
      }),
    list: z
      .array(z.object({ publicKeyHex, operations: z.array(z.enum(grantedOperations)) }))
      .openapi({ description: 'Who may do what from then on, as the chips enforce it.' }),
    officers: z
      .object({ threshold: z.int(), members: z.array(officerSchema) })
      .nullable()
      .openapi({ description: 'Who decides from then on; null when that stays.' }),
    chipEpoch: z.int(),
    listHashHex: hex,
    signedHex: hex.openapi({ description: 'What an officer signs.' }),
    approvedBy: z.array(z.string()),
    threshold: z.int(),
    createdAt: instantSchema,
  })
  .openapi('GrantChange');

export type GrantChange = z.infer<typeof grantChangeSchema>;
export const grantChangePageSchema = pageOf(grantChangeSchema).openapi('GrantChangePage');
export const proposedGrantSchema = z.object({
  grant: grantSchema,
  change: grantChangeSchema.nullable(),
});
