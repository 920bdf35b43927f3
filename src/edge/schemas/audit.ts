import { z } from '@hono/zod-openapi';
import { outcomes } from '../../domain/audit/types.ts';
import { instantSchema, limitSchema, pageOf } from './common.ts';

const hashSchema = z
  .string()
  .openapi({ example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' });

/** Everything that went into `hash` is here, so anyone holding the page can recompute it. */
export const auditRecordSchema = z
  .object({
    index: z.int().openapi({ example: 0 }),
    tenant: z.string().openapi({ example: 'jiangnan-bank' }),
    at: instantSchema,
    action: z.string().openapi({ example: 'seal.enrol' }),
    actor: z.string().openapi({ example: 'teller-zhou' }),
    subject: z.string().openapi({ example: 'seal:019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' }),
    outcome: z.enum(outcomes),
    requestId: z.string().openapi({ example: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' }),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    hash: hashSchema,
    previousHash: hashSchema,
  })
  .openapi('AuditRecord');

export const auditPageSchema = pageOf(auditRecordSchema).openapi('AuditPage');

export const auditQuerySchema = z.strictObject({
  cursor: z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,14})$/)
    .optional(),
  limit: limitSchema,
});

export type AuditRecord = z.infer<typeof auditRecordSchema>;
export type AuditPage = z.infer<typeof auditPageSchema>;
