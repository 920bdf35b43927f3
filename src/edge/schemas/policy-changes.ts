import { z } from '@hono/zod-openapi';
import { policyChangeStates } from '../../domain/audit/policy-changes.ts';
import { instantSchema, line, pageQuerySchema } from './common.ts';

/** Why somebody proposes or decides. */
export const policyReasonSchema = line(200).min(1).openapi({ example: '季度复核' });
export const policyVersionSchema = z
  .int()
  .min(0)
  .openapi({ description: '0 is the policy before the first change.' });

export const policyChangeQuerySchema = pageQuerySchema.extend({
  state: z.enum(policyChangeStates).optional(),
});

/** A proposal of a policy, as it is sent. */
export function newPolicySchema<T extends z.ZodType>(policy: T) {
  return z.strictObject({ baseVersion: policyVersionSchema, policy, reason: policyReasonSchema });
}

/** A proposal of a policy and what became of it. */
export function policyChangeSchema<T extends z.ZodType>(policy: T) {
  return z.object({
    id: z.string(),
    state: z.enum(policyChangeStates),
    policy,
    baseVersion: policyVersionSchema,
    reason: z.string(),
    proposedBy: z.string(),
    proposedAt: instantSchema,
    decision: z.object({ by: z.string(), at: instantSchema, reason: z.string() }).optional(),
  });
}
