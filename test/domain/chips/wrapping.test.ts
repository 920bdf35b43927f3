import { webcrypto } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Sodium } from '../../../src/core/sodium.ts';
import {
  openFromStore,
  openStoredKey,
  openVault,
  sealForStore,
  unwrapDataKey,
  wrapDataKey,
} from '../../../src/domain/chips/wrapping.ts';

const random = { bytes: (length: number) => webcrypto.getRandomValues(new Uint8Array(length)) };
const dataKey = random.bytes(32);
const context = new TextEncoder().encode('template 1');
const key = random.bytes(32);
const place = { tenant: 'bank', epoch: 1 };
let sodium: Sodium;
let wrapped: Uint8Array;

beforeAll(async () => {
  ({ default: sodium } = await import('libsodium-wrappers'));
  await sodium.ready;
  wrapped = wrapDataKey({ sodium }, key, place, { dataKey, context }, random);
});

function unwrap(wrappedKey: Uint8Array, more: { place?: typeof place; context?: Uint8Array } = {}) {
  const item = { wrappedKey, context: more.context ?? context };
  return unwrapDataKey({ sodium }, key, more.place ?? place, item);
}

describe('wrapping of data keys', () => {
  test('a data key comes back for the tenant and context it was wrapped with', () => {
    expect(unwrap(wrapped)).toEqual(dataKey);
  });

  test('the same data key never gives the same wrapped key', () => {
    const again = wrapDataKey({ sodium }, key, place, { dataKey, context }, random);
    expect(again).not.toEqual(wrapped);
  });

  test('every altered byte of a wrapped key, and every shorter one, is refused', () => {
    for (let at = 0; at < wrapped.length; at++) {
      const altered = wrapped.slice();
      altered[at] = (altered[at] ?? 0) ^ 0x40;
      expect(unwrap(altered), `byte ${at}`).toBeUndefined();
      expect(unwrap(wrapped.slice(0, at)), `${at} bytes`).toBeUndefined();
    }
  });

  test('another context, tenant, epoch or wrapping key is refused', () => {
    expect(unwrap(wrapped, { context: new TextEncoder().encode('template 2') })).toBeUndefined();
    expect(unwrap(wrapped, { context: new Uint8Array() })).toBeUndefined();
    expect(unwrap(wrapped, { place: { tenant: 'shop', epoch: 1 } })).toBeUndefined();
    expect(unwrap(wrapped, { place: { tenant: 'bank', epoch: 2 } })).toBeUndefined();
    const item = { wrappedKey: wrapped, context };
    expect(unwrapDataKey({ sodium }, random.bytes(32), place, item)).toBeUndefined();
  });
});

describe('the store of a chip', () => {
  const secret = random.bytes(32);

  test('opens what it sealed, in its place only', () => {
    const vault = openVault(sodium, secret, 'chip-a');
    const sealed = sealForStore(vault, context, dataKey, random);
    expect(openFromStore(vault, context, sealed)).toEqual(dataKey);
    const other = new TextEncoder().encode('template 2');
    expect(() => openFromStore(vault, other, sealed)).toThrow('does not open');
  });

  test('of another chip, or under another secret, opens nothing', () => {
    const sealed = sealForStore(openVault(sodium, secret, 'chip-a'), context, dataKey, random);
    const others = [
      openVault(sodium, secret, 'chip-b'),
      openVault(sodium, random.bytes(32), 'chip-a'),
    ];
    for (const vault of others) {
      expect(() => openFromStore(vault, context, sealed)).toThrow('does not open');
      const stored = { tenant: 'bank', epoch: 1, encryptedKey: sealed };
      expect(() => openStoredKey(vault, stored)).toThrow('does not open');
    }
  });

  test('a storage secret of another length is refused', () => {
    expect(() => openVault(sodium, random.bytes(16), 'chip-a')).toThrow('32 bytes');
  });
});
