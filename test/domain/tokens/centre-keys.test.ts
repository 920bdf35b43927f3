import { beforeEach, describe, expect, test } from 'vitest';
import { serviceTenant } from '../../../src/domain/chips/keys.ts';
import { newId } from '../../../src/domain/id.ts';
import {
  activeKey,
  listIssuerKeys,
  overlapMs,
  publishedKeys,
  recoveryKeys,
  revokeKey,
  rotateKeys,
} from '../../../src/domain/tokens/issuer-keys.ts';
import { entryOf } from '../../../src/domain/tokens/rows.ts';
import {
  activeSystem,
  authenticateSystem,
  changeSystem,
  getSystem,
  listSystems,
  proveSystem,
  registerSystem,
} from '../../../src/domain/tokens/systems.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  lin,
  openingPair,
  registered,
} from '../../helpers/tokens.ts';

let centre: Centre;
beforeEach(async () => {
  centre = await authenticationCentre();
});

const lastRecord = async () => (await centre.deps.audit.list(lin.tenant, { limit: 1 }))[0];

describe('D8: keys that tokens are signed with', () => {
  const first = () => activeKey(centre.deps, 'ES256');
  const rotate = () => rotateKeys(centre.deps, caller(lin), 'ES256');
  const states = async () => (await listIssuerKeys(centre.deps)).map(({ state }) => state);

  test('D8: the first is made once, whoever asks first, under a name that the service decides', async () => {
    const keys = await Promise.all([first(), first(), activeKey(centre.deps, 'SM2-SM3')]);
    expect(keys[0]).toEqual(keys[1]);
    expect(keys[2].id).not.toBe(keys[0].id);
    expect(keys[0].id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys[0]).toMatchObject({ tenant: serviceTenant, revision: 1, state: 'active' });
    expect(keys[0].jwk).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(keys[2].jwk).toMatchObject({ crv: 'SM2', alg: 'SM2-SM3', use: 'sig' });
    expect(await states()).toEqual(['active', 'active']);
    const elsewhere = { ...centre.deps, issuer: 'https://other.example' };
    expect((await activeKey(elsewhere, 'ES256')).id).toBe(keys[0].id);
    // Another service over stores of its own has another name for its own.
    const other = await authenticationCentre();
    const theirs = await activeKey({ ...other.deps, issuer: 'https://other.example' }, 'ES256');
    expect(theirs.id).not.toBe(keys[0].id);
  });

  test('D8: each step makes one key sign, one verify, and publishes one ahead', async () => {
    const before = await first();
    centre.clock.advance(1000);
    const [ahead, now, past] = await rotate();
    expect([ahead?.state, now?.state, past?.state]).toEqual(['next', 'active', 'passive']);
    expect(past).toMatchObject({ id: before.id, revision: 2 });
    expect(past?.changedAtMs).toBeGreaterThan(before.changedAtMs);
    expect((await first()).id).toBe(now?.id);
    const published = (await publishedKeys(centre.deps)).map(({ kid }) => kid);
    expect(published.toSorted()).toEqual([ahead, now, past].map((key) => key?.jwk.kid).toSorted());
    expect(await lastRecord()).toMatchObject({
      action: 'issuer_key.rotate',
      subject: 'issuer_keys:ES256',
      detail: { algorithm: 'ES256' },
    });
    await rotate();
    expect((await first()).id).toBe(ahead?.id);
    expect(await recoveryKeys(centre.deps)).toEqual([]);
  });

  test('D8: rotated by two at once it is rotated once', async () => {
    await rotate();
    const { id } = await first();
    await Promise.all([rotate(), rotate()]);
    expect((await states()).toSorted()).toEqual(['active', 'next', 'passive', 'passive']);
    expect((await first()).id).not.toBe(id);
  });

  test('D8: one that only verifies does so to the last millisecond of its overlap', async () => {
    const { jwk, id } = await first();
    await rotate();
    const key = await centre.deps.tokens.find(serviceTenant, 'issuer-key', id);
    const isPublished = async () =>
      (await publishedKeys(centre.deps)).some(({ kid }) => kid === jwk.kid);
    const at = (ms: number) => ({ ...centre.deps, clock: { now: () => ms } });
    const endMs = (key?.changedAtMs ?? 0) + overlapMs;
    expect(await isPublished()).toBe(true);
    const shown = async (ms: number) => {
      const keys = await publishedKeys(at(ms));
      const [listed] = (await listIssuerKeys(at(ms))).filter((one) => one.id === id);
      return [keys.some(({ kid }) => kid === jwk.kid), listed?.state];
    };
    expect(await shown(endMs)).toEqual([true, 'passive']);
    expect(await shown(endMs + 1)).toEqual([false, 'retired']);
    // What signs, or waits to, is never over.
    const { state } = (await listIssuerKeys(at(endMs * 2)))[1] ?? {};
    expect([state, (await publishedKeys(at(endMs * 2))).length]).toEqual(['active', 2]);
    // And what is over is not revoked any more: nothing verifies by it.
    await expect(revokeKey(at(endMs + 1), caller(lin), id)).rejects.toMatchObject({
      code: 'issuer_key_state',
    });
    await revokeKey(at(endMs), caller(lin), id);
  });

  test('D8: what recovers is published apart from what signs', async () => {
    const key = await first();
    const recovery = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'r', alg: 'RSA-RECOVERY' } as const;
    const id = newId(centre.deps);
    const row = { ...key, id, jwk: { ...recovery, use: 'recovery' as const } };
    await centre.deps.tokens.write(serviceTenant, [entryOf('issuer-key', row)]);
    expect(await recoveryKeys(centre.deps)).toEqual([row.jwk]);
    expect((await publishedKeys(centre.deps)).map(({ kid }) => kid)).toEqual([key.jwk.kid]);
  });

  test('D8: a store that does not show what was written is contended', async () => {
    const tokens = Object.create(centre.deps.tokens, { list: { value: async () => [] } });
    await expect(activeKey({ ...centre.deps, tokens }, 'ES256')).rejects.toMatchObject({
      code: 'rows_contended',
    });
  });

  test('D8: revoked it stays so, and what signs or waits goes on', async () => {
    const { id } = await first();
    await revokeKey(centre.deps, caller(lin), id);
    expect(await lastRecord()).toMatchObject({
      action: 'issuer_key.revoke',
      subject: `issuer_key:${id}`,
    });
    expect((await states()).toSorted()).toEqual(['active', 'next', 'revoked']);
    expect((await centre.deps.keys.find(serviceTenant, id)).state).toBe('revoked');
    const { revision } = (await centre.deps.tokens.find(serviceTenant, 'issuer-key', id)) ?? {};
    // Once more changes nothing.
    await revokeKey(centre.deps, caller(lin), id);
    expect(await centre.deps.tokens.find(serviceTenant, 'issuer-key', id)).toMatchObject({
      revision,
    });
    // One that was published ahead and never signed.
    const ahead = (await listIssuerKeys(centre.deps)).find(({ state }) => state === 'next');
    await revokeKey(centre.deps, caller(lin), ahead?.id ?? '');
    expect((await states()).toSorted()).toEqual(['active', 'revoked', 'revoked']);
    await rotate();
    expect((await states()).toSorted()).toEqual([
      'active',
      'next',
      'passive',
      'revoked',
      'revoked',
    ]);
  });

  test('D8: nobody’s key, and one whose algorithm is off, are refused by name', async () => {
    await expect(revokeKey(centre.deps, caller(lin), 'nobodys')).rejects.toMatchObject({
      code: 'issuer_key_not_found',
    });
    for (const algorithm of ['RS256', 'RSA-RECOVERY'] as const) {
      await expect(rotateKeys(centre.deps, caller(lin), algorithm)).rejects.toMatchObject({
        code: 'token_profile_off',
      });
    }
    expect(await listIssuerKeys(centre.deps)).toEqual([]);
  });
});

