import { z } from '@hono/zod-openapi';

/** A UUID of version 7 in lower case: sorts by the time of its making. */
const uuidSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  .openapi({ format: 'uuid' });

export const idSchema = uuidSchema.openapi({ example: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' });

// Optional parameters and fields have no example: the API page would fill it in and send it.
export const filterIdSchema = uuidSchema.optional();

const linePattern =
  /^(?!\s)(?!.*\s$)[^\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200b\u2060\ufeff]*$/u;

/**
 * At most one line of text for people: no control characters, no blanks at the ends, and nothing
 * unseen that turns the text around it or makes two alike (Unicode TR36 §2.8; CVE-2021-42574): who
 * signs a text has seen all of it, in the order in which it stands.
 */
export function line(lengthMax: number) {
  // Named, because the document would write the flag of the expression into its pattern.
  return z.string().max(lengthMax).regex(linePattern).openapi({ pattern: linePattern.source });
}

/** A number on paper: letters, digits and single separators. */
export const paperNumberSchema = z.string().regex(/^[0-9A-Za-z](?:[-./]?[0-9A-Za-z]){0,63}$/);

export const instantSchema = z.iso
  .datetime()
  .openapi({ example: '2026-11-21T08:30:00.000Z', description: 'RFC 3339, UTC.' });

export const dateSchema = z.iso.date().openapi({ example: '2026-01-01' });

export const branchSchema = z
  .string()
  .regex(/^[0-9A-Za-z-]{1,32}$/)
  .openapi({ example: '0102' });

export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .openapi({ example: 'CNY', description: 'ISO 4217.' });

export const bilingualSchema = z.object({ zh: z.string(), en: z.string() });

/** A whole number as it stands in a query or a form field: decimal digits and nothing else. */
export function digits(min: number, max: number) {
  return z
    .string()
    .regex(/^(?:0|[1-9][0-9]{0,15})$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .openapi({ type: 'integer', minimum: min, maximum: max });
}

export const limitSchema = digits(1, 100)
  .optional()
  .transform((limit) => limit ?? 20)
  .openapi({ type: 'integer', default: 20, description: 'Items per page.' });

export const idParamsSchema = z.strictObject({
  id: idSchema.openapi({ param: { name: 'id', in: 'path' } }),
});

/** Parameters of a list: the cursor is the `nextCursor` of the page before. */
export const pageQuerySchema = z.strictObject({ cursor: filterIdSchema, limit: limitSchema });

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .openapi({ description: 'Where the next page begins; null on the last page.' }),
  });
}

/** Read by the middleware, which checks it; declared here for the document. */
export const idempotencyHeaderSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .openapi({
      description:
        'One key per intention. A repetition with the same key and content gets the first answer again, for 24 hours.',
    }),
});
