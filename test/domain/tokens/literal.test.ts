import { constants, createPublicKey, publicDecrypt } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LiteralTrust, openLiteral } from '../../../src/core/token/literal.ts';
import { recoverData, rsaNumbers } from '../../../src/core/token/rsa-recovery.ts';
import type { OpeningKey } from '../../../src/core/token/sealing.ts';
import { tokenVerifier } from '../../../src/core/token/verify.ts';
import { grantToken } from '../../../src/domain/tokens/grants.ts';
import { publishedKeys, recoveryKeys, rotateKeys } from '../../../src/domain/tokens/issuer-keys.ts';
import { allowedProfiles, literalAcceptance } from '../../../src/domain/tokens/literal.ts';
import { ownVerifier } from '../../../src/domain/tokens/verifier.ts';
import { base64urlBytes, base64urlText } from '../../../src/lib/base64url.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  grantedBy,
  identity,
  issuer,
  lin,
  registered,
} from '../../helpers/tokens.ts';

let centre: Centre;
let key: OpeningKey;
let trust: LiteralTrust;
let token: string;

const grant = (audiences = ['ledgers']) =>
  grantedBy(centre, { audiences, profile: 'cin-003-literal' });

beforeAll(async () => {
  const made = await authenticationCentre();
  const profiles = allowedProfiles({ profile: 'on', accept: literalAcceptance });
  centre = { ...made, deps: { ...made.deps, profiles } };
  ({ key } = await registered(centre, 'ledgers', ['NAME', 'ID_DOC', 'ADDRESS'], 'X25519'));
  token = (await grant()).token;
  const signing = (await publishedKeys(centre.deps)).filter(({ alg }) => alg === 'RS256');
  const recovery = await recoveryKeys(centre.deps);
  trust = { issuer, audience: 'ledgers', signing, recovery, openingKeys: [key] };
}, 120_000);

const now = () => centre.clock.now();
const open = (text: string, more: Partial<LiteralTrust> = {}) =>
  openLiteral(text, { ...trust, ...more }, now());

/** The claims and header as anybody reads them. */
type Body = { sensitive: string[]; key: JWK; recovery_kid: string; alg_method: string };
const bodyOf = (text: string) => decodeJwt(text) as unknown as Body;

