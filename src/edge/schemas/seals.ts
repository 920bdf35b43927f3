import { z } from '@hono/zod-openapi';
import { sealShapes, sealStatuses } from '../../domain/seals/types.ts';
import { vendorStates } from '../../domain/seals/vendors.ts';
import {
  dateSchema,
  digits,
  filterIdSchema,
  idSchema,
  instantSchema,
  limitSchema,
  line,
  pageOf,
  pageQuerySchema,
  paperNumberSchema,
} from './common.ts';

/** An uploaded PNG or JPEG. The decoder, not the declared media type, decides what it is. */
function picture(limits: string) {
  return z.instanceof(File).openapi({
    type: 'string',
    format: 'binary',
    description: `PNG or JPEG, at most 8 MiB, 4096 pixels a side and ${limits}.`,
  });
}

export const imprintSchema = picture('4 megapixels; cropped to the imprint, or nearly');

/** Form fields are text; a number among them is digits. */
export const dpiSchema = digits(100, 2400).openapi({
  description: 'Scan resolution, where the file does not say it or says it wrong.',
});

export const newAccountSchema = z
  .strictObject({
    number: paperNumberSchema.openapi({ example: '6222-0200-0001-0001' }),
    name: line(100).min(1).openapi({ example: '杭州明远贸易有限公司' }),
    contact: line(100).min(1).openapi({ example: '0571-5550 0100' }),
  })
  .openapi('NewAccount');

export const accountSchema = z
  .object({
    id: idSchema,
    number: z.string().openapi({ example: '6222-0200-0001-0001' }),
    name: z.string().openapi({ example: '杭州明远贸易有限公司' }),
    contact: z.string().openapi({ example: '0571-5550 0100' }),
    createdAt: instantSchema,
  })
  .openapi('Account');

export const newCardSchema = z
  .strictObject({
    accountId: idSchema,
    number: paperNumberSchema.openapi({ example: 'YJK-0001' }),
    startDate: dateSchema,
    endDate: dateSchema.openapi({
      example: '2030-12-31',
      description: 'The last day of validity.',
    }),
    image: picture('9 megapixels').optional(),
  })
  .refine((card) => card.startDate <= card.endDate, {
    path: ['endDate'],
    params: { code: 'before_start' },
  })
  .openapi('NewCard');

export const cardSchema = z
  .object({
    id: idSchema,
    accountId: idSchema,
    number: z.string().openapi({ example: 'YJK-0001' }),
    startDate: dateSchema,
    endDate: dateSchema.openapi({ example: '2030-12-31' }),
    hasImage: z.boolean(),
    status: z.enum(sealStatuses),
    combinations: z.array(z.array(idSchema)).openapi({
      description: 'Each list names seals of the card that together answer for it.',
    }),
    version: z.int().openapi({ example: 1, description: 'Counts changes; starts at 1.' }),
    createdAt: instantSchema,
  })
  .openapi('Card');

export const vendorSchema = z
  .object({
    code: z.string().openapi({ example: 'stroke' }),
    name: z.string().openapi({ example: 'Registered stroke difference' }),
    version: z.string().openapi({ example: '1.0.0' }),
  })
  .openapi('Vendor');

export const installedVendorSchema = vendorSchema
  .extend({
    state: z.enum(vendorStates).openapi({
      description: '`leaving` while its templates are replaced, `retired` when they are.',
    }),
  })
  .openapi('InstalledVendor');

export const vendorsSchema = z
  .object({ vendors: z.array(installedVendorSchema) })
  .openapi('Vendors');

export const reasonSchema = z
  .object({
    code: z.string().openapi({ example: 'blurred' }),
    detail: z.string().optional(),
  })
  .openapi('Reason');

export const qualitySchema = z
  .object({
    ok: z.boolean(),
    sharpness: z.number().openapi({ example: 0.92, description: '0 to 1.' }),
    completeness: z.number().openapi({ example: 0.98, description: '0 to 1.' }),
    reasons: z.array(reasonSchema),
  })
  .openapi('Quality');

const serialSchema = paperNumberSchema.openapi({ example: 'S-0001-01' });
const remarkSchema = line(200).openapi({ example: '财务专用章' });

export const newSealSchema = z
  .strictObject({
    cardId: idSchema,
    serial: serialSchema,
    shape: z.enum(sealShapes),
    remark: remarkSchema.default(''),
    dpi: dpiSchema.optional(),
    imprint: imprintSchema,
  })
  .openapi('NewSeal');

export const rebuiltSealSchema = z
  .strictObject({
    revision: digits(1, Number.MAX_SAFE_INTEGER).openapi({
      example: 1,
      description: 'The revision that the caller saw and wants to replace.',
    }),
    shape: z.enum(sealShapes).optional(),
    remark: remarkSchema.optional(),
    dpi: dpiSchema.optional(),
    imprint: imprintSchema,
  })
  .openapi('RebuiltSeal');

export const sealSchema = z
  .object({
    id: idSchema,
    cardId: idSchema,
    accountId: idSchema,
    serial: serialSchema,
    shape: z.enum(sealShapes),
    remark: z.string().openapi({ example: '财务专用章' }),
    status: z.enum(sealStatuses),
    reason: z.string().openapi({ description: 'Why this revision was made.' }),
    revision: z.int().openapi({ example: 1, description: 'Counts rebuilds; starts at 1.' }),
    templates: z.array(
      z.object({
        vendor: z.string().openapi({ example: 'stroke' }),
        specimen: z.int().openapi({ example: 1, description: 'Which reserved imprint.' }),
        vendorName: z.string().openapi({ example: 'Registered stroke difference' }),
        vendorVersion: z.string().openapi({ example: '1.0.0' }),
        bytes: z.int().openapi({ example: 4137, description: 'Encrypted size.' }),
        createdAt: instantSchema,
      }),
    ),
    quality: qualitySchema,
    createdAt: instantSchema,
    revisedAt: instantSchema,
  })
  .openapi('Seal');

export const accountDetailSchema = accountSchema
  .extend({ cards: z.array(cardSchema), seals: z.array(sealSchema) })
  .openapi('AccountDetail');

export const revisionsSchema = z
  .object({ items: z.array(sealSchema).openapi({ description: 'Newest first.' }) })
  .openapi('SealRevisions');

export const accountPageSchema = pageOf(accountSchema).openapi('AccountPage');
export const sealPageSchema = pageOf(sealSchema).openapi('SealPage');

export const accountQuerySchema = pageQuerySchema.extend({
  q: z.string().max(100).optional().openapi({ description: 'Part of the number or of the name.' }),
});

export const sealQuerySchema = z.strictObject({
  accountId: filterIdSchema,
  cardId: filterIdSchema,
  cursor: filterIdSchema,
  limit: limitSchema,
});

export const vendorQuerySchema = z.strictObject({
  vendor: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .optional()
    .openapi({ example: 'stroke' }),
});

export type Account = z.infer<typeof accountSchema>;
export type AccountDetail = z.infer<typeof accountDetailSchema>;
export type Card = z.infer<typeof cardSchema>;
export type Seal = z.infer<typeof sealSchema>;
export type Vendor = z.infer<typeof vendorSchema>;
export type Quality = z.infer<typeof qualitySchema>;
