import type { Reply } from './faults.ts';
import { type Protection, protections } from './keys.ts';

/** What a Worker asks of the chips Worker and what it answers; both sides check on arrival. */

/** Asks for data keys to be wrapped. A context says what its key is for. */
export interface WrapMessage {
  readonly tenant: string;
  readonly items: readonly PlainItem[];
}

/** Asks for data keys back; each opens only under the tenant and context it was wrapped with. */
export interface UnwrapMessage {
  readonly tenant: string;
  readonly items: readonly WrappedItem[];
}

export interface PlainItem {
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly context: Uint8Array;
}

export interface WrappedItem {
  readonly wrappedKey: Uint8Array;
  readonly context: Uint8Array;
}

/** `not_authentic` says no more: wrong tenant, context and altered bytes look the same. */
export type ChipRefusal = 'invalid_message' | 'not_authentic';

export interface ChipRefused {
  readonly ok: false;
  readonly code: ChipRefusal;
}

/** The keys asked for, in the order of the items. */
export type KeysReply = { readonly ok: true; readonly keys: readonly Uint8Array[] } | ChipRefused;

export interface ChipsReady {
  /** What a key gets whose policy demands nothing. */
  readonly protection: Protection;
  /** Whether two chips of the shared pool serve: with fewer no key is made. */
  readonly ready: boolean;
}

/**
 * The operations that a caller holding the binding may ask for. `trace` is the `traceparent` of
 * the request that it is done for, where there is one.
 */
export interface ChipService {
  wrap(message: WrapMessage): Promise<KeysReply>;
  unwrap(message: UnwrapMessage): Promise<KeysReply>;
  /** What answers, for `/readyz` and the operator: never a key. */
  status(): Promise<ChipsReady>;
  /** A call of `KeyService` by its name; `Reply` packs what comes of it. */
  keys(name: string, input: unknown[], trace?: string): Promise<Reply<unknown>>;
  /** A call of `ShareService` by its name. */
  shares(name: string, input: unknown[], trace?: string): Promise<Reply<unknown>>;
  /** A call of `ChipCluster` by its name. */
  cluster(name: string, input: unknown[], trace?: string): Promise<Reply<unknown>>;
  /** A call of `BackupDesk` by its name. */
  backups(name: string, input: unknown[], trace?: string): Promise<Reply<unknown>>;
  /** Stops a chip for a minute; in demo mode only. */
  halt(chip: string): Promise<Reply<unknown>>;
}

export const dataKeyBytes = 32;
export const wrappedKeyBytesMax = 256;
export const contextBytesMax = 1024;
/** Keys in one message. */
export const keysPerMessageMax = 32;

const tenantPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** @throws TypeError */
export function parseWrapMessage(value: unknown): WrapMessage {
  const { tenant, items } = fieldsOf(value);
  if (!isTenant(tenant) || !isList(items, isPlainItem)) {
    throw new TypeError('wrap: a field is missing or out of range');
  }
  return { tenant, items };
}

/** @throws TypeError */
export function parseUnwrapMessage(value: unknown): UnwrapMessage {
  const { tenant, items } = fieldsOf(value);
  if (!isTenant(tenant) || !isList(items, isWrappedItem)) {
    throw new TypeError('unwrap: a field is missing or out of range');
  }
  return { tenant, items };
}

/** @throws TypeError also when there are not exactly `count` wrapped keys */
export function parseWrapReply(value: unknown, count: number): KeysReply {
  return parseKeysReply(value, count, isWrappedKey);
}

/** @throws TypeError also when there are not exactly `count` data keys */
export function parseUnwrapReply(value: unknown, count: number): KeysReply {
  return parseKeysReply(value, count, isDataKey);
}

/** @throws TypeError */
export function parseChipsReady(value: unknown): ChipsReady {
  const { protection, ready } = fieldsOf(value);
  const level = protections.find((known) => known === protection);
  if (level !== undefined && typeof ready === 'boolean') return { protection: level, ready };
  throw new TypeError('chip status: not in a known form');
}

function parseKeysReply(
  value: unknown,
  count: number,
  isKey: (key: unknown) => key is Uint8Array,
): KeysReply {
  const { ok, keys, code } = fieldsOf(value);
  if (ok === true && isList(keys, isKey) && keys.length === count) return { ok, keys };
  if (ok === false && (code === 'invalid_message' || code === 'not_authentic')) return { ok, code };
  throw new TypeError('chip reply: not in a known form');
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isTenant(value: unknown): value is string {
  return typeof value === 'string' && tenantPattern.test(value);
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= keysPerMessageMax &&
    value.every(isItem)
  );
}

function isContext(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= contextBytesMax;
}

function isDataKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === dataKeyBytes;
}

function isWrappedKey(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= wrappedKeyBytesMax;
}

function isWrappedItem(value: unknown): value is WrappedItem {
  const { wrappedKey, context } = fieldsOf(value);
  return isWrappedKey(wrappedKey) && isContext(context);
}

function isPlainItem(value: unknown): value is PlainItem {
  const { dataKey, context } = fieldsOf(value);
  return isDataKey(dataKey) && isContext(context);
}
