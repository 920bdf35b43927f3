import { z } from '@hono/zod-openapi';
import {
  bodyFormats,
  labels,
  operatingPoints,
  sealableLabels,
} from '../../domain/tokens/vocabulary.ts';
import { line } from './common.ts';

const spanSchema = z.object({
  start: z.int().openapi({ description: 'In UTF-16 units.' }),
  end: z.int(),
  label: z.enum(labels),
  score: z.number(),
});

const isGiven = (value: unknown) => value !== undefined;

export const extractRequestSchema = z
  .strictObject({
    text: z.string().max(20_000).optional(),
    json: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
    body: z.string().max(20_000).optional().openapi({
      description:
        'A body as it was sent: JSON, a form, a form in parts, lines of key=value, or a table (CSV) with a header.',
    }),
    point: z
      .union([z.enum(operatingPoints), z.partialRecord(z.enum(labels), z.enum(operatingPoints))])
      .optional()
      .openapi({ description: 'How readily something is called sensitive, or by label.' }),
  })
  .refine(({ text, json, body }) => [text, json, body].filter(isGiven).length === 1, {
    message: 'one of text, json and body',
  })
  .openapi('ExtractRequest', { example: { text: '客户李娜，手机13812345678' } });

export const extractSchema = z
  .object({
    format: z
      .enum(bodyFormats)
      .optional()
      .openapi({ description: 'What a text or a body was read as, when its values have names.' }),
    spans: z.array(spanSchema).optional().openapi({ description: 'Of a text.' }),
    sensitive: z
      .array(
        z.object({
          path: z.string().openapi({ description: 'JSON Pointer (RFC 6901).' }),
          label: z.enum(labels),
          score: z.number(),
          whole: z.boolean().openapi({ description: 'Or only the spans.' }),
          spans: z.array(spanSchema),
        }),
      )
      .optional()
      .openapi({ description: 'Of a JSON value or a body: leaves that hold something sensitive.' }),
    open: z
      .array(z.object({ path: z.string() }))
      .optional()
      .openapi({ description: 'Of a JSON value or a body: the other leaves.' }),
  })
  .openapi('Extract');

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);
/** Which there are says the system itself. */
const actionSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/)
  .openapi({ example: 'bill.pay' });

export const businessSystemSchema = z
  .object({
    name: z.string(),
    title: z.string(),
    kid: z.string(),
    actions: z.array(actionSchema),
    release: z.object({ labels: z.array(z.enum(sealableLabels)), purpose: z.string() }),
  })
  .openapi('SampleBusinessSystem');

export const businessRequestSchema = z
  .strictObject({
    id: idSchema.openapi({ description: 'Chosen by the terminal; repeated, it counts once.' }),
    session: idSchema.openapi({ description: 'The same for all requests of one visit.' }),
    action: actionSchema,
    bill: line(32).min(1).optional(),
    confirmed: z
      .boolean()
      .optional()
      .openapi({ description: 'The person wants it although it is unusual.' }),
  })
  .openapi('BusinessRequest');

const billSchema = z.object({
  id: z.string(),
  payee: z.string(),
  currency: z.string(),
  minor: z.int(),
  state: z.enum(['due', 'paid']),
});

const likelySchema = z.object({ action: z.string(), probability: z.number() });

export const keyDataSchema = z
  .object({
    events: z.int(),
    visits: z.int(),
    sinceMs: z.int().optional(),
    preference: z.array(z.object({ action: z.string(), weight: z.number(), share: z.number() })),
    next: z
      .array(likelySchema)
      .openapi({ description: 'Likeliest first; `(end)` ends the visit.' }),
    usualPath: z
      .object({
        actions: z.array(z.string()),
        visits: z.int(),
        share: z.number(),
        medianDurationMs: z.number(),
      })
      .optional(),
    handling: z.array(z.looseObject({ code: z.enum(['offer_next', 'offer_path', 'assist']) })),
    limits: z.array(
      z.object({
        action: z.string(),
        currency: z.string(),
        medianMinor: z.int(),
        typicalMaxMinor: z.int(),
        amounts: z.int(),
      }),
    ),
    risk: z.array(z.object({ code: z.string(), found: z.number(), line: z.number() })),
    hours: z.array(z.int()).length(24),
  })
  .openapi('BehaviourKeyData');

export const businessAnswerSchema = z
  .object({
    action: actionSchema,
    result: z.object({
      bills: z.array(billSchema).optional(),
      bill: billSchema.optional(),
      payer: z.object({ name: z.string(), account: z.string() }).optional(),
      contact: z.string().optional(),
      limit: z.object({ currency: z.string(), singleMinor: z.string() }).optional(),
      ready: billSchema
        .optional()
        .openapi({ description: 'Brought along because it is likely to be wanted next.' }),
    }),
    keyData: keyDataSchema,
  })
  .openapi('BusinessAnswer');

export const businessViewSchema = z
  .object({
    system: z.string(),
    subject: z.string(),
    expiresAt: z.iso.datetime(),
    facts: z.array(
      z.object({ name: z.string(), label: z.enum(sealableLabels), masked: z.string() }),
    ),
  })
  .openapi('BusinessView');

export const behaviourExportSchema = z
  .object({
    v: z.literal(1),
    system: z.string(),
    pseudonym: z.string(),
    exportedAtMs: z.int(),
    retentionDays: z.int(),
    events: z.array(
      z.object({
        id: z.string(),
        atMs: z.int(),
        session: z.string(),
        action: z.string(),
        outcome: z.enum(['done', 'failed', 'abandoned']),
        durationMs: z.int(),
        amount: z.object({ currency: z.string(), minor: z.int() }).optional(),
      }),
    ),
  })
  .openapi('BehaviourExport');

export const erasedSchema = z.object({ erased: z.int() }).openapi('BehaviourErased');
