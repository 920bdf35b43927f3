import { z } from '@hono/zod-openapi';
import { protections } from '../../domain/chips/keys.ts';
import { requestedSchema, serialSchema, subjectSchema } from './certificates.ts';
import { idSchema, instantSchema, pageOf } from './common.ts';
import { publicKeyHex } from './personal-keys.ts';

export const newInstitutionSchema = z
  .strictObject({
    subject: subjectSchema.required({ organization: true }),
    officerKeyIds: z.array(idSchema).min(1).max(16),
    threshold: z.int().min(1).max(16),
  })
  .openapi('NewInstitution');

export const officerSchema = z.object({
  actor: z.string(),
  personalKeyId: z.string(),
  publicKeyHex,
});

export const institutionSchema = z
  .object({
    id: z.string(),
    subject: subjectSchema,
    officers: z.array(officerSchema),
    threshold: z.int(),
    createdAt: instantSchema,
  })
  .openapi('Institution');

export type Institution = z.infer<typeof institutionSchema>;
export const institutionPageSchema = pageOf(institutionSchema).openapi('InstitutionPage');

export const keyHolderPageSchema = pageOf(
  z
    .object({
      personalKeyId: z.string(),
      actor: z.string(),
      label: z.string(),
      certificateSerial: serialSchema.nullable(),
    })
    .openapi('KeyHolder'),
).openapi('KeyHolderPage');

export const newOfficersSchema = newInstitutionSchema
  .pick({ officerKeyIds: true, threshold: true })
  .openapi('NewOfficers');

/** Whether a certificate may be relied on now, and if not, why. */
export const standingSchema = z.enum([
  'good',
  'on_hold',
  'revoked',
  'superseded',
  'expired',
  'not_yet_valid',
  'undelivered',
  'unknown',
]);

export const newInstitutionKeysSchema = z
  .strictObject({
    algorithm: z.enum(['sm2', 'p256']),
    requested: requestedSchema,
    protection: z.enum(protections).optional().openapi({
      description:
        'Least protection of the keys. Tokens sign with P-256 inside; SM2 signing keys are `hsm-wrapped` there at best.',
    }),
  })
  .openapi('NewInstitutionKeys');

export const institutionKeySchema = z
  .object({
    id: z.string(),
    institutionId: z.string(),
    algorithm: z.enum(['sm2', 'p256']),
    purpose: z.enum(['signature', 'encryption']),
    publicKeyHex,
    protection: z.enum(protections).openapi({ description: 'What protects it in the chips.' }),
    applicationId: z.string(),
    certificateSerial: serialSchema.nullable(),
    standing: standingSchema.nullable().openapi({ description: 'Of the certificate, now.' }),
    officers: z.array(officerSchema),
    threshold: z.int(),
    granted: z.int().openapi({ description: 'Persons on the list that the chips enforce.' }),
    renews: z.string().nullable().openapi({ description: 'The key that this one follows.' }),
    renewalId: z
      .string()
      .nullable()
      .openapi({ description: 'The application of the newest renewal.' }),
    createdAt: instantSchema,
  })
  .openapi('InstitutionKey');

export type InstitutionKey = z.infer<typeof institutionKeySchema>;
export const institutionKeyPageSchema = pageOf(institutionKeySchema).openapi('InstitutionKeyPage');
export const appliedKeysSchema = z
  .object({ applicationId: z.string(), keys: z.array(institutionKeySchema) })
  .openapi('AppliedKeys');

/** Keys of institutions are named by the application that made them, with a UUID of version 8. */
export const keyIdSchema = z.uuid().openapi({ example: '5f0c1e9a-3b7d-8c21-9a44-0d6b2f1e7c30' });

export const keyParamsSchema = z.strictObject({
  id: keyIdSchema.openapi({ param: { name: 'id', in: 'path' } }),
});
