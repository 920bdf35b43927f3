import type { BackupEntry } from './backup.ts';
import { type BackupDesk, entriesPerPage } from './backup-desk.ts';
import type { Directory } from './directory.ts';
import type { GuardOf } from './guard-calls.ts';
import {
  assertChangeGrants,
  assertCreateKey,
  assertDecryptRequest,
  assertKeyName,
  assertSignRequest,
  check,
  isBytes,
  isHex,
  isKeyId,
  isKeyTenant,
  type KeyService,
} from './keys.ts';
import type { KeysReply, UnwrapMessage, WrapMessage } from './messages.ts';
import { assertShareBytes, assertShareCall, assertShareUse, type ShareService } from './shares.ts';

/** What the operator may ask of the cluster. */
export type ChipCluster = Pick<Directory, (typeof clusterCalls)[number]>;
export const clusterCalls = ['status', 'add', 'drain', 'reset', 'readmit', 'log', 'tick'] as const;

/** How long a chip stays away when an operator of demo mode stops it. */
export const haltMs = 60_000;

/** The same, and what only demo mode and drills have. */
export interface ChipOperations extends ChipCluster {
  /** Stops a chip for a minute. @throws CinnabarError `not_found` outside demo mode */
  halt(chip: string): Promise<void>;
}

/** The calls of the services, as they cross from one Worker to another. */
export const keyCalls = ['create', 'find', 'sign', 'decrypt', 'setState', 'changeGrants'] as const;
export const shareCalls = [
  'keygenReply',
  'keygenFinish',
  'find',
  'sign',
  'decrypt',
  'refreshReply',
  'refreshFinish',
  'refreshCommit',
  'attest',
  'setState',
  'destroy',
] as const;

/** The keys of the cluster. Every input is checked here, whoever sends it. */
export function clusterKeys(guardOf: GuardOf): KeyService {
  return {
    async create(input) {
      assertCreateKey(input);
      return guardOf(input.tenant, input.id).create(input);
    },
    async find(tenant, id) {
      assertKeyName(tenant, id);
      return guardOf(tenant, id).find();
    },
    async sign(request) {
      assertSignRequest(request);
      const guard = guardOf(request.tenant, request.keyId);
      const { output, receipt } = await guard.use({ kind: 'sign', request });
      return { signature: output, receipt };
    },
    async decrypt(request) {
      assertDecryptRequest(request);
      const guard = guardOf(request.tenant, request.keyId);
      const { output, receipt } = await guard.use({ kind: 'decrypt', request });
      return { plaintext: output, receipt };
    },
    async setState(tenant, id, state) {
      assertKeyName(tenant, id);
      return guardOf(tenant, id).setState(state, `state:${state}`);
    },
    async changeGrants(change) {
      assertChangeGrants(change);
      return guardOf(change.tenant, change.keyId).changeGrants(change);
    },
  };
}

