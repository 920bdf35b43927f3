import { z } from '@hono/zod-openapi';
import { protections } from '../../domain/chips/keys.ts';
import { duties, healths } from '../../domain/chips/placement.ts';
import { auditRecordSchema } from './audit.ts';
import { instantSchema } from './common.ts';
import { auditAnchorSchema } from './ledger.ts';

const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/)
  .openapi({ example: 'chip-5' });

export const chipSchema = z
  .object({
    chip: z.string().openapi({ example: 'chip-1' }),
    zone: z.string().openapi({ example: 'a' }),
    pool: z.string().openapi({ description: 'Whose keys it takes.', example: 'shared' }),
    protection: z.enum(protections).openapi({ description: 'What protects the keys in it.' }),
    build: z.string().openapi({
      description:
        'The program that runs it: a version of the Worker, or SHA-256 of a host’s files.',
    }),
    health: z.enum(healths),
    duty: z.enum(duties),
    reason: z.string().openapi({ description: 'Why it is quarantined; empty otherwise.' }),
    keys: z.int(),
    keysToMove: z
      .int()
      .openapi({ description: 'Keys that are not safe without it yet, when it leaves.' }),
    queue: z.int().openapi({ description: 'Tasks that waited at the last heartbeat.' }),
    operations: z.int().openapi({ description: 'Entries of its log.' }),
    bootCount: z.int(),
    logHash: z.string().openapi({ description: 'Head of its hash-chained log.' }),
    seenAt: instantSchema,
    latenciesMs: z
      .array(z.number())
      .openapi({ description: 'What the last heartbeats took, oldest first.' }),
    loads: z
      .array(z.int())
      .openapi({ description: 'Entries of its log at the last heartbeats, oldest first.' }),
  })
  .openapi('Chip');

export const chipClusterSchema = z
  .object({
    placementEpoch: z.int().openapi({ description: 'Rises when keys may have to move.' }),
    keys: z.int().openapi({ description: 'Keys of all tenants in the cluster.' }),
    offers: z
      .array(z.enum(protections))
      .openapi({ description: 'Protection that a key of the shared pool can demand now.' }),
    rootKey: z.string().openapi({ description: 'Public key of the cluster root: Ed25519, hex.' }),
    linkKey: z.string().openapi({ description: 'Key that chip hosts answer to: X25519, hex.' }),
    mayHalt: z.boolean().openapi({ description: 'Whether a chip may be stopped: in demo mode.' }),
    chips: z.array(chipSchema),
    events: z
      .array(z.object({ at: instantSchema, chip: z.string(), what: z.string() }))
      .openapi({ description: 'The last hundred, newest first.' }),
  })
  .openapi('ChipCluster');

export const chipLogQuerySchema = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .min(-1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .openapi({ description: 'Position of the record before; the oldest follow without it.' }),
});

export const chipLogSchema = z.object({ items: z.array(auditRecordSchema) }).openapi('ChipLog');

export const chipLogAnchorsSchema = z
  .object({ items: z.array(auditAnchorSchema) })
  .openapi('ChipLogAnchors');

export const chipHaltSchema = z.object({ chip: z.string(), seconds: z.int() }).openapi('ChipHalt');

export const resetChipSchema = z.strictObject({
  acceptLoss: z.boolean().optional().openapi({
    description: 'Empty it although it may have the only copies of keys.',
  }),
});

export const newChipSchema = z.strictObject({
  chip: nameSchema,
  zone: nameSchema,
  pool: z
    .string()
    .regex(/^(?:-service|[a-z0-9][a-z0-9-]{0,63})$/)
    .optional()
    .openapi({
      description:
        'A tenant, or `-service` for the keys of the service itself; shared if left out.',
    }),
});

export const chipParamsSchema = z.strictObject({
  chip: nameSchema.openapi({ param: { name: 'chip', in: 'path' } }),
});

export type Chip = z.infer<typeof chipSchema>;
