import { z } from '@hono/zod-openapi';
import { authorityReasons } from '../../domain/certificates/ports.ts';
import { keyAlgorithms } from '../../domain/certificates/profiles.ts';
import { serialSchema } from './certificates.ts';
import { instantSchema } from './common.ts';

const generationSchema = z.int().min(1).max(9_999).openapi({ example: 2 });

export const authoritySchema = z
  .strictObject({
    algorithm: z.enum(keyAlgorithms),
    generation: generationSchema,
    state: z.enum(['issuing', 'retired', 'revoked']).openapi({
      description: 'A retired one signs lists and answers until its last certificate ends.',
    }),
    serial: serialSchema,
    notBefore: instantSchema,
    notAfter: instantSchema,
    certificates: z
      .int()
      .openapi({ description: 'Under it, that have not ended and are not revoked.' }),
    revocationsLeft: z
      .int()
      .openapi({ description: 'Certificates revoked with it that the ledger does not name yet.' }),
    revocation: z
      .strictObject({
        reason: z.enum(authorityReasons),
        proposedBy: z.string(),
        proposedAt: instantSchema,
        by: z.string().optional(),
        at: instantSchema.optional(),
      })
      .optional(),
    certificate: z.string().openapi({ description: 'PEM.' }),
  })
  .openapi('IssuingAuthority');

export const authorityListSchema = z
  .strictObject({ items: z.array(authoritySchema) })
  .openapi('IssuingAuthorities');

export const newAuthoritySchema = z
  .strictObject({ algorithm: z.enum(keyAlgorithms), generation: generationSchema })
  .openapi('NewIssuingAuthority');

export const authorityParamsSchema = z.strictObject({
  algorithm: z.enum(keyAlgorithms).openapi({ param: { name: 'algorithm', in: 'path' } }),
  generation: z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/)
    .openapi({ param: { name: 'generation', in: 'path' }, example: '1' }),
});

export const authorityRevocationSchema = z
  .strictObject({ reason: z.enum(authorityReasons) })
  .openapi('AuthorityRevocation');

export type IssuingAuthority = z.infer<typeof authoritySchema>;
