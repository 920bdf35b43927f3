import { z } from '@hono/zod-openapi';
import { instantSchema, line, pageOf } from './common.ts';

export const softwareHashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: "SHA-256 of the manifest's text, hex.", example: 'a'.repeat(64) });

export const softwareParamsSchema = z.strictObject({
  hash: softwareHashSchema.openapi({ param: { name: 'hash', in: 'path' } }),
});

export const softwarePageQuerySchema = z.strictObject({
  cursor: softwareHashSchema.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export const newSoftwareSchema = z
  .strictObject({
    manifest: z.string().min(1).max(60_000).openapi({
      description: 'Canonical JSON: version, and SHA-256 of every file by its path.',
    }),
  })
  .openapi('NewSoftware');

export const revokedSoftwareSchema = z.strictObject({ reason: line(200).min(1) });

export const softwareSchema = z
  .object({
    hash: z.string(),
    version: z.string(),
    state: z.enum(['released', 'revoked']),
    sequence: z.int().openapi({
      description: 'Rises with every release. A terminal that ran a newer one takes no older one.',
    }),
    signature: z.string().openapi({
      description:
        'ECDSA P-256 with SHA-256, r || s, by the key manager in the chips, over hash and sequence.',
    }),
    releasedAt: instantSchema,
    revokedAt: instantSchema.optional(),
  })
  .openapi('Software');

export const softwareDetailSchema = softwareSchema
  .extend({ manifest: z.string() })
  .openapi('SoftwareDetail');

export const softwarePageSchema = pageOf(softwareSchema).openapi('SoftwarePage');

export const softwareKeySchema = z
  .object({ spki: z.string().openapi({ description: 'SubjectPublicKeyInfo, DER, base64url.' }) })
  .openapi('SoftwareKey');
