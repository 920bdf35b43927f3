import { z } from '@hono/zod-openapi';
import { entriesPerPage } from '../../domain/chips/backup-desk.ts';
import { restoreOutcomes } from '../../domain/chips/guard-backup.ts';
import { keyAlgorithms, keyUses, protections } from '../../domain/chips/keys.ts';
import { instantSchema } from './common.ts';

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const signatureSchema = z.string().regex(/^(?:[0-9a-f]{2}){1,80}$/);
const shortSchema = z.string().max(128);
const base64Schema = (charactersMax: number) =>
  z
    .string()
    .max(charactersMax)
    .regex(/^[0-9A-Za-z+/]+={0,2}$/);

const certificateSchema = z
  .strictObject({
    chip: shortSchema,
    zone: shortSchema,
    protection: z.enum(protections),
    publicKeyHex: hex(130),
    storageEpoch: shortSchema,
    signatureHex: hex(128),
  })
  .openapi('ChipCertificate', { description: 'What the cluster root says about a chip.' });

const backupNameSchema = z.strictObject({ number: z.int().min(1), id: hex(32) });
const keyIdSchema = z.string().regex(/^[0-9a-z-]{1,36}$/);
const keyNameFields = { tenant: shortSchema, keyId: keyIdSchema };

const policySchema = z.strictObject({
  grantsHashHex: hex(64).optional(),
  officers: z
    .strictObject({ publicKeysHex: z.array(hex(130)).max(16), threshold: z.int().min(1) })
    .optional(),
  usesMax: z.int().min(1).optional(),
  protection: z.enum(protections).optional(),
});

const keyBackupSchema = z.strictObject({
  kind: z.literal('key'),
  backup: backupNameSchema,
  key: z.strictObject({
    ...keyNameFields,
    algorithm: z.enum([...keyAlgorithms, 'sm2-share', 'wrapping']),
    uses: z.array(z.enum(keyUses)).max(2),
    policy: policySchema,
  }),
  facts: z.strictObject({
    owner: shortSchema.nullable(),
    state: z.enum(['active', 'frozen']),
    epoch: z.int().min(1),
    shareEpochs: z.array(z.int().min(0)).max(2),
    createdAtMs: z.int().min(0),
    ticket: z.int().min(0),
    counts: z.record(shortSchema, z.int().min(0)),
  }),
  publicKeyHex: z
    .string()
    .max(2048)
    .regex(/^(?:[0-9a-f]{2})*$/),
  proof: z.strictObject({ challengeHex: hex(64), answerHex: hex(64) }).optional(),
  chip: certificateSchema,
  sealed: base64Schema(16_384).openapi({
    description: 'The key for the officers: a sealed box of libsodium (X25519), base64.',
  }),
  signatureHex: signatureSchema,
});

const tombstoneSchema = z.strictObject({
  kind: z.literal('tombstone'),
  backupId: hex(32),
  ...keyNameFields,
  epoch: z.int().min(1),
  signatureHex: hex(128),
});

export const backupEntrySchema = z
  .discriminatedUnion('kind', [keyBackupSchema, tombstoneSchema])
  .openapi('BackupEntry');

export const backupManifestSchema = z
  .strictObject({
    format: z.literal('cinnabar backup 1'),
    backup: backupNameSchema,
    rootKeyHex: hex(64),
    backupKeyHex: hex(64),
    startedAtMs: z.int().min(0),
    madeAtMs: z.int().min(0),
    keys: z.int().min(0),
    tombstones: z.int().min(0),
    missed: z.int().min(0),
    chainHex: hex(64),
    chip: certificateSchema,
    signatureHex: signatureSchema,
  })
  .openapi('BackupManifest', { description: 'The end of a backup, signed by a chip.' });

export const openBackupSchema = z
  .object({ number: z.int(), id: hex(32), keys: z.int() })
  .openapi('OpenBackup');

export const backupPageSchema = z
  .object({
    entries: z.array(backupEntrySchema),
    missed: z
      .array(z.object(keyNameFields))
      .openapi({ description: 'Keys that no chip could hand over now.' }),
    isLast: z.boolean(),
  })
  .openapi('BackupPage');

export const backupSchema = z
  .object({
    number: z.int(),
    hash: hex(64).openapi({ description: 'SM3 of the canonical manifest.' }),
    rootKey: hex(64),
    keys: z.int(),
    tombstones: z.int(),
    missed: z.int(),
    madeAt: instantSchema,
    confirmedBy: z.string(),
  })
  .openapi('ChipBackup');

export const backupListSchema = z.object({ items: z.array(backupSchema) }).openapi('ChipBackups');

export const backupParamsSchema = z.strictObject({
  number: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name: 'number', in: 'path' }, example: 1 }),
});

export const backupPageParamsSchema = backupParamsSchema.extend({
  page: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name: 'page', in: 'path' }, example: 0 }),
});

export const confirmBackupSchema = z.strictObject({
  hash: hex(64),
  acceptMissed: z.boolean().optional().openapi({
    description: 'Confirm it although keys are missing from it; an older one then is void.',
  }),
});

export const newRestoreSchema = z.strictObject({
  manifest: backupManifestSchema,
  chip: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/)
    .optional()
    .openapi({ description: 'The chip for the ceremony; one of the shared pool if left out.' }),
});

const progressFields = {
  checked: z.int().openapi({ description: 'Entries that were compared with the manifest.' }),
  isWhole: z.boolean().openapi({ description: 'All were, and the backup is what a chip signed.' }),
  done: z.int().openapi({ description: 'Entries that went through.' }),
};

export const restoreCheckSchema = z.object(progressFields).openapi('ChipRestoreCheck');

export const restoreSchema = z
  .object({
    id: hex(32),
    offer: z.object({
      chip: certificateSchema,
      id: hex(32),
      ephemeralHex: hex(64),
      manifestHashHex: hex(64),
      notAfterMs: z.int(),
      signatureHex: signatureSchema,
    }),
    manifest: backupManifestSchema,
    by: z.string().openapi({ description: 'Who began it: that person hands in no share.' }),
    given: z.array(z.int()).openapi({ description: 'Officers whose shares the chip has.' }),
    threshold: z.int().nullable().openapi({ description: 'How many it takes, once one came.' }),
    isOpen: z.boolean().openapi({ description: 'Whether the chip can open the backup.' }),
    ...progressFields,
  })
  .openapi('ChipRestore');

export const restoreParamsSchema = z.strictObject({
  id: hex(32).openapi({ param: { name: 'id', in: 'path' } }),
});

export const shareSchema = z.strictObject({
  sealed: base64Schema(4096).openapi({
    description: "An officer's share, encrypted for this offer: a sealed box, base64.",
  }),
});

export const restoreEntriesSchema = z.strictObject({
  first: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .openapi({ description: 'Position of the first of them in the backup, from 0.' }),
  entries: z.array(backupEntrySchema).min(1).max(entriesPerPage),
});

export const restoredSchema = z
  .object({ outcomes: z.array(z.enum(restoreOutcomes)) })
  .openapi('RestoredKeys', { description: 'What became of each entry, in their order.' });

export type WireBackupEntry = z.infer<typeof backupEntrySchema>;
export type ChipBackup = z.infer<typeof backupSchema>;
export type ChipRestore = z.infer<typeof restoreSchema>;
