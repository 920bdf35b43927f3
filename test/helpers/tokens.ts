import { exportJWK, generateKeyPair } from 'jose';
import { loadGm } from '../../src/core/gm.ts';
import { loadTagger } from '../../src/core/tagger.ts';
import {
  type IssuerJwk,
  jwkOfPoint,
  type PublicJwk,
  type SealingJwk,
  thumbprintOf,
} from '../../src/core/token/jwk.ts';
import { type ProfileName, profiles } from '../../src/core/token/profiles.ts';
import type { OpeningKey } from '../../src/core/token/sealing.ts';
import { openPart } from '../../src/core/token/sealing.ts';
import type { Actor } from '../../src/domain/actor.ts';
import type { CertificateDeps } from '../../src/domain/certificates/ports.ts';
import { type GrantAnswer, grantToken, type TokenRequest } from '../../src/domain/tokens/grants.ts';
import type { TokenDeps, TokenRows } from '../../src/domain/tokens/ports.ts';
import { proveSystem, registerSystem } from '../../src/domain/tokens/systems.ts';
import type { BusinessSystem, ReleasePolicy } from '../../src/domain/tokens/types.ts';
import { base64urlText } from '../../src/lib/base64url.ts';
import { chipTemplateKeys } from '../../src/platform/chips/template-keys.ts';
import { memoryChips } from '../../src/platform/memory/chip-cluster.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import { timerWaits } from '../../src/platform/system.ts';
import { certificateDeps } from './certificates.ts';

export const issuer = 'https://auth.beichen.example';

export const chen: Actor = {
  id: 'customer-chen',
  tenant: 'beichen-bank',
  branch: '0102',
  roles: ['customer'],
  name: '陈思远',
};

export const lin: Actor = {
  id: 'administrator-lin',
  tenant: 'beichen-bank',
  branch: '0100',
  roles: ['administrator'],
  name: '林雪',
};

/** What a terminal sends: facts to seal, and what must go no further. */
export const identity = {
  姓名: '陈思远',
  身份证号: '11010519491231002X',
  手机号: '13805712290',
  银行卡号: '6222021234567890128',
  住址: '浙江省杭州市西湖区文三路 90 号',
  登录密码: 'Qy7!fLmz2',
};

export const caller = (actor: Actor, requestId = 'request-1') => ({ actor, requestId });

/** The authentication centre over chips and stores in RAM, with the tagger that ships. */
export async function authenticationCentre() {
  const base = certificateDeps();
  const chips = memoryChips({ clock: base.clock, random: base.random, waits: timerWaits });
  const deps: TokenDeps & CertificateDeps = {
    ...base,
    keys: chips.keys,
    templateKeys: chipTemplateKeys(chips.wrapping),
    tokens: memoryRowStore<TokenRows>(),
    sensitive: loadTagger,
    issuer,
    profiles: ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1'],
  };
  return { deps, clock: base.clock };
}

export type Centre = Awaited<ReturnType<typeof authenticationCentre>>;

/** A token for chen, who shows the facts of `identity` unless the request says otherwise. */
export function grantedBy(
  { deps }: Centre,
  request: Pick<TokenRequest, 'audiences'> & Partial<TokenRequest>,
  amr: readonly string[] = ['session'],
): Promise<GrantAnswer> {
  const whole = { profile: 'cin-sealed-1', identity, ...request } as const;
  return grantToken(deps, { actor: chen, amr }, 'request-1', whole);
}

/** What is asked for unless a test says otherwise; no facts. */
export const wants = (more: Partial<TokenRequest> = {}): TokenRequest => ({
  audiences: ['bills'],
  profile: 'cin-sealed-1',
  ...more,
});

/** A key pair of a business system. */
export async function openingPair(
  crv: 'P-256' | 'X25519' | 'SM2' = 'P-256',
): Promise<{ readonly jwk: PublicJwk; readonly key: OpeningKey; readonly sealing: SealingJwk }> {
  if (crv === 'SM2') {
    const { privateKey, publicKey } = (await loadGm()).sm2.generateKeyPair();
    const jwk = jwkOfPoint('SM2', publicKey);
    const kid = thumbprintOf(jwk);
    return {
      jwk,
      key: { kid, alg: 'SM2', key: privateKey },
      sealing: { ...jwk, kid, alg: 'SM2', use: 'enc' },
    };
  }
  const pair = await generateKeyPair('ECDH-ES', { crv, extractable: true });
  const { kty, x, y } = await exportJWK(pair.publicKey);
  const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as PublicJwk;
  const kid = thumbprintOf(jwk);
  return {
    jwk,
    key: { kid, alg: 'ECDH-ES', crv, key: pair.privateKey },
    sealing: { ...jwk, kid, alg: 'ECDH-ES', use: 'enc' },
  };
}

/** A business system in service, registered as it would do it itself. */
export async function registered(
  { deps }: Centre,
  id: string,
  labels: ReleasePolicy['labels'],
  crv: 'P-256' | 'X25519' | 'SM2' = 'P-256',
): Promise<{ readonly system: BusinessSystem; readonly secret: string; readonly key: OpeningKey }> {
  const { jwk, key } = await openingPair(crv);
  const release = { labels, purpose: 'handling of bills' };
  const { challenge } = await registerSystem(deps, caller(lin), {
    id,
    title: id,
    key: jwk,
    release,
  });
  const binding = { iss: issuer, sub: 'registration', jti: 'registration', aud: id };
  const opened = await openPart([challenge], [key], binding);
  const proven = await proveSystem(deps, caller(lin), id, String(opened.challenge));
  return { ...proven, key };
}

/** An issuer whose private key the test holds, to sign what no issuer would. */
export async function localIssuer(profile: ProfileName = 'cin-sealed-1') {
  const { algorithm, typ } = profiles[profile];
  const gm = await loadGm();
  const utf8 = new TextEncoder();
  if (algorithm === 'SM2-SM3') {
    const pair = gm.sm2.generateKeyPair();
    const key = jwkOfPoint('SM2', pair.publicKey);
    const jwk: IssuerJwk = { ...key, kid: thumbprintOf(key), alg: algorithm, use: 'sig' };
    const signBytes = async (bytes: Uint8Array) =>
      gm.sm2.sign(pair.privateKey, bytes, { format: 'raw' });
    return { jwk, header: { alg: algorithm, typ, kid: jwk.kid }, signBytes, ...signer(signBytes) };
  }
  const pair = await generateKeyPair('ES256', { extractable: true });
  const { x = '', y = '' } = await exportJWK(pair.publicKey);
  const key: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  const jwk: IssuerJwk = { ...key, kid: thumbprintOf(key), alg: 'ES256', use: 'sig' };
  const parameters = { name: 'ECDSA', hash: 'SHA-256' };
  const signBytes = async (bytes: Uint8Array) =>
    new Uint8Array(await crypto.subtle.sign(parameters, pair.privateKey, new Uint8Array(bytes)));
  return { jwk, header: { alg: 'ES256', typ, kid: jwk.kid }, signBytes, ...signer(signBytes) };

  function signer(sign: (bytes: Uint8Array) => Promise<Uint8Array>) {
    return {
      /** Signs whatever texts or objects are given, well-formed or not. */
      async token(header: unknown, body: unknown): Promise<string> {
        const parts = [header, body].map((part) =>
          base64urlText(utf8.encode(typeof part === 'string' ? part : JSON.stringify(part))),
        );
        const input = parts.join('.');
        return `${input}.${base64urlText(await sign(utf8.encode(input)))}`;
      },
    };
  }
}
