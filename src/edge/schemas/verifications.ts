import { z } from '@hono/zod-openapi';
import { cardImprintsMax } from '../../domain/seals/verify-card.ts';
import {
  branchSchema,
  currencySchema,
  digits,
  filterIdSchema,
  idSchema,
  instantSchema,
  pageOf,
  pageQuerySchema,
} from './common.ts';
import { policyChoiceSchema } from './policies.ts';
import { dpiSchema, imprintSchema, reasonSchema, vendorSchema } from './seals.ts';

const amountSchema = digits(0, Number.MAX_SAFE_INTEGER).openapi({
  example: 1250000,
  description: 'Minor units of the currency.',
});

export const newVerificationSchema = z
  .strictObject({
    sealId: idSchema,
    currency: currencySchema,
    amountMinor: amountSchema,
    branch: branchSchema.optional().openapi({ description: "Default: the caller's branch." }),
    dpi: dpiSchema.optional(),
    imprint: imprintSchema,
  })
  .openapi('NewVerification');

export const transformSchema = z
  .tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])
  .openapi('Transform', {
    description:
      'a, b, c, d, tx, ty: maps query pixels to reserved pixels at 300 dpi, ' +
      "x' = a x + b y + tx and y' = c x + d y + ty.",
    example: [0.998, -0.052, 0.052, 0.998, 4.2, -11.6],
  });

export const verificationSchema = z
  .object({
    id: idSchema,
    sealId: idSchema,
    sealRevision: z.int().openapi({ example: 1 }),
    verdict: z.enum(['pass', 'fail', 'review']),
    match: z.boolean().openapi({ description: 'Whether every vendor that was drawn agreed.' }),
    currency: currencySchema,
    amountMinor: z.int().openapi({ example: 1250000 }),
    branch: branchSchema,
    policy: policyChoiceSchema.extend({
      draw: z
        .object({
          candidates: z.array(z.string()),
          bytesHex: z.string().openapi({ example: '5e' }),
        })
        .openapi({
          description:
            'The vendors that could be drawn, and the random bytes that decided which were: each draw takes the byte modulo the number left, skipping bytes that would favour some.',
        }),
    }),
    vendors: z.array(
      vendorSchema.extend({
        score: z.number().openapi({ example: 0.93, description: '0 to 1.' }),
        threshold: z.number().openapi({ example: 0.5 }),
        match: z.boolean(),
        transform: transformSchema,
      }),
    ),
    reasons: z.array(reasonSchema),
    elapsedMs: z.number().openapi({ example: 41 }),
    nextStep: z.enum(['none', 'review']),
    requestedBy: z.string().openapi({ example: 'teller-zhou' }),
    createdAt: instantSchema,
  })
  .openapi('Verification');

export const newCardVerificationSchema = z
  .strictObject({
    sealIds: z.union([idSchema, z.array(idSchema).max(cardImprintsMax)]).openapi({
      type: 'array',
      items: { type: 'string', format: 'uuid' },
      description: `The seals whose imprints are on the paper, at most ${cardImprintsMax}.`,
    }),
    imprints: z.union([imprintSchema, z.array(imprintSchema).max(cardImprintsMax)]).openapi({
      type: 'array',
      items: { type: 'string', format: 'binary' },
      description: 'A picture of each of them, in the same order.',
    }),
    currency: currencySchema,
    amountMinor: amountSchema,
    branch: branchSchema.optional().openapi({ description: "Default: the caller's branch." }),
    dpi: dpiSchema.optional(),
  })
  .openapi('NewCardVerification');

export const cardVerificationSchema = z
  .object({
    cardId: idSchema,
    combination: z.array(idSchema).openapi({
      description: 'The seals that together answer for the card; all of them were on the paper.',
    }),
    verdict: z.enum(['pass', 'fail', 'review']).openapi({
      description: '`pass` when every imprint passes, `fail` when any fails.',
    }),
    verifications: z.array(verificationSchema),
  })
  .openapi('CardVerification');

export const verificationPageSchema = pageOf(verificationSchema).openapi('VerificationPage');

export const verificationQuerySchema = pageQuerySchema.extend({ sealId: filterIdSchema });

const pictureLinkSchema = z.object({
  href: z.string().openapi({ description: 'Where the PNG is, relative to the service.' }),
  widthPx: z.int().openapi({ example: 496 }),
  heightPx: z.int().openapi({ example: 496 }),
});

export const picturePairSchema = z
  .object({
    vendor: z.string().openapi({ example: 'stroke' }),
    dpi: z.int().openapi({ example: 300 }),
    reserved: pictureLinkSchema,
    query: pictureLinkSchema,
    transform: transformSchema,
    tiles: z
      .array(z.object({ x: z.number(), y: z.number(), half: z.number(), score: z.number() }))
      .openapi({
        description:
          'Where the vendor saw a difference: centre and half side in pixels of the reserved picture, and a score from 0 (suspicious) to 1 (as expected).',
        example: [{ x: 120, y: 96, half: 16, score: 0.08 }],
      }),
  })
  .openapi('PicturePair');

export const pictureParamsSchema = z.strictObject({
  id: idSchema.openapi({ param: { name: 'id', in: 'path' } }),
  which: z.enum(['reserved', 'query']).openapi({ param: { name: 'which', in: 'path' } }),
});

export type Verification = z.infer<typeof verificationSchema>;
export type CardVerification = z.infer<typeof cardVerificationSchema>;
export type PicturePair = z.infer<typeof picturePairSchema>;
export type Transform = z.infer<typeof transformSchema>;
