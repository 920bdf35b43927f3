import { describe, expect, test } from 'vitest';
import {
  contextBytesMax,
  keysPerMessageMax,
  parseChipsReady,
  parseUnwrapMessage,
  parseUnwrapReply,
  parseWrapMessage,
  parseWrapReply,
  wrappedKeyBytesMax,
} from '../../../src/domain/chips/messages.ts';

const bytes = (length: number) => new Uint8Array(length);
const item = { dataKey: bytes(32), context: bytes(8) };
const wrappedItem = { wrappedKey: bytes(77), context: bytes(8) };

describe('messages to the chips', () => {
  test('a message keeps its fields, at the limits too', () => {
    const full = { dataKey: bytes(32), context: bytes(contextBytesMax) };
    const message = { tenant: 'bank-1', items: Array(keysPerMessageMax).fill(full) };
    expect(parseWrapMessage(message)).toEqual(message);
    const unwrap = {
      tenant: 'b',
      items: [{ wrappedKey: bytes(wrappedKeyBytesMax), context: bytes(0) }],
    };
    expect(parseUnwrapMessage(unwrap)).toEqual(unwrap);
  });

  test.each([
    ['nothing', undefined],
    ['a text', 'wrap'],
    ['no tenant', { items: [item] }],
    ['an empty tenant', { tenant: '', items: [item] }],
    ['a tenant that is a path', { tenant: '../bank', items: [item] }],
    ['a tenant one too long', { tenant: 'a'.repeat(65), items: [item] }],
    ['no items', { tenant: 'bank', items: [] }],
    ['one item too many', { tenant: 'bank', items: Array(keysPerMessageMax + 1).fill(item) }],
    ['items that are no list', { tenant: 'bank', items: { 0: item, length: 1 } }],
    ['a short key', { tenant: 'bank', items: [{ ...item, dataKey: bytes(31) }] }],
    ['a long key', { tenant: 'bank', items: [{ ...item, dataKey: bytes(33) }] }],
    ['a key that is a text', { tenant: 'bank', items: [{ ...item, dataKey: 'k'.repeat(32) }] }],
    ['no context', { tenant: 'bank', items: [{ dataKey: bytes(32) }] }],
    [
      'a context one too long',
      { tenant: 'bank', items: [{ ...item, context: bytes(contextBytesMax + 1) }] },
    ],
  ])('%s is refused', (_, message) => {
    expect(() => parseWrapMessage(message)).toThrow(TypeError);
  });

  test.each([
    ['an empty wrapped key', { tenant: 'bank', items: [{ ...wrappedItem, wrappedKey: bytes(0) }] }],
    [
      'a wrapped key one too long',
      { tenant: 'bank', items: [{ ...wrappedItem, wrappedKey: bytes(wrappedKeyBytesMax + 1) }] },
    ],
    ['a wrap message', { tenant: 'bank', items: [item] }],
  ])('%s is no unwrap message', (_, message) => {
    expect(() => parseUnwrapMessage(message)).toThrow(TypeError);
  });
});

describe('answers of the chips', () => {
  test('keys and refusals are read', () => {
    const wrapped = { ok: true, keys: [bytes(77), bytes(77)] };
    expect(parseWrapReply(wrapped, 2)).toEqual(wrapped);
    const unwrapped = { ok: true, keys: [bytes(32)] };
    expect(parseUnwrapReply(unwrapped, 1)).toEqual(unwrapped);
    const refusal = { ok: false, code: 'not_authentic' };
    expect(parseUnwrapReply(refusal, 1)).toEqual(refusal);
    for (const protection of ['software', 'hsm-wrapped', 'hsm']) {
      expect(parseChipsReady({ protection, ready: true })).toEqual({ protection, ready: true });
    }
  });

  test.each([
    ['fewer keys than asked for', { ok: true, keys: [bytes(32)] }],
    ['a key of another length', { ok: true, keys: [bytes(32), bytes(16)] }],
    ['an unknown refusal', { ok: false, code: 'later' }],
    ['no verdict', { keys: [bytes(32), bytes(32)] }],
    ['nothing', null],
  ])('%s is refused', (_, reply) => {
    expect(() => parseUnwrapReply(reply, 2)).toThrow(TypeError);
  });

  test('a status that claims another protection is refused', () => {
    expect(() => parseChipsReady({ protection: 'hardware', ready: true })).toThrow(TypeError);
  });
});
