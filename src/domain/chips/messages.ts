/** What a Worker asks of the chips Worker and what it answers; both sides check on arrival. */

export interface WrapMessage {
  readonly tenant: string;
  /** 32 bytes, fresh from the caller's randomness. */
  readonly dataKey: Uint8Array;
  /** What the key is for. Unwrapping wants the same bytes. */
  readonly context: Uint8Array;
}

export interface UnwrapMessage {
  readonly tenant: string;
  readonly wrappedKey: Uint8Array;
  readonly context: Uint8Array;
}

/** `not_authentic` says no more: wrong tenant, context and altered bytes look the same. */
export type ChipRefusal = 'invalid_message' | 'not_authentic';

export type ChipReply =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: ChipRefusal };

/** The operations that a caller holding the binding may ask for. */
export interface ChipService {
  wrap(message: WrapMessage): Promise<ChipReply>;
  unwrap(message: UnwrapMessage): Promise<ChipReply>;
  /** What answers, for `/readyz` and the operator: never a key. */
  status(): Promise<ChipStatus>;
}

/** `software` keys are protected by the platform's isolation, not by hardware. */
export interface ChipStatus {
  readonly protection: 'software';
  readonly ready: boolean;
}

export const dataKeyBytes = 32;
export const wrappedKeyBytesMax = 256;
export const contextBytesMax = 1024;
const tenantPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

export function parseWrapMessage(value: unknown): WrapMessage {
  const { tenant, dataKey, context } = fieldsOf(value);
  if (
    !isTenant(tenant) ||
    !isBytes(dataKey, dataKeyBytes, dataKeyBytes) ||
    !isBytes(context, 0, contextBytesMax)
  ) {
    throw new TypeError('wrap: a field is missing or out of range');
  }
  return { tenant, dataKey, context };
}

export function parseUnwrapMessage(value: unknown): UnwrapMessage {
  const { tenant, wrappedKey, context } = fieldsOf(value);
  if (
    !isTenant(tenant) ||
    !isBytes(wrappedKey, 1, wrappedKeyBytesMax) ||
    !isBytes(context, 0, contextBytesMax)
  ) {
    throw new TypeError('unwrap: a field is missing or out of range');
  }
  return { tenant, wrappedKey, context };
}

export function parseChipReply(value: unknown): ChipReply {
  const { ok, bytes, code } = fieldsOf(value);
  if (ok === true && isBytes(bytes, 1, wrappedKeyBytesMax)) return { ok, bytes };
  if (ok === false && (code === 'invalid_message' || code === 'not_authentic')) return { ok, code };
  throw new TypeError('chip reply: not in a known form');
}

export function parseChipStatus(value: unknown): ChipStatus {
  const { protection, ready } = fieldsOf(value);
  if (protection === 'software' && typeof ready === 'boolean') return { protection, ready };
  throw new TypeError('chip status: not in a known form');
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isTenant(value: unknown): value is string {
  return typeof value === 'string' && tenantPattern.test(value);
}

function isBytes(value: unknown, min: number, max: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length >= min && value.length <= max;
}
