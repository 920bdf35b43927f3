import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/id.ts';
import {
  exchangeToken,
  grantToken,
  refreshToken,
  withdrawRefresh,
} from '../../../src/domain/tokens/grants.ts';
import { introspectToken } from '../../../src/domain/tokens/introspect.ts';
import {
  endFamiliesOf,
  endFamily,
  listTokens,
  revokeToken,
} from '../../../src/domain/tokens/revoke.ts';
import { changed, entryOf } from '../../../src/domain/tokens/rows.ts';
import type { Family, Passkey } from '../../../src/domain/tokens/types.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  registered,
  wants,
} from '../../helpers/tokens.ts';

const { tenant } = chen;
const refused = { code: 'grant_refused' };
let centre: Centre;

beforeAll(async () => {
  centre = await authenticationCentre();
  await registered(centre, 'bills', ['NAME']);
  await registered(centre, 'loans', ['NAME']);
});

const grant = (who: Partial<Parameters<typeof grantToken>[1]>, request = wants()) =>
  grantToken(centre.deps, { actor: chen, amr: ['mfa'], ...who }, 'r', request);
const familyOf = async (id: string) => centre.deps.tokens.find(tenant, 'family', id);
const isGood = async (token: string) =>
  (await introspectToken(centre.deps, tenant, 'bills', token)) !== undefined;

describe('D8: a refresh token', () => {
  const again = (token: string | undefined, more: object = {}) =>
    refreshToken(centre.deps, 'r', { refreshToken: token ?? '', ...more });

  test('D8: that nobody was given ends nothing, and withdraws nothing', async () => {
    const { refreshToken: token = '', issued } = await grant({});
    const guess = `${tenant}.${issued.family}.${'A'.repeat(43)}`;
    await expect(again(guess)).rejects.toMatchObject(refused);
    for (const other of [guess, 'x', token.replace(issued.family, newId(centre.deps))]) {
      await withdrawRefresh(centre.deps, 'r', other);
    }
    const next = await again(token);
    // Nor does one that was replaced, whoever shows it here.
    await withdrawRefresh(centre.deps, 'r', token);
    expect(await isGood(next.token)).toBe(true);
    expect(next.dropped).toEqual([]);
    await withdrawRefresh(centre.deps, 'r', next.refreshToken ?? '');
    expect(await isGood(next.token)).toBe(false);
    const record = (await centre.deps.audit.list(tenant, { limit: 1 }))[0];
    expect(record).toMatchObject({ action: 'token.revoke', detail: { reason: 'request' } });
  });

  test('D8: stays with its holder when the store cannot be reached', async () => {
    const { refreshToken: token = '', issued } = await grant({});
    const find = () => Promise.reject(new CinnabarError('storage_unavailable'));
    const away = { ...centre.deps, tokens: { ...centre.deps.tokens, find } };
    const unreachable = { code: 'storage_unavailable' };
    await expect(withdrawRefresh(away, 'r', token)).rejects.toMatchObject(unreachable);
    expect(await familyOf(issued.family)).toMatchObject({ state: 'active' });
  });

  test('D8: of nobody’s key takes whoever shows one, and binds no token to it', async () => {
    const { refreshToken: token } = await grant({});
    const { issued } = await again(token, { jkt: 'k'.repeat(43) });
    expect(issued).not.toHaveProperty('jkt');
    const [record] = await centre.deps.audit.list(tenant, { limit: 1 });
    expect(record).toMatchObject({ action: 'token.refresh', subject: `token:${issued.id}` });
  });

  test('D8: two at once: the later one is refused like any other', async () => {
    const { refreshToken: token } = await grant({});
    const results = await Promise.allSettled([again(token), again(token), again(token)]);
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(reasons).toEqual(['grant_refused', 'grant_refused']);
  });

  test('D8: is known for a copy after many uses, and the row does not grow with them', async () => {
    const { refreshToken: first, issued } = await grant({});
    const used = [first];
    for (let turn = 0; turn < 66; turn++) used.push((await again(used.at(-1))).refreshToken);
    expect((await familyOf(issued.family))?.usedHashes).toHaveLength(64);
    await expect(again(first)).rejects.toMatchObject(refused);
    expect(await familyOf(issued.family)).toMatchObject({ state: 'active' });
    await expect(again(used[3])).rejects.toMatchObject(refused);
    expect(await familyOf(issued.family)).toMatchObject({ state: 'revoked', revokedFor: 'reuse' });
  });
});

