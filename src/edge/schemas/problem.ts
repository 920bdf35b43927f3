import { z } from '@hono/zod-openapi';
import { type ErrorCode, errorTitles } from '../../domain/errors.ts';

// The keys of `errorTitles` are exactly the codes, which `Object.keys` types as plain strings.
const codes = Object.keys(errorTitles) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457. Programs decide by `code`; people read `title` and `detail`. */
export const problemSchema = z
  .object({
    type: z.string().openapi({
      example: 'urn:cinnabar:problem:seal_card_inactive',
      description: 'A name, not an address. docs/errors.md explains it under the code.',
    }),
    title: z.string().openapi({ example: errorTitles.seal_card_inactive }),
    status: z.int().openapi({ example: 409 }),
    code: z.enum(codes).openapi({ example: 'seal_card_inactive' }),
    requestId: z
      .string()
      .openapi({ example: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10', description: 'To quote.' }),
    detail: z.string().optional(),
    errors: z
      .array(
        z.object({
          pointer: z.string().openapi({
            description: 'RFC 6901, into an object with the members path, query, header and body.',
            example: '/body/number',
          }),
          code: z.string().openapi({ example: 'required' }),
        }),
      )
      .optional(),
  })
  .openapi('Problem');

export type Problem = z.infer<typeof problemSchema>;
