import { createRoute } from '@hono/zod-openapi';
import type { BackupEntry } from '../../domain/chips/backup.ts';
import {
  type BackupRow,
  beginBackup,
  beginRestore,
  checkEntries,
  confirmBackup,
  type EntryPage,
  endRestore,
  giveShare,
  listBackups,
  restoreEntries,
} from '../../domain/chips/operate-backup.ts';
import type { RestoreView } from '../../domain/chips/restore-desk.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { base64Bytes } from '../../lib/base64.ts';
import { instantText } from '../../lib/time.ts';
import { callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  backupListSchema,
  backupManifestSchema,
  backupPageParamsSchema,
  backupPageSchema,
  backupParamsSchema,
  backupSchema,
  type ChipBackup,
  type ChipRestore,
  confirmBackupSchema,
  newRestoreSchema,
  openBackupSchema,
  restoreCheckSchema,
  restoredSchema,
  restoreEntriesSchema,
  restoreParamsSchema,
  restoreSchema,
  shareSchema,
  type WireBackupEntry,
} from '../schemas/chip-backups.ts';
import { idempotencyHeaderSchema } from '../schemas/common.ts';
import { about, json, jsonBody, problems } from './contract.ts';

const tag = 'Chips';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/chips/backups',
  ...about('GET /v1/chips/backups', {
    tag,
    operationId: 'listChipBackups',
    summary: 'The confirmed backups of the keys, newest first',
  }),
  responses: {
    200: json(backupListSchema, 'The last hundred.'),
    ...problems('GET /v1/chips/backups', 'storage_unavailable'),
  },
});

