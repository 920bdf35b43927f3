import { hexToBytes } from '@noble/hashes/utils.js';
import { haltMs } from '../../domain/chips/cluster.ts';
import type { Reply } from '../../domain/chips/faults.ts';
import { check } from '../../domain/chips/keys.ts';
import type { Cells } from '../../domain/chips/ports.ts';
import type { UseRate } from '../../domain/chips/rates.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { TracingBindings } from '../tracing.ts';

/** What every object of the chips Worker answers: one named call, packed. */
export interface CallTarget extends Rpc.DurableObjectBranded {
  call(name: string, input: unknown[]): Promise<Reply<unknown>>;
}

export interface ChipsEnv extends TracingBindings {
  /** Which version of this Worker runs; the platform says it. */
  readonly VERSION: WorkerVersionMetadata;
  /** 32 bytes, base64url. */
  readonly CHIP_STORAGE_KEY: string;
  /** `allowed` in local runs: then an operator of demo mode may stop a chip for a minute. */
  readonly CHIP_HALT?: string;
  /** X25519 key of the backup officers, hex (`cinnabar chips officers`); without it no backups. */
  readonly CHIP_BACKUP_KEY?: string;
  /** `awaited` while a cluster that lost everything waits for its backup: it makes no new keys. */
  readonly CHIP_RESTORE?: string;
  /** What a tenant may ask of one chip, as tasks a second and at once: `500/1000`. */
  readonly CHIP_TENANT_RATE?: string;
  /** Chips on other machines: a JSON list of `{ chip, url, publicKey }`, the key in hex. */
  readonly CHIP_HOSTS?: string;
  readonly HARDWARE_CHIPS: DurableObjectNamespace<CallTarget>;
  readonly SOFTWARE_CHIPS: DurableObjectNamespace<CallTarget & LegacyChip & FaultyChip>;
  readonly KEY_GUARDS: DurableObjectNamespace<CallTarget>;
  readonly CHIP_DIRECTORY: DurableObjectNamespace<CallTarget>;
}

/** What a software chip of before the cluster still hands over: encrypted rows. */
export interface LegacyChip {
  legacyKeys(): { readonly epoch: number; readonly encryptedKey: Uint8Array }[];
}

/** Faults that demo mode and drills bring about. */
export interface FaultyChip {
  /** Breaks off whatever runs, and answers nothing for so long. */
  halt(forMs: number): Promise<void>;
}

/** @throws Error when the secret is not 32 bytes in base64url */
export function parseStorageKey(text: string | undefined): Uint8Array {
  if (!text || !/^[A-Za-z0-9_-]{43}$/.test(text)) {
    throw new Error('CHIP_STORAGE_KEY must be 32 bytes in base64url');
  }
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @throws Error when CHIP_BACKUP_KEY is not in its form */
export function backupKeyOf({ CHIP_BACKUP_KEY: text = '' }: Pick<ChipsEnv, 'CHIP_BACKUP_KEY'>) {
  if (text === '') return {};
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error('CHIP_BACKUP_KEY must be 64 hex digits');
  return { backupKey: hexToBytes(text) };
}

/** @throws Error when the rate is not in its form */
export function tenantRateIn(text = ''): { readonly tenantRate?: UseRate } {
  if (text === '') return {};
  const [, perSecond = '', burst = ''] = /^([1-9]\d{0,5})\/([1-9]\d{0,6})$/.exec(text) ?? [];
  if (perSecond === '') throw new Error('a tenant rate is two whole numbers, such as 500/1000');
  return { tenantRate: { perSecond: Number(perSecond), burst: Number(burst) } };
}

/** Where a chip on another machine is reached, and its key. */
export interface ChipHost {
  readonly url: string;
  readonly publicKey: Uint8Array;
}

/** @throws Error when CHIP_HOSTS is not in its form */
export function hostOf({ CHIP_HOSTS }: Pick<ChipsEnv, 'CHIP_HOSTS'>, chip: string) {
  return hostsOf(CHIP_HOSTS ?? '').get(chip);
}

function hostsOf(text: string): ReadonlyMap<string, ChipHost> {
  if (text === '') return new Map();
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('CHIP_HOSTS must be a list');
  return new Map(list.map(hostEntry));
}

function hostEntry(value: unknown): readonly [string, ChipHost] {
  const { chip, url, publicKey } = value as Record<string, unknown>;
  const isEntry =
    typeof chip === 'string' &&
    chipNamePattern.test(chip) &&
    typeof url === 'string' &&
    /^https?:$/.test(new URL(url).protocol) &&
    typeof publicKey === 'string' &&
    /^[0-9a-f]{64}$/.test(publicKey);
  if (!isEntry) throw new Error('CHIP_HOSTS: an entry is not { chip, url, publicKey }');
  return [chip, { url, publicKey: hexToBytes(publicKey) }];
}

/** An object's own storage. The platform keeps back every answer until the writes before it are on disk. */
export function durableCells({ kv }: DurableObjectStorage): Cells {
  return {
    get: (key) => kv.get(key),
    put: (key, value) => kv.put(key, value),
    delete: (key) => void kv.delete(key),
    list(prefix, limit, after) {
      // The platform takes no limit of nothing.
      if (limit === 0) return [];
      const most = limit === undefined ? {} : { limit };
      return kv.list({ prefix, ...most, ...(after === undefined ? {} : { startAfter: after }) });
    },
  };
}

const chipNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** @throws CinnabarError `not_found` in a deployment */
export async function haltChip(env: ChipsEnv, chip: unknown): Promise<void> {
  if (env.CHIP_HALT !== 'allowed') throw new CinnabarError('not_found');
  check(typeof chip === 'string' && chipNamePattern.test(chip), '/chip');
  // The chip ends in the middle of this call, so the call has no other end.
  await env.SOFTWARE_CHIPS.getByName(String(chip))
    .halt(haltMs)
    .catch(() => undefined);
}
