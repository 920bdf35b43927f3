// The designs that a token with sensitive claims can have, each issued and opened the same way: what
// the benchmark compares, in Node and in workerd.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  compactDecrypt,
  compactVerify,
  exportJWK,
  generateKeyPair,
} from 'jose';
import { loadGm } from '../src/core/gm.ts';
import { disclosureDigest, makeDisclosure, readDisclosure } from '../src/core/token/disclosures.ts';
import {
  type IssuerJwk,
  jwkOfPoint,
  type PublicJwk,
  type SealingJwk,
  thumbprintOf,
} from '../src/core/token/jwk.ts';
import { algMethod, encryptAlg, openLiteral } from '../src/core/token/literal.ts';
import { openSealed } from '../src/core/token/open.ts';
import { sealText } from '../src/core/token/sealing.ts';
import { type TokenVerifier, tokenVerifier } from '../src/core/token/verify.ts';
import { transformData } from '../src/domain/chips/rsa-transform.ts';
import { base64urlText } from '../src/lib/base64url.ts';

/** One way to make a token, and to read it at the business system. */
export interface Design {
  readonly name: string;
  issue(claims: object): Promise<string>;
  open(token: string): Promise<unknown>;
  /** Whether a terminal reads its own permissions in it. */
  readonly isReadable: boolean;
}

const facts = [
  { name: '/姓名', label: 'NAME', value: '陈思远' },
  { name: '/身份证号', label: 'ID_DOC', value: '11010519491231002X' },
  { name: '/手机号', label: 'CONTACT', value: '13805712290' },
  { name: '/银行卡号', label: 'PAYMENT', value: '6222021234567890128' },
  { name: '/住址', label: 'ADDRESS', value: '杭州市西湖区文三路 90 号' },
];
const binding = {
  iss: 'https://auth.example',
  sub: 'u'.repeat(43),
  jti: 'j'.repeat(36),
  aud: 'bills',
};

/** Public claims of about 0.3 and 2 KB. */
const claimsOf = (permissions: readonly string[]) => ({
  ...binding,
  iat: 1,
  nbf: 1,
  exp: 601,
  amr: ['hwk'],
  pub: { tenant: 'bank', branch: '0102', roles: ['customer'], proofing: 'self' },
  perm: { permissions, limits: [] },
});
const nowMs = 1000;
export const publicParts = {
  small: claimsOf(['make']),
  large: claimsOf(Array.from({ length: 60 }, (_, i) => `permission-of-a-long-name-${i}`)),
};

const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value));
const objectOf = (text: Uint8Array) => JSON.parse(new TextDecoder().decode(text));

async function publicJwk(key: CryptoKey): Promise<PublicJwk> {
  const { kty, crv, x = '', y } = await exportJWK(key);
  return { kty, crv, x, ...(y === undefined ? {} : { y }) } as PublicJwk;
}

export async function designs(): Promise<readonly Design[]> {
  const issuer = await generateKeyPair('ES256');
  const jwk = await publicJwk(issuer.publicKey);
  const ours: IssuerJwk = { ...jwk, kid: thumbprintOf(jwk), alg: 'ES256', use: 'sig' };
  const header = { alg: 'ES256', kid: ours.kid, typ: 'cin-at+jwt' };
  const sign = (payload: Uint8Array) =>
    new CompactSign(payload).setProtectedHeader(header).sign(issuer.privateKey);
  const verify = async (token: string) =>
    (await compactVerify(token, issuer.publicKey, { algorithms: ['ES256'] })).payload;
  const { iss, aud } = binding;
  const verifier = await tokenVerifier({ issuer: iss, audience: aud, keys: [ours] });
  const whole = async (crv: 'P-256' | 'X25519'): Promise<Design> => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv });
    return {
      name: `whole payload, ${crv}`,
      isReadable: false,
      async issue(claims) {
        const inner = await sign(bytes({ ...claims, facts }));
        return new CompactEncrypt(new TextEncoder().encode(inner))
          .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT' })
          .encrypt(publicKey);
      },
      async open(token) {
        const { plaintext } = await compactDecrypt(token, privateKey);
        return objectOf(await verify(new TextDecoder().decode(plaintext)));
      },
    };
  };
  return [
    {
      name: 'partial, X25519',
      isReadable: true,
      ...(await partial('X25519', sign, verifier)),
    },
    { name: 'partial, P-256', isReadable: true, ...(await partial('P-256', sign, verifier)) },
    await whole('P-256'),
    await whole('X25519'),
    await toTwoSystems(sign, verifier),
    {
      name: 'SD-JWT, no secrecy',
      isReadable: true,
      async issue(claims) {
        const shown = facts.map(({ name, value }) => makeDisclosure(name, value));
        const body = { ...claims, _sd_alg: 'sha-256', _sd: shown.map(disclosureDigest) };
        return `${[await sign(bytes(body)), ...shown].join('~')}~`;
      },
      async open(token) {
        const [jws = '', ...shown] = token.split('~').slice(0, -1);
        const { _sd } = objectOf(await verify(jws));
        return shown.map((disclosure) => readDisclosure(disclosure, _sd));
      },
    },
    await gmDesign(),
    await literalDesign(),
  ];
}

/** One token for two business systems; the second one opens its part. */
async function toTwoSystems(
  sign: (payload: Uint8Array) => Promise<string>,
  verifier: TokenVerifier,
): Promise<Design> {
  const [first, second] = [await systemKey('X25519'), await systemKey('X25519')];
  return {
    name: 'partial, X25519, two systems',
    isReadable: true,
    async issue(claims) {
      const sealed = await Promise.all([
        sealText(part, first.sealing, { ...binding, aud: 'loans' }),
        sealText(part, second.sealing, binding),
      ]);
      return sign(bytes({ ...claims, aud: ['loans', binding.aud], sealed }));
    },
    async open(token) {
      return openSealed(await verifier.verify(token, nowMs), binding.aud, [second.opening]);
    },
  };
}

