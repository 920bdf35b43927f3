import { z } from '@hono/zod-openapi';
import { digits, instantSchema, limitSchema, pageOf } from './common.ts';

const indexMax = Number.MAX_SAFE_INTEGER;

const hashSchema = z.string().openapi({
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  description: '32 bytes in hex.',
});

const proofSchema = z.array(hashSchema).openapi({ description: 'From the leaf upwards.' });

export const ledgerEventSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.null(), z.record(z.string(), z.string())]))
  .openapi('LedgerEvent', {
    description: 'What happened, without anything personal. Its fields depend on `type`.',
    example: {
      v: 1,
      type: 'thawed',
      subject: 'cert/4f0c2b7e',
      prev: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      at: '2026-11-21T08:30:00.000Z',
      certSha256: 'a3bf4f1b2b0b822cd15d6c15b0f00a089f86d081884c7d659a2feaa0c55ad015',
    },
  });

export const ledgerEntrySchema = z
  .object({
    index: z.int().openapi({ example: 0 }),
    leafHash: hashSchema,
    event: ledgerEventSchema,
    bytes: z.string().openapi({ description: 'The exact bytes that were hashed, in base64.' }),
  })
  .openapi('LedgerEntry');

export const ledgerPageSchema = pageOf(ledgerEntrySchema).openapi('LedgerPage');

export const ledgerPageQuerySchema = z.strictObject({
  cursor: digits(0, indexMax).optional(),
  limit: limitSchema,
});

export const ledgerIndexParamsSchema = z.strictObject({
  index: digits(0, indexMax).openapi({ param: { name: 'index', in: 'path' }, example: 0 }),
});

export const ledgerSubjectParamsSchema = z.strictObject({
  kind: z
    .string()
    .regex(/^[a-z]{2,16}$/)
    .openapi({ param: { name: 'kind', in: 'path' }, example: 'cert' }),
  name: z
    .string()
    .regex(/^[0-9A-Za-z._-]{1,64}$/)
    .openapi({ param: { name: 'name', in: 'path' }, example: '4f0c2b7e' }),
});

export const ledgerHistorySchema = z
  .object({
    subject: z.string(),
    entries: z.array(ledgerEntrySchema),
    nextCursor: z
      .string()
      .nullable()
      .openapi({ description: 'Where the next page begins; null on the last page.' }),
  })
  .openapi('LedgerHistory');

export const ledgerStatusSchema = z
  .object({
    subject: z.string().openapi({ example: 'cert/4f0c2b7e' }),
    newest: z
      .object({ index: z.int(), leafHash: hashSchema, type: z.string() })
      .optional()
      .openapi({ description: 'Absent when there is no event about the subject.' }),
    size: z.int().openapi({ description: 'Of the log when it was looked up.' }),
    issuedAt: instantSchema,
    expiresAt: instantSchema,
    note: z.string().openapi({ description: 'The signed note that says all of the above.' }),
  })
  .openapi('LedgerStatus');

export const inclusionQuerySchema = z.strictObject({
  index: digits(0, indexMax).openapi({ example: 0 }),
  size: digits(1, indexMax).openapi({ example: 1 }),
});

export const inclusionProofSchema = z
  .object({ index: z.int(), size: z.int(), leafHash: hashSchema, proof: proofSchema })
  .openapi('LedgerInclusionProof');

export const consistencyQuerySchema = z.strictObject({
  first: digits(0, indexMax).openapi({ example: 0 }),
  second: digits(0, indexMax).openapi({ example: 1 }),
});

export const consistencyProofSchema = z
  .object({ first: z.int(), second: z.int(), proof: proofSchema })
  .openapi('LedgerConsistencyProof');

export const ledgerTrustSchema = z
  .object({
    log: z.string().openapi({ description: 'Ed25519 verifier key (C2SP signed-note).' }),
    logSm2: z.string().openapi({ description: 'SM2 verifier key of the same log.' }),
    witnesses: z.array(z.string()).openapi({ description: 'Verifier keys of cosignatures.' }),
    quorum: z.int().openapi({ description: 'How many witnesses must have cosigned.' }),
  })
  .openapi('LedgerTrust');

export const tileParamsSchema = z.strictObject({
  path: z
    .string()
    .regex(/^(?:[0-5]|entries)\/[0-9x/]{3,23}(?:\.p\/[0-9]{1,3})?$/)
    .openapi({ param: { name: 'path', in: 'path' }, example: '0/000.p/1' }),
});

export const auditAnchorSchema = z
  .object({
    subject: z.string(),
    index: z.int().openapi({ description: 'Of the entry in the ledger.' }),
    leafHash: hashSchema,
    position: z.int().openapi({ description: 'Of the newest audit record that it fixes.' }),
    headSha256: hashSchema,
  })
  .openapi('AuditAnchor');

export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
export type LedgerPage = z.infer<typeof ledgerPageSchema>;
export type LedgerHistory = z.infer<typeof ledgerHistorySchema>;
export type LedgerStatus = z.infer<typeof ledgerStatusSchema>;
export type LedgerTrust = z.infer<typeof ledgerTrustSchema>;
export type InclusionProof = z.infer<typeof inclusionProofSchema>;
export type ConsistencyProof = z.infer<typeof consistencyProofSchema>;
export type AuditAnchor = z.infer<typeof auditAnchorSchema>;
