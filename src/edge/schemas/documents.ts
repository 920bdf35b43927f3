import { z } from '@hono/zod-openapi';
import { documentActions } from '../../domain/signing/types.ts';
import { currencySchema, digits, filterIdSchema, idSchema, instantSchema, line } from './common.ts';
import { documentTypeSchema } from './grants.ts';
import { standingSchema } from './institutions.ts';

const fileSchema = z.instanceof(File).openapi({ type: 'string', format: 'binary' });

/** A form has texts and a file; which of the fields an action takes, its description says. */
export const newDocumentSchema = z
  .strictObject({
    action: z.enum(documentActions).openapi({
      description:
        '`cms` signs as SignedData, `pdf` as PAdES-B-B, `make_seal` makes an electronic seal, `seal` signs with one, `open` decrypts an envelope.',
    }),
    file: fileSchema.optional().openapi({
      description: 'At most 8 MiB. Not for `make_seal`, which takes the reserved imprint.',
    }),
    name: line(120).min(1).openapi({ example: '担保函 42.pdf' }),
    grantId: idSchema,
    personalKeyId: idSchema,
    documentType: documentTypeSchema,
    currency: currencySchema.optional(),
    amountMinor: digits(1, Number.MAX_SAFE_INTEGER).optional(),
    reason: line(200).min(1),
    sealVerificationId: filterIdSchema,
    detached: z.enum(['true', 'false']).optional().openapi({ description: 'Of `cms`.' }),
    location: line(100).min(1).optional().openapi({ description: 'Of `pdf`.' }),
    sealId: filterIdSchema.openapi({ description: 'Of `make_seal`: the enrolled seal.' }),
    validUntil: instantSchema.optional().openapi({ description: 'Of `make_seal`.' }),
    sealOf: filterIdSchema.openapi({
      description: 'Of `seal`: the completed operation that made the electronic seal.',
    }),
  })
  .openapi('NewDocumentOperation');

export type NewDocument = z.infer<typeof newDocumentSchema>;

export const documentPartSchema = z.strictObject({
  part: z.enum(['input', 'result']).default('result'),
});

export const envelopeSchema = z.strictObject({ file: fileSchema });

export const documentKinds = ['cms', 'pdf', 'electronic_seal', 'sealed'] as const;

export const documentCheckSchema = z
  .strictObject({
    kind: z.enum(documentKinds),
    file: fileSchema.openapi({ description: 'The message, PDF file, seal or seal signature.' }),
    content: fileSchema.optional().openapi({
      description: 'What was signed, where the signature does not carry it.',
    }),
  })
  .openapi('DocumentCheck');

const signerSchema = z.object({
  serial: z.string(),
  subject: z.string(),
  certificate: z.string().openapi({ description: 'Base64, DER.' }),
  standing: standingSchema.openapi({
    description: 'Now, of certificates of this service; of all others `unknown`.',
  }),
  signedAt: instantSchema.nullable().openapi({ description: "The signer's own claim." }),
});

export type DocumentSignerView = z.infer<typeof signerSchema>;

export const documentVerdictSchema = z
  .object({
    ok: z.boolean().openapi({ description: 'Every signature holds, over exactly this content.' }),
    reason: z.string().nullable(),
    signers: z.array(signerSchema),
    seal: z
      .object({
        id: z.string(),
        name: z.string(),
        validFrom: instantSchema,
        validUntil: instantSchema,
        pictureType: z.string(),
        pictureB64: z.string(),
        widthMm: z.int(),
        heightMm: z.int(),
      })
      .nullable(),
  })
  .openapi('DocumentVerdict');

export type DocumentVerdict = z.infer<typeof documentVerdictSchema>;
