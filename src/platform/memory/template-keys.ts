import {
  type ChipVault,
  createKey,
  openVault,
  type StoredKey,
  unwrapDataKey,
  wrapDataKey,
} from '../../domain/chips/wrapping.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { Random } from '../../domain/ports.ts';
import type { TemplateKeys } from '../../domain/seals/ports.ts';

const rootKeyBytes = 32;

/** Template keys of a software chip that lives and dies with this process. */
export function memoryTemplateKeys(random: Random): TemplateKeys {
  const keys = new Map<string, StoredKey>();
  let vault: Promise<ChipVault> | undefined;

  function open(): Promise<ChipVault> {
    vault ??= openVault(random.bytes(rootKeyBytes), 'memory');
    return vault;
  }

  function keyOf(opened: ChipVault, tenant: string): StoredKey {
    const known = keys.get(tenant) ?? createKey(opened, { tenant, epoch: 1 }, random);
    keys.set(tenant, known);
    return known;
  }

  return {
    async wrap(tenant, items) {
      const opened = await open();
      const key = keyOf(opened, tenant);
      return items.map(({ dataKey, context }) =>
        wrapDataKey(opened, key, dataKey, context, random),
      );
    },
    async unwrap(tenant, items) {
      const opened = await open();
      const key = keyOf(opened, tenant);
      return items.map(({ wrappedKey, context }) => {
        const dataKey = unwrapDataKey(opened, key, wrappedKey, context);
        if (!dataKey) throw new CinnabarError('template_unreadable');
        return dataKey;
      });
    },
  };
}
