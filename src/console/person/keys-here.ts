import type { PersonalKey } from '../../client/index.ts';
import { client } from '../session.ts';
import { guardOf } from './terminal.ts';

/** A key of the person whose half for the terminal is in this browser. */
export interface KeyHere {
  readonly key: PersonalKey;
  readonly guard: NonNullable<Awaited<ReturnType<typeof guardOf>>>;
}

/** A person has few keys, so one page holds them all. */
const keysMax = 100;

export async function ownKeys(signal?: AbortSignal): Promise<readonly PersonalKey[]> {
  const { items } = await client.personalKeys.list(
    { limit: keysMax },
    signal ? { signal } : undefined,
  );
  return items;
}

/** The keys that can sign from here, newest first. */
export async function keysHere(): Promise<readonly KeyHere[]> {
  const active = (await ownKeys()).filter(({ state }) => state === 'active');
  const found = await Promise.all(
    active.map(async (key) => {
      const guard = await guardOf(key.id);
      return guard ? [{ key, guard }] : [];
    }),
  );
  return found.flat();
}