describe('D8: a token that a business system exchanges', () => {
  const jkt = 'k'.repeat(43);
  const exchanged = async (jti: string, more: object = {}) => {
    const system = await centre.deps.tokens.find(tenant, 'system', 'bills');
    if (!system) throw new Error('no system');
    return exchangeToken(centre.deps, 'r', { system, jti, audience: 'bills', ...more });
  };

  test('D8: is in force and on record, bound to the key of the system or to none', async () => {
    const { issued } = await grant({}, wants({ jkt: 'p'.repeat(43) }));
    const free = await exchanged(issued.id);
    expect(decodeJwt(free.token)).not.toHaveProperty('cnf');
    expect(free.dropped).toEqual([]);
    expect(await isGood(free.token)).toBe(true);
    const [record] = await centre.deps.audit.list(tenant, { limit: 1 });
    expect(record).toMatchObject({ action: 'token.exchange', subject: `token:${free.issued.id}` });
    const bound = await exchanged(issued.id, { jkt });
    expect(decodeJwt(bound.token).cnf).toEqual({ jkt });
  });

  test('D8: comes from one that is known, not over, and of an authentication that is known', async () => {
    await expect(exchanged('nothing')).rejects.toMatchObject(refused);
    const { issued } = await grant({});
    const stray = { ...issued, id: newId(centre.deps), family: newId(centre.deps) };
    await centre.deps.tokens.write(tenant, [entryOf('token', stray)]);
    await expect(exchanged(stray.id)).rejects.toMatchObject(refused);
    centre.clock.advance(issued.expiresAtMs - centre.clock.now());
    await expect(exchanged(issued.id)).rejects.toMatchObject(refused);
  });
});

