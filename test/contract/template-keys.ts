import { expect, it } from 'vitest';
import type { TemplateKeys } from '../../src/domain/seals/ports.ts';
import { freshTenant } from './fresh.ts';

function item(seed: number) {
  return {
    dataKey: Uint8Array.from({ length: 32 }, (_, i) => (i + seed) & 0xff),
    context: Uint8Array.of(seed, 1, 2),
  };
}

/** What every holder of template keys must do. */
export function templateKeysContract(make: () => TemplateKeys | Promise<TemplateKeys>): void {
  it('opens what it wrapped, in order', async () => {
    const keys = await make();
    const tenant = freshTenant();
    const items = [item(1), item(2), item(3)];
    const wrapped = await keys.wrap(tenant, items);
    const opened = await keys.unwrap(
      tenant,
      items.map(({ context }, i) => ({ context, wrappedKey: wrapped[i] ?? new Uint8Array() })),
    );
    expect(opened).toEqual(items.map(({ dataKey }) => dataKey));
  });

  it('never wraps the same key to the same bytes', async () => {
    const keys = await make();
    const [one, other] = await keys.wrap(freshTenant(), [item(1), item(1)]);
    expect(one).not.toEqual(other);
  });

  it('answers one code to another tenant, another context and altered bytes', async () => {
    const keys = await make();
    const tenant = freshTenant();
    const { context } = item(1);
    const [wrappedKey = new Uint8Array()] = await keys.wrap(tenant, [item(1)]);
    const altered = wrappedKey.map((byte, i) => (i === wrappedKey.length - 1 ? byte ^ 1 : byte));
    const refusals = [
      () => keys.unwrap(freshTenant(), [{ wrappedKey, context }]),
      () => keys.unwrap(tenant, [{ wrappedKey, context: Uint8Array.of(9) }]),
      () => keys.unwrap(tenant, [{ wrappedKey: altered, context }]),
      () => keys.unwrap(tenant, [{ wrappedKey: wrappedKey.subarray(0, 20), context }]),
    ];
    for (const refusal of refusals) {
      await expect(refusal()).rejects.toMatchObject({ code: 'template_unreadable' });
    }
  });

  it('opens all or nothing', async () => {
    const keys = await make();
    const tenant = freshTenant();
    const [wrappedKey = new Uint8Array()] = await keys.wrap(tenant, [item(1)]);
    const good = { wrappedKey, context: item(1).context };
    const bad = { wrappedKey, context: item(2).context };
    await expect(keys.unwrap(tenant, [good, bad])).rejects.toMatchObject({
      code: 'template_unreadable',
    });
  });
}