/** The server shares of the cluster. Every input is checked here, whoever sends it. */
export function clusterShares(guardOf: GuardOf): ShareService {
  return {
    async keygenReply(input) {
      assertShareCall(input, input.sessionId);
      assertShareBytes(input.ctx, input.commitment);
      const { tenant, keyId } = input;
      return guardOf(tenant, keyId).keygenReply({ tenant, keyId }, input);
    },
    async keygenFinish(input) {
      assertShareCall(input, input.sessionId);
      assertShareBytes(input.opening);
      const { tenant, keyId } = input;
      return guardOf(tenant, keyId).keygenFinish({ tenant, keyId }, input);
    },
    async find(tenant, keyId) {
      assertKeyName(tenant, keyId);
      return guardOf(tenant, keyId).findShare();
    },
    async sign({ tenant, keyId, requestId, epoch, text, ctx, message }) {
      assertShareCall({ tenant, keyId }, requestId);
      assertShareUse(epoch, text, ctx, message);
      const use = { kind: 'sign' as const, epoch, text, ctx, message };
      const { output, receipt } = await guardOf(tenant, keyId).useShare(requestId, use);
      return { reply: output, receipt };
    },
    async decrypt({ tenant, keyId, requestId, epoch, ctx, message }) {
      assertShareCall({ tenant, keyId }, requestId);
      assertShareUse(epoch, undefined, ctx, message);
      const use = { kind: 'decrypt' as const, epoch, ctx, message };
      const { output, receipt } = await guardOf(tenant, keyId).useShare(requestId, use);
      return { reply: output, receipt };
    },
    async refreshReply(input) {
      assertShareCall(input, input.sessionId);
      assertShareBytes(input.ctx, input.commitment);
      return guardOf(input.tenant, input.keyId).refreshReply(input);
    },
    async refreshFinish(input) {
      assertShareCall(input, input.sessionId);
      assertShareBytes(input.opening);
      return guardOf(input.tenant, input.keyId).refreshFinish(input);
    },
    async refreshCommit({ tenant, keyId, e, signature }) {
      assertKeyName(tenant, keyId);
      assertShareBytes(e, signature);
      return guardOf(tenant, keyId).refreshCommit({ e, signature });
    },
    async attest(tenant, keyId) {
      assertKeyName(tenant, keyId);
      return guardOf(tenant, keyId).attestShare();
    },
    async setState(tenant, keyId, state) {
      assertKeyName(tenant, keyId);
      return guardOf(tenant, keyId).setShareState(state);
    },
    async destroy(tenant, keyId, requestId) {
      assertShareCall({ tenant, keyId }, requestId);
      return guardOf(tenant, keyId).destroyShare(requestId);
    },
  };
}

/** No key of a caller can have this id. */
const wrappingKeyId = 'template-keys';

/** Wraps and unwraps data keys under the tenant's wrapping key, a key of the cluster like others. */
export function clusterWrapping(guardOf: GuardOf) {
  return {
    async wrap({ tenant, items }: WrapMessage): Promise<KeysReply> {
      const name = { tenant, keyId: wrappingKeyId };
      return { ok: true, keys: await guardOf(tenant, wrappingKeyId).wrap(name, items) };
    },
    async unwrap({ tenant, items }: UnwrapMessage): Promise<KeysReply> {
      const name = { tenant, keyId: wrappingKeyId };
      const keys = await guardOf(tenant, wrappingKeyId).unwrap(name, items);
      return keys ? { ok: true, keys } : { ok: false, code: 'not_authentic' };
    },
  };
}

const consentBytesMax = 4096;

/**
 * The desk for backups. What names objects is checked here, whoever sends it; everything else in a
 * manifest or an entry is what its signature says, or refused.
 */
export function checkedBackups(desk: BackupDesk): BackupDesk {
  return {
    ...desk,
    async openBackup(after) {
      check(Number.isSafeInteger(after) && after >= 0, '/after');
      return desk.openBackup(after);
    },
    async openRestore(input) {
      check(typeof input.by === 'string', '/by');
      check(input.chip === undefined || typeof input.chip === 'string', '/chip');
      return desk.openRestore(input);
    },
    async giveShare(id, sealed, by) {
      check(isHex(id, 32) && typeof by === 'string', '/id');
      check(isBytes(sealed, consentBytesMax), '/sealed');
      return desk.giveShare(id, sealed, by);
    },
    async checkEntries(id, first, entries) {
      assertPage(id, first, entries);
      return desk.checkEntries(id, first, entries);
    },
    async restoreEntries(id, first, entries) {
      assertPage(id, first, entries);
      return desk.restoreEntries(id, first, entries);
    },
  };
}

function assertPage(id: string, first: number, entries: readonly BackupEntry[]): void {
  check(isHex(id, 32), '/id');
  check(Number.isSafeInteger(first) && first >= 0, '/first');
  check(Array.isArray(entries) && entries.length > 0, '/entries');
  check(entries.length <= entriesPerPage, '/entries');
  for (const entry of entries) {
    const { tenant, keyId } = entry.kind === 'key' ? entry.key : entry;
    check(isKeyTenant(tenant) && (isKeyId(keyId) || keyId === wrappingKeyId), '/entries');
  }
}