describe('D3: business systems', () => {
  const release = { labels: ['NAME', 'CONTACT'] as const, purpose: 'loans' };
  const register = async (id: string, more: object = {}) => {
    const { jwk } = await openingPair();
    const request = { id, title: '贷款', key: jwk, release, ...more };
    return registerSystem(centre.deps, caller(lin), request);
  };

  test('D3: waits for the proof of its key, and may be registered anew until then', async () => {
    const { system } = await register('loans');
    expect(system).toMatchObject({
      tenant: lin.tenant,
      revision: 1,
      title: '贷款',
      state: 'pending',
      release,
      key: { alg: 'ECDH-ES', use: 'enc' },
    });
    expect(await lastRecord()).toMatchObject({
      action: 'business_system.register',
      subject: 'business_system:loans',
    });
    const again = await register('loans');
    expect(again.system.revision).toBe(2);
    expect(again.system.challengeHash).not.toBe(system.challengeHash);
    for (const id of ['loans', 'nobodys']) {
      await expect(activeSystem(centre.deps, lin.tenant, id)).rejects.toMatchObject({
        code: 'business_system_not_found',
      });
    }
    await expect(
      changeSystem(centre.deps, caller(lin), 'loans', { state: 'active' }),
    ).rejects.toMatchObject({ code: 'business_system_state' });
    const wrong = proveSystem(centre.deps, caller(lin), 'loans', 'x');
    await expect(wrong).rejects.toMatchObject({ code: 'business_key_refused' });
    await expect(proveSystem(centre.deps, caller(lin), 'loans', 'x')).rejects.toMatchObject({
      code: 'business_system_state',
    });
    // The answer is gone with the guess, and there is no secret.
    const left = await getSystem(centre.deps, lin, 'loans');
    expect(left).toMatchObject({ state: 'pending', revision: 3 });
    expect(left).not.toHaveProperty('challengeHash');
    expect(left).not.toHaveProperty('secretHash');
  });

  test('D3: our own name, an unknown label and one that stands twice are refused', async () => {
    await expect(register('cinnabar')).rejects.toMatchObject({ code: 'business_system_state' });
    const refused = {
      code: 'invalid_request',
      fields: [{ pointer: '/body/release/labels', code: 'invalid' }],
    };
    for (const labels of [['PASSWORD'], ['NAME', 'NAME'], ['NAME', 'toString']]) {
      const more = { release: { labels, purpose: 'x' } };
      await expect(register('loans', more)).rejects.toMatchObject(refused);
    }
    const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB' };
    await expect(register('loans', { key: rsa })).rejects.toMatchObject({
      code: 'business_key_refused',
    });
    expect(await listSystems(centre.deps, lin)).toEqual([]);
  });

  test('D3: in service it is known by its secret alone, and by its institution', async () => {
    const { system, secret } = await registered(centre, 'loans', ['NAME']);
    expect(system).toMatchObject({ state: 'active' });
    expect(await lastRecord()).toMatchObject({ action: 'business_system.prove', outcome: 'done' });
    await expect(register('loans')).rejects.toMatchObject({ code: 'business_system_state' });
    const sm = await registered(centre, 'tax', [], 'SM2');
    expect(sm.system.key).toMatchObject({ alg: 'SM2', crv: 'SM2' });
    expect(system).not.toHaveProperty('challengeHash');
    expect(JSON.stringify(system)).not.toContain(secret);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const credentials = { institution: lin.tenant, id: 'loans', secret };
    expect((await authenticateSystem(centre.deps, credentials)).id).toBe('loans');
    const others = [{ secret: '' }, { id: 'bills' }, { institution: 'nanpu-bank' }];
    for (const other of others) {
      await expect(
        authenticateSystem(centre.deps, { ...credentials, ...other }),
      ).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    await expect(
      getSystem(centre.deps, { ...lin, tenant: 'nanpu-bank' }, 'loans'),
    ).rejects.toMatchObject({ code: 'business_system_not_found' });
    const proof = proveSystem(centre.deps, caller(lin), 'loans', secret);
    await expect(proof).rejects.toMatchObject({ code: 'business_system_state' });
  });

  test('D3: what is changed of it is in the record, and out of service it is not found', async () => {
    await registered(centre, 'loans', ['NAME']);
    await changeSystem(centre.deps, caller(lin), 'loans', { release });
    expect((await lastRecord())?.detail).toEqual({ labels: 'NAME CONTACT' });
    const suspended = await changeSystem(centre.deps, caller(lin), 'loans', { state: 'suspended' });
    expect(suspended).toMatchObject({ state: 'suspended', release });
    const { action, subject, detail } = (await lastRecord()) ?? {};
    expect({ action, subject, detail }).toEqual({
      action: 'business_system.change',
      subject: 'business_system:loans',
      detail: { state: 'suspended' },
    });
    const found = activeSystem(centre.deps, lin.tenant, 'loans');
    await expect(found).rejects.toMatchObject({ code: 'business_system_not_found' });
    await changeSystem(centre.deps, caller(lin), 'loans', { state: 'active' });
    expect((await activeSystem(centre.deps, lin.tenant, 'loans')).release).toEqual(release);
    const wrong = { release: { labels: ['X' as 'NAME'], purpose: '' } };
    expect(() => changeSystem(centre.deps, caller(lin), 'loans', wrong)).toThrow();
  });
});