const compact = (header: object, payload: object) =>
  [header, payload].map((value) => base64urlText(bytes(value))).join('.');

/** `cin-sm-1`: signed with SM2, sealed with SM2 and SM4-GCM. */
async function gmDesign(): Promise<Design> {
  const { sm2 } = await loadGm();
  const [issuer, system] = [sm2.generateKeyPair(), sm2.generateKeyPair()];
  const [jwk, theirs] = [issuer, system].map(({ publicKey }) => jwkOfPoint('SM2', publicKey)) as [
    PublicJwk,
    PublicJwk,
  ];
  const key: IssuerJwk = { ...jwk, kid: thumbprintOf(jwk), alg: 'SM2-SM3', use: 'sig' };
  const kid = thumbprintOf(theirs);
  const sealing: SealingJwk = { ...theirs, kid, alg: 'SM2', use: 'enc' };
  const { iss, aud } = binding;
  const profiles = ['cin-sm-1'] as const;
  const verifier = await tokenVerifier({ issuer: iss, audience: aud, keys: [key], profiles });
  return {
    name: 'partial, SM2',
    isReadable: true,
    async issue(claims) {
      const sealed = [await sealText(part, sealing, binding)];
      const header = { alg: key.alg, kid: key.kid, typ: 'cin-sm+jwt' };
      const text = compact(header, { ...claims, sealed });
      const signature = sm2.sign(issuer.privateKey, utf8ToBytes(text), { format: 'raw' });
      return `${text}.${base64urlText(signature)}`;
    },
    async open(token) {
      const opening = { kid, alg: 'SM2', key: system.privateKey } as const;
      return openSealed(await verifier.verify(token, nowMs), aud, [opening]);
    },
  };
}

/** `cin-003-literal`: gives no confidentiality, and costs three RSA operations. */
async function literalDesign(): Promise<Design> {
  const parameters = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const size = { modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) };
  const make = () =>
    crypto.subtle.generateKey({ ...parameters, ...size }, true, [
      'sign',
      'verify',
    ]) as Promise<CryptoKeyPair>;
  const [signer, recoverer] = [await make(), await make()];
  const publicOf = async ({ publicKey }: CryptoKeyPair) => {
    const { n = '', e = '' } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey;
    const jwk = { kty: 'RSA', n, e } as unknown as PublicJwk;
    return { ...jwk, kid: thumbprintOf(jwk) };
  };
  const signing = { ...(await publicOf(signer)), alg: 'RS256', use: 'sig' } as IssuerJwk;
  const recovery = {
    ...(await publicOf(recoverer)),
    alg: 'RSA-RECOVERY',
    use: 'recovery',
  } as const;
  const pkcs8 = (await crypto.subtle.exportKey('pkcs8', recoverer.privateKey)) as ArrayBuffer;
  const sodium = {
    randombytes_buf: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
  };
  const tools = { sodium, subtle: crypto.subtle } as unknown as Parameters<typeof transformData>[0];
  const { sealing, opening } = await systemKey('X25519');
  const { iss, aud } = binding;
  const trust = { issuer: iss, audience: aud, signing: [signing], recovery: [recovery] };
  const { kid, kty, n, e } = recovery;
  return {
    name: 'literal, RSA',
    isReadable: true,
    async issue(claims) {
      const data = bytes({ facts });
      const blocks: string[] = [];
      for (let from = 0; from < data.length; from += 373) {
        const block = data.subarray(from, from + 373);
        blocks.push(base64urlText(await transformData(tools, new Uint8Array(pkcs8), block)));
      }
      const header = { alg: await encryptAlg(sealing), kid: signing.kid, typ: 'cin-003+jwt' };
      const carried = {
        alg_method: algMethod,
        recovery_kid: kid,
        key: { kty, n, e },
        sensitive: blocks,
      };
      const text = compact(header, { ...claims, ...carried });
      const signature = await crypto.subtle.sign(parameters, signer.privateKey, utf8ToBytes(text));
      return `${text}.${base64urlText(new Uint8Array(signature))}`;
    },
    open: (token) => openLiteral(token, { ...trust, openingKeys: [opening] }, nowMs),
  };
}

const part = JSON.stringify({ v: 1, subject: binding.sub, facts });

async function systemKey(crv: 'P-256' | 'X25519') {
  const pair = await generateKeyPair('ECDH-ES', { crv });
  const jwk = await publicJwk(pair.publicKey);
  const kid = thumbprintOf(jwk);
  const sealing: SealingJwk = { ...jwk, kid, alg: 'ECDH-ES', use: 'enc' };
  return { sealing, opening: { kid, alg: 'ECDH-ES', crv, key: pair.privateKey } as const };
}

/** As the product does it, with every check of a business system that is not a peer's. */
async function partial(
  crv: 'P-256' | 'X25519',
  sign: (payload: Uint8Array) => Promise<string>,
  verifier: TokenVerifier,
): Promise<Pick<Design, 'issue' | 'open'>> {
  const { sealing, opening } = await systemKey(crv);
  return {
    issue: async (claims) =>
      sign(bytes({ ...claims, sealed: [await sealText(part, sealing, binding)] })),
    async open(token) {
      const verified = await verifier.verify(token, nowMs);
      return openSealed(verified, binding.aud, [opening]);
    },
  };
}
