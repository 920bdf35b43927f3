import type { Receipt } from '../../core/usage/receipt.ts';
import type { ShareAttestation } from '../../core/usage/share-use.ts';
import type { BackupName, KeyBackup, Tombstone } from './backup.ts';
import type { RestoreOrder, RestoreOutcome } from './guard-backup.ts';
import type { UseResult } from './guard-use.ts';
import type { ChangeGrants, CreateKey, KeyRecord } from './keys.ts';
import type { PlainItem, WrappedItem } from './messages.ts';
import type { ShareOpening, ShareProof, ShareSession, ShareUse } from './ports.ts';
import type { ShareRecord } from './shares.ts';
import type { KeyName } from './types.ts';
import type { KeyOperation } from './uses.ts';

/** The guard of one key: all calls about the key go through it, and it is the only one. */
export interface Guard {
  create(input: CreateKey): Promise<KeyRecord>;
  find(): Promise<KeyRecord>;
  use(operation: KeyOperation): Promise<UseResult>;
  setState(state: 'active' | 'frozen' | 'revoked', requestId: string): Promise<KeyRecord>;
  changeGrants(change: ChangeGrants): Promise<KeyRecord>;
  /** Brings the key back to its replicas; the chips that hold it. */
  repair(): Promise<readonly string[]>;
  wrap(name: KeyName, items: readonly PlainItem[]): Promise<readonly Uint8Array[]>;
  unwrap(name: KeyName, items: readonly WrappedItem[]): Promise<readonly Uint8Array[] | undefined>;
  keygenReply(name: KeyName, session: ShareSession): Promise<Uint8Array>;
  keygenFinish(name: KeyName, opening: ShareOpening): Promise<ShareRecord>;
  findShare(): Promise<ShareRecord>;
  useShare(requestId: string, use: ShareUse): Promise<UseResult>;
  attestShare(): Promise<ShareAttestation>;
  refreshReply(session: ShareSession): Promise<Uint8Array>;
  refreshFinish(opening: ShareOpening): Promise<ShareRecord>;
  refreshCommit(proof: ShareProof): Promise<ShareRecord>;
  setShareState(state: 'active' | 'frozen'): Promise<ShareRecord>;
  destroyShare(
    requestId: string,
  ): Promise<{ readonly record: ShareRecord; readonly tombstones: readonly Receipt[] }>;
  /** The key for a backup; `undefined` when it was never made whole, or is revoked. */
  backup(backup: BackupName): Promise<KeyBackup | undefined>;
  /** Brings the key back from a backup, by way of the chip where the officers' ceremony was held. */
  restore(order: RestoreOrder): Promise<RestoreOutcome>;
  /** Takes up that a key was revoked, where nothing is known of it. */
  bury(tombstone: Tombstone): Promise<void>;
}

/** Finds the guard of a key. */
export type GuardOf = (tenant: string, keyId: string) => Guard;
/** The calls of a guard, as they cross to its object. */
export const guardCalls = [
  'create',
  'find',
  'use',
  'setState',
  'changeGrants',
  'repair',
  'wrap',
  'unwrap',
  'keygenReply',
  'keygenFinish',
  'findShare',
  'useShare',
  'attestShare',
  'refreshReply',
  'refreshFinish',
  'refreshCommit',
  'setShareState',
  'destroyShare',
  'backup',
  'restore',
  'bury',
] as const satisfies readonly (keyof Guard)[];
