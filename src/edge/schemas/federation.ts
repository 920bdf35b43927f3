import { z } from '@hono/zod-openapi';
import { requestsPerHourMax } from '../../domain/federation/scoring-policy.ts';
import { nodeStates, requestStates, stages } from '../../domain/federation/scoring-request.ts';
import { channels, permissions } from '../../domain/federation/settings.ts';
import { bilingualSchema, currencySchema, instantSchema, pageOf } from './common.ts';
import {
  newPolicySchema,
  policyChangeSchema,
  policyReasonSchema,
  policyVersionSchema,
} from './policy-changes.ts';

const partySchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/)
  .openapi({ example: 'bank' });
const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: 'SHA-256 in hex.' });
const base64urlSchema = (lengthMax: number) =>
  z
    .string()
    .regex(/^[0-9A-Za-z_-]+$/)
    .max(lengthMax);
/** A box of 8 KiB in base64url. */
const boxSchema = base64urlSchema(10_923);

export const scoringIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .openapi({ example: '5f0c4a1be3d24f6f9a7b8c9d0e1f2a3b', description: '16 random bytes in hex.' });

export const scoringParamsSchema = z.strictObject({
  requestId: scoringIdSchema.openapi({ param: { name: 'requestId', in: 'path' } }),
});

const rosterPartySchema = z.object({
  id: partySchema,
  name: bilingualSchema,
  boxKey: z.string(),
  signKey: z.string(),
});

const rosterSchema = z
  .object({
    v: z.literal(1),
    name: z.string(),
    suite: z.enum(['x25519', 'sm2']),
    modelHash: hashSchema,
    threshold: z.int(),
    nodes: z.array(
      rosterPartySchema.extend({
        part: z.string(),
        mandatory: z.boolean(),
        provesIdentity: z.boolean(),
        meanScore: z.int(),
        runByDecision: z.boolean(),
      }),
    ),
    decision: rosterPartySchema,
  })
  .openapi('FederationRoster');

const amountSchema = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,17})$/)
  .openapi({ example: '5000000', description: 'Minor units, as decimal text.' });

const policyRowSchema = z.strictObject({
  tier: z.int().min(1).max(6),
  pdBelowMicros: z.int().min(0).max(1_000_001),
  permissions: z.array(z.enum(permissions)),
  single: amountSchema,
  daily: amountSchema,
  count: z.int().min(0).max(1_000_000),
  dualControlAbove: amountSchema,
  approvers: z.strictObject({ min: z.int().min(0).max(9), ordered: z.boolean() }),
});

export const federationSchema = z
  .object({
    roster: rosterSchema,
    rosterHash: hashSchema.openapi({
      description: 'SHA-256 of the roster in canonical JSON. Compare it with the one you know.',
    }),
    policy: z.object({
      name: z.string(),
      version: z.int(),
      rows: z.array(policyRowSchema),
      validDays: z.int(),
    }),
  })
  .openapi('Federation');

const microsSchema = z.int().openapi({ description: 'Millionths.' });

export const federationModelSchema = z
  .object({
    version: z.string(),
    method: z.string(),
    hash: hashSchema,
    parties: z.array(
      z.object({
        id: z.string(),
        mandatory: z.boolean(),
        columns: z.array(z.string()),
        features: z.int(),
        commitment: hashSchema,
      }),
    ),
    data: z.object({
      name: z.string(),
      trainingRows: z.int(),
      validationRows: z.int(),
      defaultRate: microsSchema,
      protectedColumns: z.array(z.string()),
    }),
    training: z.object({
      lambda: z.number(),
      bestRound: z.int(),
      history: z
        .array(z.tuple([z.int(), microsSchema, microsSchema]))
        .openapi({ description: 'Round, loss of the training, loss of the validation.' }),
    }),
    report: z.object({
      rows: z.int(),
      auc: microsSchema,
      ks: microsSchema,
      brier: microsSchema,
      meanPd: microsSchema,
      defaultRate: microsSchema,
      roc: z
        .array(z.tuple([microsSchema, microsSchema]))
        .openapi({ description: 'False and true rate.' }),
      calibration: z
        .array(z.tuple([z.int(), microsSchema, microsSchema]))
        .openapi({ description: 'Rows, mean probability, share of defaults.' }),
    }),
  })
  .openapi('FederationModel', {
    description: 'The public bundle: who contributes what, training history, quality.',
  });

