// The designs that a token with sensitive claims can have, each issued and opened the same way: what
// the benchmark compares, in Node and in workerd.
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  compactDecrypt,
  compactVerify,
  exportJWK,
  generateKeyPair,
} from 'jose';
import { disclosureDigest, makeDisclosure, readDisclosure } from '../src/core/token/disclosures.ts';
import {
  type IssuerJwk,
  type PublicJwk,
  type SealingJwk,
  thumbprintOf,
} from '../src/core/token/jwk.ts';
import { openSealed } from '../src/core/token/open.ts';
import { sealText } from '../src/core/token/sealing.ts';
import { type TokenVerifier, tokenVerifier } from '../src/core/token/verify.ts';

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
  const whole = await generateKeyPair('ECDH-ES', { crv: 'P-256' });
  return [
    {
      name: 'partial, X25519',
      isReadable: true,
      ...(await partial('X25519', sign, verifier)),
    },
    { name: 'partial, P-256', isReadable: true, ...(await partial('P-256', sign, verifier)) },
    {
      name: 'whole payload, P-256',
      isReadable: false,
      async issue(claims) {
        const inner = await sign(bytes({ ...claims, facts }));
        return new CompactEncrypt(new TextEncoder().encode(inner))
          .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT' })
          .encrypt(whole.publicKey);
      },
      async open(token) {
        const { plaintext } = await compactDecrypt(token, whole.privateKey);
        return objectOf(await verify(new TextDecoder().decode(plaintext)));
      },
    },
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
  ];
}

/** As the product does it, with every check of a business system that is not a peer's. */
async function partial(
  crv: 'P-256' | 'X25519',
  sign: (payload: Uint8Array) => Promise<string>,
  verifier: TokenVerifier,
): Promise<Pick<Design, 'issue' | 'open'>> {
  const pair = await generateKeyPair('ECDH-ES', { crv });
  const jwk = await publicJwk(pair.publicKey);
  const kid = thumbprintOf(jwk);
  const sealing: SealingJwk = { ...jwk, kid, alg: 'ECDH-ES', use: 'enc' };
  const opening = { kid, alg: 'ECDH-ES', crv, key: pair.privateKey } as const;
  const sealed = JSON.stringify({ v: 1, subject: binding.sub, facts });
  return {
    issue: async (claims) =>
      sign(bytes({ ...claims, sealed: [await sealText(sealed, sealing, binding)] })),
    async open(token) {
      const verified = await verifier.verify(token, nowMs);
      return openSealed(verified, binding.aud, [opening]);
    },
  };
}
