import { expect, test } from 'vitest';
import { createClient, tokenHolder } from '../../src/client/index.ts';
import { answerChallenge, systemKeys } from '../../src/core/business.ts';
import { startEdge } from '../helpers/edge.ts';
import { identity } from '../helpers/tokens.ts';

test('D8: the client registers a system, gets bound tokens and uses them with nonces', async () => {
  const edge = await startEdge();
  const send: typeof fetch = async (url, init) => edge.app.request(String(url), init);
  const baseUrl = 'http://localhost';
  const clientOf = (who: string) =>
    createClient({ baseUrl, token: () => edge.tokenOf(who), fetch: send });
  const admin = clientOf('administrator-lin');
  const { jwk, key } = await systemKeys(new Uint8Array(32).fill(9));
  const { challenge } = await admin.businessSystems.register({
    id: 'bills',
    title: '票据',
    key: { kty: 'OKP', crv: 'X25519', x: jwk.x ?? '' },
    release: { labels: ['NAME'], purpose: '票据' },
  });
  const centre = { issuer: await admin.tokens.issuer(), name: 'bills' };
  await admin.businessSystems.prove('bills', await answerChallenge(challenge, key, centre));

  const session = () => edge.tokenOf('customer-chen');
  const holder = await tokenHolder({ baseUrl, fetch: send, session, now: edge.clock.now });
  const first = await holder.grant({ audiences: ['bills'], identity });
  expect([first.tokenType, first.released]).toEqual([
    'DPoP',
    [{ system: 'bills', labels: ['NAME'] }],
  ]);
  const second = await holder.refresh(first.refreshToken ?? '');
  const stranger = await tokenHolder({ baseUrl, fetch: send, session, now: edge.clock.now });
  await expect(stranger.refresh(second.refreshToken ?? '')).rejects.toMatchObject({
    code: 'grant_refused',
  });

  const own = await holder.grant({ audiences: ['cinnabar'] });
  type Listed = { items: { id: string }[] };
  const list = await holder.call<Listed>(own.accessToken, 'GET', '/v1/tokens');
  expect(list.items.map(({ id }) => id)).toContain(own.id);
  await expect(stranger.call(own.accessToken, 'GET', '/v1/tokens')).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  await clientOf('customer-chen').tokens.revoke(own.id);
  expect((await admin.issuerKeys.rotate('ES256')).items).toHaveLength(3);
  expect((await admin.sensitive.extract({ text: '手机13812345678' })).spans).toHaveLength(1);
});
