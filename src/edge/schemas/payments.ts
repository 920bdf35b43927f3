import { z } from '@hono/zod-openapi';
import { channels } from '../../domain/federation/settings.ts';
import { orderStates } from '../../domain/payments/states.ts';
import { terminationReasons } from '../../domain/payments/types.ts';
import { hardRules, needsLook, riskVerdicts, weighedRules } from '../../domain/risk/types.ts';
import { serialSchema } from './certificates.ts';
import {
  bilingualSchema,
  currencySchema,
  dateSchema,
  idSchema,
  instantSchema,
  line,
  pageOf,
  paperNumberSchema,
} from './common.ts';
import { protocolMessage, signatureSchema } from './personal-keys.ts';
import { assertionResponseSchema, credentialIdSchema } from './tokens.ts';

export const amountMinorSchema = z
  .int()
  .min(1)
  .max(1_000_000_000_000)
  .openapi({ example: 120000, description: 'Minor units of the currency.' });

const payeeSchema = z.strictObject({
  account: paperNumberSchema.openapi({
    example: '6222020200112233445',
    description:
      'Kept and shown as capitals and digits: separators and case make no other account.',
  }),
  name: line(100).min(1).openapi({ example: '南浦物业有限公司' }),
  bank: line(100).min(1).openapi({ example: '南浦银行光明支行' }),
});

export const newPaymentSchema = z
  .strictObject({
    terminalId: idSchema,
    payee: payeeSchema,
    amountMinor: amountMinorSchema,
    currency: currencySchema,
    purpose: line(100).min(1).openapi({ example: '三月物业费' }),
    sealVerificationId: idSchema.optional().openapi({
      description:
        'The verification of the seal on the paper that the order leans on: of the last day, over the same money, and of no other order.',
    }),
  })
  .openapi('NewPayment');

const evidenceSchema = z
  .object({
    place: z
      .union([
        z.object({ country: z.string(), latitudeTenths: z.int(), longitudeTenths: z.int() }),
        z.literal('unknown'),
      ])
      .openapi({ description: 'Where the request came from, as the network says.' }),
    movement: z
      .object({ km: z.int(), sinceMs: z.int() })
      .optional()
      .openapi({ description: 'Since the last executed order of a known place.' }),
    seal: z
      .object({
        verificationId: z.string(),
        sealId: z.string(),
        verdict: z.enum(['pass', 'review', 'fail']),
        at: instantSchema,
      })
      .optional(),
  })
  .openapi('PaymentEvidence');

const assessmentSchema = z
  .object({
    verdict: z.enum(riskVerdicts),
    score: z.int(),
    reasons: z.array(
      z.object({
        rule: z.enum([...hardRules, ...weighedRules, needsLook]).openapi({
          description:
            "`needs_look` stands for a rule that is for the institution's risk officers only.",
        }),
        effect: z.enum(['terminate', 'score']),
        points: z.int(),
        seen: z.int(),
        threshold: z.int(),
      }),
    ),
  })
  .openapi('RiskAssessment');

const agreementSchema = z.object({
  by: z.string(),
  certificateSerial: serialSchema,
  atMs: z.int(),
});

const receiptSchema = z
  .object({
    text: z.string(),
    signatureHex: z.string(),
    publicKeyHex: z.string(),
    chipReceipt: z.record(z.string(), z.union([z.string(), z.number()])),
    chipAsked: z.object({ epoch: z.int(), message: z.string() }).openapi({
      description:
        'What the terminal asked: with `text`, all that the receipt of the chip is over.',
    }),
    assessment: z.record(z.string(), z.unknown()).openapi({
      description: 'What the risk engine said, by which policy and on what evidence.',
    }),
    assessmentHash: z.string().openapi({ description: 'Of `assessment`; it stands in `text`.' }),
    cleared: z
      .object({ method: z.enum(['biometric', 'officer']), by: z.string() })
      .nullable()
      .openapi({ description: 'How a challenge was met.' }),
    agreed: z.array(agreementSchema).openapi({ description: 'Who else agreed.' }),
    executedAt: instantSchema,
    recordSha256: z.string().openapi({ description: 'What the ledger holds of it.' }),
    ledgerIndex: z.int().nullable().openapi({ description: 'Null until it is anchored.' }),
  })
  .openapi('PaymentReceipt');

