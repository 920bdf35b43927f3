import { z } from '@hono/zod-openapi';
import { roles } from '../../domain/actor.ts';
import { bilingualSchema, instantSchema } from './common.ts';

export const demoIdentitySchema = z
  .object({
    id: z.string().openapi({ example: 'teller-zhou' }),
    role: z.enum(roles),
    name: bilingualSchema.openapi({ example: { zh: '周敏', en: 'Zhou Min' } }),
    institution: bilingualSchema
      .extend({ id: z.string() })
      .openapi({ example: { id: 'jiangnan-bank', zh: '江南银行', en: 'Jiangnan Bank' } }),
    branch: bilingualSchema
      .extend({ code: z.string() })
      .openapi({ example: { code: '0102', zh: '西湖支行', en: 'West Lake branch' } }),
  })
  .openapi('DemoIdentity');

export const demoIdentitiesSchema = z
  .object({ identities: z.array(demoIdentitySchema) })
  .openapi('DemoIdentities');

export const demoTokenRequestSchema = z
  .strictObject({
    identity: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .openapi({ example: 'teller-zhou' }),
  })
  .openapi('DemoTokenRequest');

export const demoTokenSchema = z
  .object({
    token: z.string(),
    tokenType: z.literal('Bearer'),
    expiresAt: instantSchema,
    identity: demoIdentitySchema,
  })
  .openapi('DemoToken');

export type DemoIdentity = z.infer<typeof demoIdentitySchema>;
export type DemoToken = z.infer<typeof demoTokenSchema>;

export const demoLedgerAlterSchema = z.strictObject({
  subject: z
    .string()
    .regex(/^[a-z]{2,16}\/[0-9A-Za-z._-]{1,64}$/)
    .openapi({ example: 'cert/4f0c2b7e' }),
});

export const demoLedgerSchema = z
  .object({ altered: z.array(z.string()) })
  .openapi('DemoLedger', { description: 'Subjects whose first event is served altered.' });
export const demoApplicantsSchema = z
  .object({
    applicants: z.array(z.object({ name: z.string(), idNumber: z.string(), phone: z.string() })),
  })
  .openapi('DemoApplicants');