const consentSchema = z.strictObject({
  consent: z.strictObject({
    v: z.literal(1),
    purpose: z.literal('certificate-settings'),
    requestId: scoringIdSchema,
    rosterHash: hashSchema,
    modelHash: hashSchema,
    parties: z.array(partySchema).max(6),
    subject: hashSchema.openapi({ description: 'A salted commitment to the identity.' }),
    name: hashSchema.openapi({ description: 'A salted commitment to the name alone.' }),
    request: hashSchema.openapi({
      description: 'A salted commitment to what is asked for and the key that it is for.',
    }),
    replyKey: base64urlSchema(87),
    issuedAt: instantSchema,
    expiresAt: instantSchema,
  }),
  signKey: base64urlSchema(87),
  signature: base64urlSchema(86),
});

export const newScoringSchema = z
  .strictObject({
    consent: consentSchema.openapi({
      description: 'What the person agreed to, signed by a key of the terminal.',
    }),
    boxes: z
      .record(partySchema, boxSchema)
      .refine((boxes) => Object.keys(boxes).length <= 6, { params: { code: 'too_many' } })
      .openapi({ description: 'One box for each party of the roster, which alone can open it.' }),
  })
  .openapi('NewScoringRequest');

export const scoringSchema = z
  .object({
    requestId: scoringIdSchema,
    state: z.enum(requestStates),
    stage: z.enum(stages),
    nodes: z.array(
      z.object({ node: z.string(), state: z.enum(nodeStates), code: z.string().optional() }),
    ),
    contributors: z.array(z.string()),
    code: z.string().optional().openapi({ description: 'Why it failed.' }),
    consentExpiresAt: instantSchema,
    createdAt: instantSchema,
    outcome: z
      .object({
        decision: z.string().openapi({ description: 'For the applicant only; base64url.' }),
        reasons: z.array(z.object({ party: z.string(), box: z.string() })),
        decisionHash: hashSchema,
        policyHash: hashSchema,
        ledgerIndex: z.int(),
        elapsedMs: z.int(),
      })
      .optional(),
  })
  .openapi('ScoringRequest');

const capSchema = z.strictObject({
  permissions: z.array(z.enum(permissions)).max(permissions.length).optional(),
  limits: z
    .array(
      z.strictObject({
        channel: z.enum(channels),
        currency: currencySchema,
        single: amountSchema,
        daily: amountSchema,
        count: z.int().min(0).max(1_000_000),
      }),
    )
    .max(16)
    .optional(),
});

const capsSchema = z
  .strictObject({
    enterprise: capSchema.optional(),
    account: capSchema
      .optional()
      .openapi({ description: 'Of every account that has none of its own in `accounts`.' }),
    accounts: z
      .record(z.string().regex(/^[\w.:@-]{1,128}$/), capSchema)
      .optional()
      .openapi({ description: 'By applicant; an account is an applicant here.' }),
  })
  .openapi('SettingsCaps', {
    description: 'A channel and currency that a list of limits does not name gets nothing.',
  });

const tierSchema = z.int().min(1).max(6);

export const scoringPolicySchema = z
  .strictObject({
    table: z.strictObject({
      rows: z.array(policyRowSchema).min(6).max(6),
      hysteresisMicros: microsSchema.min(0).max(1_000_000),
      bestTierWithMissingPart: tierSchema,
      validDays: z.int().min(1).max(3650),
      rates: z
        .array(
          z.strictObject({
            currency: currencySchema,
            cnyMicros: z.string().regex(/^[1-9][0-9]{0,17}$/),
            date: z.iso.date(),
          }),
        )
        .max(64)
        .openapi({
          description:
            'What one minor unit of a currency costs, in millionths of a minor unit of CNY.',
        }),
    }),
    requestsPerHour: z
      .int()
      .min(1)
      .max(requestsPerHourMax)
      .openapi({ description: 'Applications that one person may begin in an hour.' }),
    caps: capsSchema,
  })
  .openapi('ScoringPolicy');

export const scoringPolicyInForceSchema = z
  .object({
    version: policyVersionSchema,
    policy: scoringPolicySchema,
    policyHash: hashSchema.openapi({
      description: 'Of the table with its name and version, as decisions and the ledger have it.',
    }),
  })
  .openapi('ScoringPolicyInForce');

export const newScoringPolicySchema =
  newPolicySchema(scoringPolicySchema).openapi('NewScoringPolicy');
export const scoringPolicyChangeSchema =
  policyChangeSchema(scoringPolicySchema).openapi('ScoringPolicyChange');
export const scoringPolicyChangePageSchema =
  pageOf(scoringPolicyChangeSchema).openapi('ScoringPolicyChangePage');
export const scoringPolicyDecisionSchema = z
  .strictObject({ decision: z.enum(['approve', 'reject']), reason: policyReasonSchema })
  .openapi('ScoringPolicyDecision');

export type FederationView = z.infer<typeof federationSchema>;
export type Scoring = z.infer<typeof scoringSchema>;
export type FederationModelView = z.infer<typeof federationModelSchema>;