describe('D8: an end', () => {
  const familyNamed = async (id: string): Promise<Family> => {
    const family = await familyOf(id);
    if (!family) throw new Error('no family');
    return family;
  };

  test('D8: is seen in the list, says why, and is not ended again for another reason', async () => {
    const { issued } = await grant({});
    const family = await familyNamed(issued.family);
    await endFamily(centre.deps, caller(chen), family, 'request');
    const [record] = await centre.deps.audit.list(tenant, { limit: 1 });
    const ended = await familyNamed(issued.family);
    await endFamily(centre.deps, caller(chen), family, 'reuse');
    expect(await familyOf(issued.family)).toEqual(ended);
    expect(ended.revokedFor).toBe('request');
    expect(record).toMatchObject({
      action: 'token.revoke',
      subject: `family:${family.id}`,
      detail: { reason: 'request' },
    });
    const { items } = await listTokens(centre.deps, chen, { limit: 100 });
    expect(items.find(({ id }) => id === issued.id)?.state).toBe('revoked');
    const gone = { ...family, id: newId(centre.deps) };
    await endFamily(centre.deps, caller(chen), gone, 'request');
    expect(await familyOf(gone.id)).toBeUndefined();
  });

  test('D8: of one token alone counts, whatever the rest of its family does', async () => {
    const { issued, token } = await grant({});
    const row = await centre.deps.tokens.find(tenant, 'token', issued.id);
    if (!row) throw new Error('no token');
    await centre.deps.tokens.write(tenant, [entryOf('token', changed(row, { state: 'revoked' }))]);
    expect(await familyOf(issued.family)).toMatchObject({ state: 'active' });
    expect(await isGood(token)).toBe(false);
  });

  test('D8: writes a bounded number of rows, and counts for all the others', async () => {
    const { issued, token } = await grant({});
    const family = await familyNamed(issued.family);
    const within = Array.from({ length: 250 }, (_, i) => {
      const inner = { ...family, id: `within-${issued.id}-${i}`, within: family.id };
      return [
        entryOf('family', { ...inner, revision: 1 }),
        entryOf('token', { ...issued, id: `beside-${issued.id}-${i}` }),
      ];
    });
    await centre.deps.tokens.write(tenant, within.flat());
    const counts: number[] = [];
    const write: typeof centre.deps.tokens.write = (place, entries) => {
      counts.push(entries.length);
      return centre.deps.tokens.write(place, entries);
    };
    const deps = { ...centre.deps, tokens: { ...centre.deps.tokens, write } };
    await revokeToken(deps, caller(chen), issued.id);
    expect(counts).toEqual([1 + 200 + 200]);
    expect(await isGood(token)).toBe(false);
  });

  test('D8: of a passkey reaches all that came from it, however much that is', async () => {
    const passkey: Passkey = { tenant, id: 'p', revision: 1, actor: chen.id } as Passkey;
    const never = await grant({ passkey });
    expect(await isGood(never.token)).toBe(false);
    const family = await familyNamed(never.issued.family);
    const ids = Array.from({ length: 430 }, (_, i) => `many-${String(i).padStart(4, '0')}`);
    const rows = ids.map((id, i) => {
      // Others in between, of another passkey.
      const row = { ...family, id, revision: 1, passkey: i % 2 === 0 ? 'p' : 'q' };
      return entryOf('family', row);
    });
    await centre.deps.tokens.write(tenant, rows);
    await endFamiliesOf(centre.deps, caller(chen), passkey);
    const states = await Promise.all(ids.map(async (id) => (await familyOf(id))?.state));
    const expected = ids.map((_, i) => (i % 2 === 0 ? 'revoked' : 'active'));
    expect(states).toEqual(expected);
  });

  test('D8: a store that cannot be reached is said to be so, and no token called withdrawn', async () => {
    const { token } = await grant({});
    const find = () => Promise.reject(new CinnabarError('storage_unavailable'));
    const away = { ...centre.deps, tokens: { ...centre.deps.tokens, find } };
    const asked = introspectToken(away, tenant, 'bills', token);
    await expect(asked).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

test('D8: tokens are listed for their person, page by page, and all of them for an auditor', async () => {
  const wang = { ...chen, id: 'customer-wang' };
  for (const actor of [wang, chen, wang]) await grant({ actor });
  const first = await listTokens(centre.deps, wang, { limit: 1 });
  const next = await listTokens(centre.deps, wang, { limit: 1, before: first.nextCursor ?? '' });
  const seen = [...first.items, ...next.items];
  expect(seen.map(({ actor }) => actor)).toEqual([wang.id, wang.id]);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(2);
  const auditor = { ...wang, roles: ['customer', 'auditor'] as const };
  const all = await listTokens(centre.deps, auditor, { limit: 1_000 });
  expect(new Set(all.items.map(({ actor }) => actor))).toEqual(new Set([wang.id, chen.id]));
  // One whose authentication is forgotten has nothing left to end.
  const [item] = seen;
  if (!item) throw new Error('no token');
  const stray = { ...item, id: newId(centre.deps), family: newId(centre.deps), revision: 1 };
  await centre.deps.tokens.write(tenant, [entryOf('token', stray)]);
  await revokeToken(centre.deps, caller(wang), stray.id);
  await revokeToken(centre.deps, caller(wang), item.id);
  expect(await familyOf(item.family)).toMatchObject({ state: 'revoked', revokedFor: 'request' });
});

test('D8: the record of a token names what each system may read, by label', async () => {
  const request = wants({ audiences: ['bills', 'loans'], identity: { 姓名: '陈思远' } });
  await grant({}, request);
  const [record] = await centre.deps.audit.list(tenant, { limit: 1 });
  expect(record?.detail).toEqual({
    profile: 'cin-sealed-1',
    audiences: 'bills loans',
    released: 'bills:NAME loans:NAME',
  });
});
