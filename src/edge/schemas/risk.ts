import { z } from '@hono/zod-openapi';
import { orderStates } from '../../domain/payments/states.ts';
import { payeeListings } from '../../domain/risk/payees.ts';
import { biometricUses } from '../../domain/risk/policy.ts';
import { riskVerdicts, weighedRules } from '../../domain/risk/types.ts';
import {
  instantSchema,
  limitSchema,
  pageOf,
  pageQuerySchema,
  paperNumberSchema,
} from './common.ts';
import {
  newPolicySchema,
  policyChangeSchema,
  policyReasonSchema,
  policyVersionSchema,
} from './policy-changes.ts';

const points = z.int().min(0).max(1000);
const ruleSchema = z.strictObject({ points, threshold: z.int().min(0).max(1_000_000) });

/** One object per rule, so that a policy that forgets one is refused. */
const rulesSchema = z.strictObject(
  Object.fromEntries(weighedRules.map((rule) => [rule, ruleSchema])) as Record<
    (typeof weighedRules)[number],
    typeof ruleSchema
  >,
);

export const riskPolicySchema = z
  .strictObject({
    challengeAt: z.int().min(1).max(1000).openapi({ example: 40 }),
    terminateAt: z.int().min(1).max(1000).openapi({ example: 100 }),
    biometric: z.enum(biometricUses).default('none').openapi({
      description:
        'What a biometric match is to a challenged order: nobody is asked for one; it clears as an officer does; without one no officer can allow the order.',
    }),
    rules: rulesSchema,
  })
  .openapi('RiskPolicy');

export const riskPolicyInForceSchema = z
  .object({
    version: policyVersionSchema,
    policy: riskPolicySchema,
    policyHash: z.string(),
    units: z
      .record(z.string(), z.string())
      .openapi({ description: 'What the threshold of each rule counts.' }),
  })
  .openapi('RiskPolicyInForce');

export const newRiskPolicySchema = newPolicySchema(riskPolicySchema).openapi('NewRiskPolicy');

export const riskPolicyChangeSchema =
  policyChangeSchema(riskPolicySchema).openapi('RiskPolicyChange');

export const riskPolicyChangePageSchema =
  pageOf(riskPolicyChangeSchema).openapi('RiskPolicyChangePage');

export const riskDecisionSchema = z
  .strictObject({ decision: z.enum(['approve', 'reject']), reason: policyReasonSchema })
  .openapi('RiskPolicyDecision');

const counts = z.object(
  Object.fromEntries(riskVerdicts.map((verdict) => [verdict, z.int()])) as Record<
    (typeof riskVerdicts)[number],
    z.ZodInt
  >,
);

export const simulationSchema = z
  .object({
    orders: z.int(),
    verdicts: z
      .object({ allow: counts, challenge: counts, terminate: counts })
      .openapi({ description: 'Orders by verdict now, then by verdict under the candidate.' }),
    changed: z.array(
      z.object({
        id: z.string(),
        before: z.enum(riskVerdicts),
        after: z.enum(riskVerdicts),
        scoreBefore: z.int(),
        scoreAfter: z.int(),
      }),
    ),
    scoresBefore: z.array(z.int()),
    scoresAfter: z.array(z.int()),
  })
  .openapi('RiskSimulation');

export const simulationRequestSchema = z
  .strictObject({ policy: riskPolicySchema })
  .openapi('RiskSimulationRequest');

export const riskOrderQuerySchema = pageQuerySchema.extend({
  state: z.enum(orderStates).optional(),
});

export const orderDecisionSchema = z
  .strictObject({ decision: z.enum(['allow', 'terminate']) })
  .openapi('PaymentDecision');

export const listingSchema = z
  .strictObject({
    account: paperNumberSchema,
    listed: z.enum(payeeListings),
    reason: policyReasonSchema,
  })
  .openapi('PayeeListing');

export const listedPayeeSchema = z
  .object({
    account: z.string(),
    listed: z.enum(payeeListings),
    reason: z.string(),
    listedBy: z.string(),
    listedAt: instantSchema,
  })
  .openapi('ListedPayee');

export const listedPayeePageSchema = pageOf(listedPayeeSchema).openapi('ListedPayeePage');

export const payeeQuerySchema = z.strictObject({
  listed: z.enum(['watched', 'blocked']),
  cursor: paperNumberSchema.optional(),
  limit: limitSchema,
});

export type RiskPolicyDocument = z.infer<typeof riskPolicySchema>;
export type RiskPolicyChangeView = z.infer<typeof riskPolicyChangeSchema>;