export const paymentSchema = z
  .object({
    id: z.string(),
    payer: z.string(),
    state: z.enum(orderStates),
    payee: z.object({ account: z.string(), name: z.string(), bank: z.string() }),
    amountMinor: z.int(),
    currency: z.string(),
    purpose: z.string(),
    channel: z.enum(channels),
    terminalId: z.string(),
    certificateSerial: serialSchema,
    text: z.string().openapi({ description: 'What is shown, and what is signed.' }),
    words: bilingualSchema.openapi({ description: 'The sentence in `text`, in both languages.' }),
    assessment: assessmentSchema,
    assessmentHash: z.string().openapi({ description: 'As it stands in `text`.' }),
    evidence: evidenceSchema,
    policyVersion: z.int(),
    policyHash: z.string(),
    createdAt: instantSchema,
    endsAt: instantSchema
      .nullable()
      .openapi({ description: 'When it ends by itself; null once it ended.' }),
    endedAt: instantSchema.optional(),
    biometric: z.enum(['clears', 'demanded']).optional().openapi({
      description: 'What a biometric match would do for this challenged order.',
    }),
    looksLeft: z.int().optional(),
    cleared: z.object({ method: z.enum(['biometric', 'officer']), by: z.string() }).optional(),
    dualControl: z
      .object({
        organization: z.string(),
        needed: z.int(),
        agreed: z.array(
          agreementSchema.extend({
            stands: z.boolean().openapi({
              description: 'Whether it still counts: the certificate behind it is in force.',
            }),
          }),
        ),
      })
      .optional()
      .openapi({ description: "Who else must agree by the settings of the payer's certificate." }),
    termination: z.object({ reason: z.enum(terminationReasons), by: z.string() }).optional(),
    receipt: receiptSchema.optional(),
  })
  .openapi('Payment');

export const paymentPageSchema = pageOf(paymentSchema).openapi('PaymentPage');

export const confirmationSchema = z
  .strictObject({
    requestId: idSchema,
    epoch: z.int().min(0),
    message: protocolMessage,
    gesture: z
      .strictObject({ challengeId: idSchema, response: assertionResponseSchema })
      .optional()
      .openapi({ description: 'Needed from a device that has a passkey.' }),
  })
  .openapi('PaymentConfirmation');

export const confirmedSchema = z
  .object({ payment: paymentSchema, reply: protocolMessage })
  .openapi('ConfirmedPayment');

export const executionSchema = signatureSchema;

export const statementQuerySchema = z.strictObject({
  from: dateSchema,
  to: dateSchema.openapi({ description: 'The last day, inclusive.' }),
  format: z.enum(['csv', 'json']).optional(),
});

export const statementSchema = z
  .object({ from: z.string(), to: z.string(), items: z.array(paymentSchema) })
  .openapi('PaymentStatement');

export const newTerminalSchema = z
  .strictObject({
    personalKeyId: idSchema,
    passkeyId: credentialIdSchema.optional().openapi({
      description: 'The passkey that opens the share; from then on it confirms every payment.',
    }),
  })
  .openapi('NewPaymentTerminal');

export const terminalNameSchema = z
  .strictObject({ label: line(64).min(1) })
  .openapi('PaymentTerminalName');

export const terminalSchema = z
  .object({
    id: z.string(),
    label: z.string(),
    state: z.enum(['active', 'revoked']),
    keyStore: z.enum(['hardware', 'software', 'unknown']).openapi({
      description: 'Where its passkey lives, as far as the attestation proves it.',
    }),
    passkeyId: z.string().nullable(),
    enrolledAt: instantSchema,
  })
  .openapi('PaymentTerminal');

export const terminalPageSchema = pageOf(terminalSchema).openapi('PaymentTerminalPage');

export type Payment = z.infer<typeof paymentSchema>;
export type PaymentTerminalView = z.infer<typeof terminalSchema>;
