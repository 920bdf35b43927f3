import { z } from '@hono/zod-openapi';
import { bilingualSchema } from './common.ts';

export const livenessSchema = z.object({ status: z.literal('ok') }).openapi('Liveness');

export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'unavailable']),
    checks: z
      .record(z.string(), z.enum(['ok', 'failed']))
      .openapi({ example: { database: 'ok', objects: 'ok', audit: 'ok', chips: 'ok' } }),
  })
  .openapi('Readiness');

export const noticeSchema = z.object({ notice: bilingualSchema.nullable() }).openapi('Notice', {
  example: { notice: { zh: '今晚 23:00 维护', en: 'Maintenance at 23:00' } },
});

export type Readiness = z.infer<typeof readinessSchema>;
export type Notice = z.infer<typeof noticeSchema>;
