import { webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ChipVault,
  createKey,
  epochOf,
  openVault,
  type StoredKey,
  unwrapDataKey,
  wrapDataKey,
} from '../../../src/domain/chips/wrapping.ts';

const random = { bytes: (length: number) => webcrypto.getRandomValues(new Uint8Array(length)) };
const dataKey = random.bytes(32);
const context = new TextEncoder().encode('template 1');
let vault: ChipVault;
let stored: StoredKey;
let wrapped: Uint8Array;

beforeAll(async () => {
  vault = await openVault(random.bytes(32), 'chip-a');
  stored = createKey(vault, { tenant: 'bank', epoch: 1 }, random);
  wrapped = wrapDataKey(vault, stored, dataKey, context, random);
});

describe('wrapping of data keys', () => {
  test('a data key comes back for the tenant and context it was wrapped with', () => {
    expect(unwrapDataKey(vault, stored, wrapped, context)).toEqual(dataKey);
    expect(epochOf(wrapped)).toBe(1);
  });

  test('the same data key never gives the same wrapped key', () => {
    expect(wrapDataKey(vault, stored, dataKey, context, random)).not.toEqual(wrapped);
  });

  test('every altered byte of a wrapped key, and every shorter one, is refused', () => {
    for (let at = 0; at < wrapped.length; at++) {
      const altered = wrapped.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x40;
      expect(unwrapDataKey(vault, stored, altered, context), `byte ${at}`).toBeUndefined();
      const shorter = wrapped.slice(0, at);
      expect(unwrapDataKey(vault, stored, shorter, context), `${at} bytes`).toBeUndefined();
    }
  });

  test('another context is refused', () => {
    const other = new TextEncoder().encode('template 2');
    expect(unwrapDataKey(vault, stored, wrapped, other)).toBeUndefined();
    expect(unwrapDataKey(vault, stored, wrapped, new Uint8Array())).toBeUndefined();
  });

  test('the wrapping key of another tenant does not open it', () => {
    const other = createKey(vault, { tenant: 'shop', epoch: 1 }, random);
    expect(unwrapDataKey(vault, other, wrapped, context)).toBeUndefined();
  });

  test('a stored key moved to another tenant, epoch or chip does not open at all', () => {
    for (const moved of [
      { ...stored, tenant: 'shop' },
      { ...stored, epoch: 2 },
    ]) {
      expect(() => unwrapDataKey(vault, moved, wrapped, context)).toThrow('does not open');
    }
    const elsewhere = { ...vault, chip: 'chip-b' };
    expect(() => unwrapDataKey(elsewhere, stored, wrapped, context)).toThrow('does not open');
  });

  test('another storage secret, or the key of another chip, opens no stored key', async () => {
    const secret = random.bytes(32);
    const a = await openVault(secret, 'chip-a');
    const b = await openVault(secret, 'chip-b');
    const own = createKey(a, { tenant: 'bank', epoch: 1 }, random);
    expect(() => wrapDataKey(b, own, dataKey, context, random)).toThrow('does not open');
    expect(() => wrapDataKey(vault, own, dataKey, context, random)).toThrow('does not open');
  });

  test('a storage secret of another length is refused', async () => {
    await expect(openVault(random.bytes(16), 'chip-a')).rejects.toThrow('32 bytes');
  });
});