const beginRoute = createRoute({
  method: 'post',
  path: '/v1/chips/backups',
  ...about('POST /v1/chips/backups', {
    tag,
    operationId: 'beginChipBackup',
    summary: 'Begin a backup of all keys',
    description:
      'Each key is encrypted in a chip for the officers; fewer than the agreed number of them read nothing. A backup that was not confirmed is given up.',
  }),
  request: { headers: idempotencyHeaderSchema },
  responses: {
    201: json(openBackupSchema, 'Its number, and how many keys there are.'),
    ...problems(
      'POST /v1/chips/backups',
      'backup_key_missing',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const pageRoute = createRoute({
  method: 'post',
  path: '/v1/chips/backups/{number}/pages/{page}',
  ...about('POST /v1/chips/backups/{number}/pages/{page}', {
    tag,
    operationId: 'fetchChipBackupPage',
    summary: 'Fetch the next page of a backup',
    description: 'Pages are fetched in their order from 0 on; the newest one as often as needed.',
  }),
  request: { params: backupPageParamsSchema },
  responses: {
    200: json(backupPageSchema, 'Entries, to be kept in their order.'),
    ...problems(
      'POST /v1/chips/backups/{number}/pages/{page}',
      'backup_not_found',
      'chips_unavailable',
    ),
  },
});

const sealRoute = createRoute({
  method: 'post',
  path: '/v1/chips/backups/{number}/manifest',
  ...about('POST /v1/chips/backups/{number}/manifest', {
    tag,
    operationId: 'sealChipBackup',
    summary: 'The signed end of a backup, after its last page',
  }),
  request: { params: backupParamsSchema },
  responses: {
    200: json(backupManifestSchema, 'The manifest.'),
    ...problems(
      'POST /v1/chips/backups/{number}/manifest',
      'backup_not_found',
      'chips_unavailable',
    ),
  },
});

const confirmRoute = createRoute({
  method: 'post',
  path: '/v1/chips/backups/{number}/confirm',
  ...about('POST /v1/chips/backups/{number}/confirm', {
    tag,
    operationId: 'confirmChipBackup',
    summary: 'Say that a backup is stored: from here on only it can be restored',
  }),
  request: { params: backupParamsSchema, body: jsonBody(confirmBackupSchema) },
  responses: {
    200: json(backupSchema, 'The backup.'),
    ...problems(
      'POST /v1/chips/backups/{number}/confirm',
      'backup_not_found',
      'backup_incomplete',
      'chips_unavailable',
      'audit_unavailable',
      'storage_unavailable',
    ),
  },
});

const openRoute = createRoute({
  method: 'post',
  path: '/v1/chips/restores',
  ...about('POST /v1/chips/restores', {
    tag,
    operationId: 'beginChipRestore',
    summary: 'Have a chip offer itself to the officers for a backup',
    description:
      'The newest confirmed backup only. Who begins it hands in no share. An hour later the offer is void.',
  }),
  request: { body: jsonBody(newRestoreSchema) },
  responses: {
    201: json(restoreSchema, 'The offer of the chip.'),
    ...problems(
      'POST /v1/chips/restores',
      'backup_outdated',
      'backup_invalid',
      'backup_key_missing',
      'chip_not_found',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const viewRoute = createRoute({
  method: 'get',
  path: '/v1/chips/restores/{id}',
  ...about('GET /v1/chips/restores/{id}', {
    tag,
    operationId: 'getChipRestore',
    summary: 'How far a restore is',
  }),
  request: { params: restoreParamsSchema },
  responses: {
    200: json(restoreSchema, 'The offer, and whose shares came.'),
    ...problems('GET /v1/chips/restores/{id}', 'restore_not_found', 'chips_unavailable'),
  },
});

const shareRoute = createRoute({
  method: 'post',
  path: '/v1/chips/restores/{id}/shares',
  ...about('POST /v1/chips/restores/{id}/shares', {
    tag,
    operationId: 'giveOfficerShare',
    summary: 'Hand an officer’s share to the chip',
    description:
      'Encrypted for the offer by the officer’s own program; only the chip reads it. A share that does not fit empties the table: all give theirs again.',
  }),
  request: { params: restoreParamsSchema, body: jsonBody(shareSchema) },
  responses: {
    200: json(restoreSchema, 'How far it is now.'),
    ...problems(
      'POST /v1/chips/restores/{id}/shares',
      'restore_not_found',
      'share_unreadable',
      'own_work',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const checkRoute = createRoute({
  method: 'post',
  path: '/v1/chips/restores/{id}/checks',
  ...about('POST /v1/chips/restores/{id}/checks', {
    tag,
    operationId: 'checkChipBackup',
    summary: 'Show entries of the backup, to be compared with its manifest',
    description:
      'All of them, in order, up to twenty at a time. Nothing is brought back before their number and hash chain are those that a chip signed.',
  }),
  request: { params: restoreParamsSchema, body: jsonBody(restoreEntriesSchema) },
  responses: {
    200: json(restoreCheckSchema, 'How far the comparison is.'),
    ...problems(
      'POST /v1/chips/restores/{id}/checks',
      'restore_not_found',
      'backup_invalid',
      'chips_unavailable',
    ),
  },
});

const keysRoute = createRoute({
  method: 'post',
  path: '/v1/chips/restores/{id}/keys',
  ...about('POST /v1/chips/restores/{id}/keys', {
    tag,
    operationId: 'restoreChipKeys',
    summary: 'Bring keys back from the backup that the officers opened',
    description:
      'The entries that were compared, in the same pages and order. Repeating one changes nothing; after the last the chip forgets the backup key.',
  }),
  request: { params: restoreParamsSchema, body: jsonBody(restoreEntriesSchema) },
  responses: {
    200: json(restoredSchema, 'What became of each.'),
    ...problems(
      'POST /v1/chips/restores/{id}/keys',
      'restore_not_found',
      'backup_unchecked',
      'shares_too_few',
      'backup_invalid',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const endRoute = createRoute({
  method: 'post',
  path: '/v1/chips/restores/{id}/end',
  ...about('POST /v1/chips/restores/{id}/end', {
    tag,
    operationId: 'endChipRestore',
    summary: 'End the ceremony: the chip forgets the backup key',
  }),
  request: { params: restoreParamsSchema },
  responses: {
    204: { description: 'It is over.' },
    ...problems(
      'POST /v1/chips/restores/{id}/end',
      'restore_not_found',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

export function addChipBackupRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(listRoute, async (c) => {
    return c.json({ items: (await listBackups(deps)).map(backupView) }, 200);
  });
  app.openapi(beginRoute, async (c) => c.json(await beginBackup(deps, callerOf(c)), 201));
  app.openapi(pageRoute, async (c) => {
    const { number, page } = c.req.valid('param');
    const { entries, missed, isLast } = await deps.backups.backupPage(number, page);
    return c.json({ entries: entries.map(entryView), missed: [...missed], isLast }, 200);
  });
  app.openapi(sealRoute, async (c) => {
    return c.json(await deps.backups.sealBackup(c.req.valid('param').number), 200);
  });
  app.openapi(confirmRoute, async (c) => {
    const { number } = c.req.valid('param');
    const { hash: hashHex, acceptMissed = false } = c.req.valid('json');
    const stored = { hashHex, acceptMissed };
    return c.json(backupView(await confirmBackup(deps, callerOf(c), number, stored)), 200);
  });
  addRestoreRoutes(app, deps);
}

function addRestoreRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(openRoute, async (c) => {
    const { manifest, chip } = c.req.valid('json');
    const input = { manifest, ...(chip === undefined ? {} : { chip }) };
    return c.json(restoreView(await beginRestore(deps, callerOf(c), input)), 201);
  });
  app.openapi(viewRoute, async (c) => {
    return c.json(restoreView(await deps.backups.restoreView(c.req.valid('param').id)), 200);
  });
  app.openapi(shareRoute, async (c) => {
    const sealed = base64Bytes(c.req.valid('json').sealed);
    if (!sealed) throw new CinnabarError('share_unreadable');
    const { id } = c.req.valid('param');
    return c.json(restoreView(await giveShare(deps, callerOf(c), id, sealed)), 200);
  });
  app.openapi(checkRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await checkEntries(deps, id, pageIn(c.req.valid('json'))), 200);
  });
  app.openapi(keysRoute, async (c) => {
    const { id } = c.req.valid('param');
    const page = pageIn(c.req.valid('json'));
    return c.json({ outcomes: [...(await restoreEntries(deps, callerOf(c), id, page))] }, 200);
  });
  app.openapi(endRoute, async (c) => {
    await endRestore(deps, callerOf(c), c.req.valid('param').id);
    return c.body(null, 204);
  });
}

/** The schema has every field; that absent and undefined are one is what JSON says. */
function pageIn({ first, entries }: { first: number; entries: WireBackupEntry[] }): EntryPage {
  return { first, entries: entries as BackupEntry[] };
}

/** The same, in lists that the schema may own. */
function entryView(entry: BackupEntry): WireBackupEntry {
  return structuredClone(entry) as WireBackupEntry;
}

function backupView({ hashHex, rootKeyHex, madeAtMs, ...row }: BackupRow): ChipBackup {
  const { number, keys, tombstones, missed, confirmedBy } = row;
  const figures = { number, keys, tombstones, missed, confirmedBy };
  return { ...figures, hash: hashHex, rootKey: rootKeyHex, madeAt: instantText(madeAtMs) };
}

function restoreView({ given, ...view }: RestoreView): ChipRestore {
  return { ...view, id: view.offer.id, given: [...given] };
}
