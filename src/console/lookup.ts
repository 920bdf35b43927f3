import type { AccountDetail, Seal } from '../client/index.ts';
import { client, identity } from './session.ts';

/**
 * Names for ids, asked once a page load: a list names the same few seals again and again. Keyed by
 * institution too, because another institution sees other things under the same address.
 */
function remembering<T>(load: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (id) => {
    const key = `${identity.value?.institution.id ?? ''}/${id}`;
    const held = known.get(key);
    if (held) return held;
    const asked = load(id);
    known.set(key, asked);
    asked.catch(() => known.delete(key));
    return asked;
  };
}

const sealOf = remembering<Seal>((id) => client.seals.get(id));
const accountOf = remembering<AccountDetail>((id) => client.accounts.get(id));

export interface NamedSeal {
  seal: Seal;
  account: AccountDetail;
}

/** A seal with the account that it stands for. */
export async function namedSeal(id: string): Promise<NamedSeal> {
  const seal = await sealOf(id);
  return { seal, account: await accountOf(seal.accountId) };
}
