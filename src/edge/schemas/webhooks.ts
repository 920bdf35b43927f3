import { z } from '@hono/zod-openapi';
import { idSchema, instantSchema } from './common.ts';

const urlSchema = z
  .string()
  .min(1)
  .max(1024)
  .openapi({ example: 'https://bank.example/cinnabar', description: '`https`, to a host name.' });

const actionsSchema = z
  .array(z.string().regex(/^(?:\*|[a-z][a-z_]{0,40}(?:\.[a-z][a-z_]{0,40}){0,3}(?:\.\*)?)$/))
  .min(1)
  .max(32)
  .openapi({
    example: ['payment.*', 'certificate.revoke'],
    description: 'Actions of audit records, families of them, or `*`.',
  });

export const newWebhookSchema = z
  .strictObject({ url: urlSchema, actions: actionsSchema })
  .openapi('NewWebhook');

export const webhookChangeSchema = z
  .strictObject({
    url: urlSchema.optional(),
    actions: actionsSchema.optional(),
    state: z.enum(['active', 'paused']).optional(),
    from: z.literal('now').optional().openapi({
      description: 'Leaves out what happened before now and was not delivered.',
    }),
  })
  .openapi('WebhookChange');

export const attemptSchema = z
  .object({
    id: z.string().openapi({ example: 'audit_118', description: 'The header `webhook-id`.' }),
    type: z.string().openapi({ example: 'payment.execute' }),
    at: instantSchema,
    status: z
      .int()
      .openapi({ example: 204, description: 'What was answered; 0 when nothing was.' }),
  })
  .openapi('WebhookAttempt');

export const webhookSchema = z
  .object({
    id: idSchema,
    url: z.string(),
    actions: z.array(z.string()),
    state: z.enum(['active', 'paused']),
    failingSince: instantSchema.optional(),
    nextAttemptAt: instantSchema.optional(),
    recent: z.array(attemptSchema).openapi({ description: 'Newest first, 20 at most.' }),
    secretAt: instantSchema,
    createdBy: z.string(),
    createdAt: instantSchema,
  })
  .openapi('Webhook');

export const webhooksSchema = z.object({ items: z.array(webhookSchema) }).openapi('Webhooks');

export const webhookSecretSchema = z
  .object({
    webhook: webhookSchema,
    secret: z.string().openapi({
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
      description: 'Shown once. Signs every message: HMAC-SHA256 (Standard Webhooks).',
    }),
  })
  .openapi('WebhookSecret');