describe('D5 D6: the compatibility profile is off', () => {
  test('without both switches, and one alone is an error that names the consequences', () => {
    const off = allowedProfiles({ profile: undefined, accept: undefined });
    expect(off).not.toContain('cin-003-literal');
    for (const switches of [
      { profile: 'on', accept: undefined },
      { profile: 'on', accept: 'yes' },
      { profile: undefined, accept: literalAcceptance },
      { profile: 'true', accept: literalAcceptance },
    ]) {
      expect(() => allowedProfiles(switches)).toThrow(/no confidentiality[\s\S]*public key/);
    }
  });

  test('so no such token and no such key is made', async () => {
    const { deps } = await authenticationCentre();
    const plain = { ...centre, deps };
    await expect(
      grantToken(plain.deps, { actor: chen, amr: ['session'] }, 'request-1', {
        audiences: ['cinnabar'],
        profile: 'cin-003-literal',
      }),
    ).rejects.toMatchObject({ code: 'token_profile_off' });
    await expect(rotateKeys(deps, caller(lin), 'RSA-RECOVERY')).rejects.toMatchObject({
      code: 'token_profile_off',
    });
  });

  test('and where it is on, every other verifier refuses its tokens', async () => {
    const keys = await publishedKeys(centre.deps);
    for (const profiles of [undefined, ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1'] as const]) {
      const given = profiles ? { profiles } : {};
      const verifier = await tokenVerifier({ issuer, audience: 'ledgers', keys, ...given });
      await expect(verifier.verify(token, now())).rejects.toMatchObject({ code: 'token_refused' });
    }
    expect(await ownVerifier(centre.deps).verify(token)).toBeUndefined();
    const [signing] = trust.signing;
    const rsa = await importJWK({ ...(signing as JWK) }, 'RS256');
    await expect(jwtVerify(token, rsa as CryptoKey)).rejects.toThrow();
  });
});

describe('D5 D6: where it is on', () => {
  test('alg is encrypted, its method is in the payload, and the business system reads it', async () => {
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'cin-003+jwt' });
    expect(decodeProtectedHeader(token).alg).toMatch(/^ey[\w-]+\.\./);
    expect(bodyOf(token).alg_method).toBe('ECDH-ES+A256GCM');
    const { claims, facts } = await open(token);
    expect(claims.aud).toEqual(['ledgers']);
    expect(facts.map(({ label }) => label).sort()).toEqual(['ADDRESS', 'ID_DOC', 'NAME']);
    expect(facts.find(({ label }) => label === 'NAME')?.value).toBe(identity.姓名);
    expect(JSON.stringify(facts)).not.toContain(identity.登录密码);
  });

  test('OpenSSL recovers the same blocks: the transform is PKCS #1 v1.5 type 1', async () => {
    const { sensitive, key: jwk } = bodyOf(token);
    const publicKey = createPublicKey({ key: jwk as never, format: 'jwk' });
    const padding = constants.RSA_PKCS1_PADDING;
    const parts = sensitive.map((block) =>
      publicDecrypt({ key: publicKey, padding }, base64urlBytes(block) ?? new Uint8Array()),
    );
    expect(Buffer.concat(parts).toString()).toContain(identity.姓名);
  });

  test('it takes one audience, with a key that alg can be encrypted to', async () => {
    await registered(centre, 'others', ['NAME']);
    await registered(centre, 'gm', ['NAME'], 'SM2');
    for (const audiences of [['ledgers', 'others'], ['gm'], ['cinnabar']]) {
      await expect(grant(audiences)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});

describe('D5: what anybody can do with such a token, as its documentation says', () => {
  test('reads it with the public key that the token carries, without any secret', async () => {
    const { sensitive, key: jwk } = bodyOf(token);
    const numbers = await rsaNumbers(jwk as never);
    const blocks = sensitive.map((block) => base64urlBytes(block) ?? new Uint8Array());
    const text = new TextDecoder().decode(recoverData(numbers, blocks));
    expect(text).toContain(identity.身份证号);
  });

  test('follows a person from token to token, because equal data gives equal blocks', async () => {
    const again = (await grant()).token;
    expect(bodyOf(again).sensitive).toEqual(bodyOf(token).sensitive);
  });

  test('moves the blocks nowhere: a change of any part is refused', async () => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const body = bodyOf(token);
    const encoded = (value: object) =>
      base64urlText(new TextEncoder().encode(JSON.stringify(value)));
    const changed = (change: object) => `${header}.${encoded({ ...body, ...change })}.${signature}`;
    const plainAlg = encoded({ ...decodeProtectedHeader(token), alg: 'RS256' });
    const noneAlg = encoded({ ...decodeProtectedHeader(token), alg: 'none' });
    for (const attempt of [
      changed({ sensitive: [...body.sensitive, ...body.sensitive] }),
      changed({ key: { kty: 'RSA', n: 'A'.repeat(512), e: 'AQAB' } }),
      changed({ alg_method: 'dir' }),
      changed({ alg_method: undefined }),
      changed({ aud: 'others' }),
      `${plainAlg}.${payload}.${signature}`,
      `${noneAlg}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    ]) {
      await expect(open(attempt)).rejects.toMatchObject({ code: 'token_refused' });
    }
  });

  test('brings no key of its own: the list of thumbprints decides', async () => {
    await expect(open(token, { recovery: [] })).rejects.toMatchObject({ code: 'token_refused' });
    await expect(open(token, { signing: [] })).rejects.toMatchObject({ code: 'token_refused' });
    await expect(open(token, { openingKeys: [] })).rejects.toMatchObject({ code: 'token_refused' });
  });

  test('gets no signature out of the transform: one key for both is refused', async () => {
    const [signing] = trust.signing;
    const both = { ...signing, alg: 'RSA-RECOVERY', use: 'recovery' } as never;
    await expect(open(token, { recovery: [both] })).rejects.toThrow(TypeError);
    const rows = await centre.deps.tokens.list('-service', 'issuer-key', {}, { limit: 20 });
    const idOf = (alg: string) => rows.find(({ jwk }) => jwk.alg === alg)?.id ?? '';
    const sign = (keyId: string, scheme: 'rsa-recovery' | 'rsa-pkcs1-sha256') =>
      centre.deps.keys.sign({
        tenant: '-service',
        keyId,
        requestId: `cross:${scheme}`,
        scheme,
        message: new Uint8Array(32),
      });
    await expect(sign(idOf('RS256'), 'rsa-recovery')).rejects.toMatchObject({
      code: 'key_use_refused',
    });
    await expect(sign(idOf('RSA-RECOVERY'), 'rsa-pkcs1-sha256')).rejects.toMatchObject({
      code: 'key_use_refused',
    });
  });
});
