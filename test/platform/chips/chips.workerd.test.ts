import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import type { UnwrapMessage } from '../../../src/domain/chips/messages.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { chipsReady, remoteCluster, remoteKeys } from '../../../src/platform/chips/remote.ts';
import { chipTemplateKeys } from '../../../src/platform/chips/template-keys.ts';

const keys = chipTemplateKeys(env.CHIPS);
const context = new TextEncoder().encode('template 1');
const item = () => ({ dataKey: crypto.getRandomValues(new Uint8Array(32)), context });

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CinnabarError ? error.code : undefined;
}

describe('the chips Worker over its service binding', () => {
  test('data keys are wrapped, and come back in order', async () => {
    const items = [item(), item(), item()];
    const wrappedKeys = await keys.wrap('bank', items);
    const opened = await keys.unwrap(
      'bank',
      wrappedKeys.map((wrappedKey) => ({ wrappedKey, context })),
    );
    expect(opened).toEqual(items.map(({ dataKey }) => dataKey));
  });

  test('another tenant, another context, an altered key: all are template_unreadable', async () => {
    const [wrappedKey = new Uint8Array()] = await keys.wrap('bank', [item()]);
    await keys.wrap('shop', [item()]);
    const altered = wrappedKey.slice();
    altered[30] = (altered[30] ?? 0) ^ 1;
    const other = new TextEncoder().encode('template 2');
    const code = 'template_unreadable';
    expect(await codeOf(keys.unwrap('shop', [{ wrappedKey, context }]))).toBe(code);
    expect(await codeOf(keys.unwrap('nobody', [{ wrappedKey, context }]))).toBe(code);
    expect(await codeOf(keys.unwrap('bank', [{ wrappedKey, context: other }]))).toBe(code);
    expect(await codeOf(keys.unwrap('bank', [{ wrappedKey: altered, context }]))).toBe(code);
  });

  test('simultaneous first calls of a tenant make one wrapping key', async () => {
    const items = Array.from({ length: 16 }, item);
    const wrapped = await Promise.all(items.map((one) => keys.wrap('new-tenant', [one])));
    const opened = await keys.unwrap(
      'new-tenant',
      wrapped.flat().map((wrappedKey) => ({ wrappedKey, context })),
    );
    expect(opened).toEqual(items.map(({ dataKey }) => dataKey));
  });

  test('a message that is not in its form is refused, whoever sends it', async () => {
    const nonsense = { tenant: 'bank', items: 'all' } as unknown as UnwrapMessage;
    expect(await env.CHIPS.unwrap(nonsense)).toEqual({ ok: false, code: 'invalid_message' });
  });

  test('it says that its keys are protected by software', async () => {
    expect(await chipsReady(env.CHIPS)).toEqual({ protection: 'software', ready: true });
  });

  test('E1: without the officers’ key nothing is backed up, and nonsense is refused', async () => {
    const missing = { ok: false, code: 'backup_key_missing' };
    expect(await env.CHIPS.backups('openBackup', [0])).toEqual(missing);
    const refused = { ok: false, code: 'invalid_request' };
    const id = '0'.repeat(32);
    for (const [name, ...input] of [
      ['openBackup', -1],
      ['openRestore', null],
      ['giveShare', id, 'no bytes', 'ma'],
      ['restoreEntries', id, 0, []],
      ['restoreEntries', id, 0, [{ kind: 'tombstone', tenant: '../x', keyId: 'y' }]],
      ['exportTo', {}],
    ] as const) {
      expect(await env.CHIPS.backups(name, [...input])).toMatchObject(refused);
    }
  });

  test('the edge has neither the storage secret nor a way to the chip objects', () => {
    expect(Object.keys(env)).not.toContain('CHIP_STORAGE_KEY');
    expect(Object.keys(env)).not.toContain('SOFTWARE_CHIPS');
  });

  test('E2: a chip stopped between two signatures leaves the key signing elsewhere', async () => {
    const service = remoteKeys(env.CHIPS);
    const cluster = remoteCluster(env.CHIPS);
    const name = { tenant: 'halting-bank', id: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a11' };
    const { replicas } = await service.create({ ...name, algorithm: 'sm2', uses: ['sign'] });
    const sign = (requestId: string) =>
      service.sign({
        tenant: name.tenant,
        keyId: name.id,
        requestId,
        scheme: 'sm2-sm3',
        message: context,
      });
    const [home = ''] = replicas;
    await cluster.halt(home);
    for (const id of ['a', 'b', 'c', 'd']) {
      const { receipt } = await sign(id);
      expect(receipt.chip).not.toBe(home);
    }
    const { chips } = await cluster.status();
    const halted = chips.find(({ chip }) => chip === home);
    expect(['suspect', 'out']).toContain(halted?.health);
  });
});
