import { CompactEncrypt, exportJWK, FlattenedSign, generateKeyPair, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { describe, expect, test, vi } from 'vitest';
import { verifyProof } from '../../../src/core/token/dpop.ts';
import { TokenError } from '../../../src/core/token/error.ts';
import { isSoundJwk, type PublicJwk } from '../../../src/core/token/jwk.ts';
import { openSealed, partText } from '../../../src/core/token/open.ts';
import { type ProfileName, profileNames, profiles } from '../../../src/core/token/profiles.ts';
import { type OpeningKey, sealText } from '../../../src/core/token/sealing.ts';
import { type TokenVerifier, tokenVerifier } from '../../../src/core/token/verify.ts';
import { base64urlText } from '../../../src/lib/base64url.ts';
import { issuer, localIssuer, openingPair } from '../../helpers/tokens.ts';

const audience = 'bills';
const nowMs = Date.UTC(2026, 2, 2, 3);
const now = nowMs / 1000;
const utf8 = new TextEncoder();
const text = (value: unknown) => base64urlText(utf8.encode(JSON.stringify(value)));

const goodBody = {
  iss: issuer,
  sub: 'pairwise-of-the-holder-at-bills',
  aud: audience,
  iat: now,
  nbf: now,
  exp: now + 300,
  jti: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10',
  amr: ['hwk', 'user'],
  pub: { tenant: 'beichen-bank', branch: '0102', roles: ['customer'], proofing: 'self' },
  perm: {
    permissions: ['view'],
    limits: [{ channel: 'online', currency: 'CNY', single: '100', daily: '1000', count: 3 }],
  },
};

type Case = readonly [name: string, token: string];

async function accepted(verifier: TokenVerifier, cases: readonly Case[]): Promise<string[]> {
  const passed: string[] = [];
  for (const [name, token] of cases) {
    try {
      await verifier.verify(token, nowMs);
      passed.push(name);
    } catch (error) {
      // Whatever is wrong, it is one refusal, and nothing crashes.
      if (!(error instanceof TokenError)) throw error;
      expect(error.code).toBe('token_refused');
    }
  }
  return passed;
}

const local = await localIssuer();
const verifier = await tokenVerifier({ issuer, audience, keys: [local.jwk] });
const good = await local.token(local.header, goodBody);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');

/** How many cases the file has run: the list must not shrink unnoticed. */
let count = 0;
async function refuseAll(cases: readonly Case[], by = verifier): Promise<void> {
  count += cases.length;
  expect(await accepted(by, cases)).toEqual([]);
}

const headers = (changes: readonly (readonly [string, object])[]) =>
  Promise.all(
    changes.map(
      async ([name, change]): Promise<Case> => [
        name,
        await local.token({ ...local.header, ...change }, goodBody),
      ],
    ),
  );

const bodies = (changes: readonly (readonly [string, unknown])[]) =>
  Promise.all(
    changes.map(
      async ([name, body]): Promise<Case> => [name, await local.token(local.header, body)],
    ),
  );

const without = (name: keyof typeof goodBody) => {
  const { [name]: _, ...rest } = goodBody;
  return rest;
};

describe('D4 D5 D8: what a verifier accepts', () => {
  test('the token that all attacks are made from', async () => {
    const { claims, profile } = await verifier.verify(good, nowMs);
    expect(profile.name).toBe('cin-sealed-1');
    expect(claims).toMatchObject({ sub: goodBody.sub, aud: [audience], sealed: [] });
  });

  test('no algorithm but that of the profile, and nothing beside it in the header', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const none = ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg): Case[] => [
      [`alg ${alg}`, `${text({ ...local.header, alg })}.${goodPayload}.`],
      [`alg ${alg}, signed`, `${text({ ...local.header, alg })}.${goodPayload}.${goodSignature}`],
    ]);
    await refuseAll(none);
    await refuseAll(
      await headers(
        [
          'HS256',
          'HS384',
          'HS512',
          'RS256',
          'PS256',
          'ES384',
          'ES512',
          'ES256K',
          'EdDSA',
          'SM2-SM3',
          'es256',
          'ES256 ',
          'dir',
          7,
          null,
          true,
          ['ES256'],
        ].map((alg) => [`alg ${alg}`, { alg }] as const),
      ),
    );
    const url = 'https://attacker.example/keys';
    await refuseAll(
      await headers([
        ['jwk', { jwk }],
        ['jwk of ours', { jwk: local.jwk }],
        ['jku', { jku: url }],
        ['x5u', { x5u: url }],
        ['x5c', { x5c: ['MIIB'] }],
        ['x5t', { x5t: 'AAAA' }],
        ['crit unknown', { crit: ['exp'], exp: now }],
        ['crit empty', { crit: [] }],
        ['crit b64', { crit: ['b64'], b64: true }],
        ['b64 false', { b64: false }],
        ['zip', { zip: 'DEF' }],
        ['cty', { cty: 'JWT' }],
        ['enc', { enc: 'A256GCM' }],
        ['p2c', { p2c: 5_000_000 }],
        ['foreign member', { foo: 1 }],
        ['url', { url }],
        ['nonce', { nonce: 'x' }],
      ]),
    );
    const forged = await new SignJWT(goodBody).setProtectedHeader(local.header).sign(privateKey);
    const own = await new SignJWT(goodBody)
      .setProtectedHeader({ ...local.header, jwk })
      .sign(privateKey);
    await refuseAll([
      ['another key under our kid', forged],
      ['another key that is brought along', own],
    ]);
  });

  test('no public key as a secret', async () => {
    const secrets = [
      JSON.stringify(local.jwk),
      local.jwk.x ?? '',
      `${local.jwk.x}${local.jwk.y}`,
      local.jwk.kid,
      '-----BEGIN PUBLIC KEY-----',
    ];
    const cases = secrets.map((secret, index): Case => {
      const options = { algorithm: 'HS256', header: { ...local.header, alg: 'HS256' } } as const;
      return [`secret ${index}`, jsonwebtoken.sign(goodBody, secret, options)];
    });
    await refuseAll(cases);
  });

  test('no kid but one of the set', async () => {
    const kids: unknown[] = [
      '../../etc/passwd',
      "' OR 1=1 --",
      'https://attacker.example/key',
      '',
      'x',
      'A'.repeat(43),
      'A'.repeat(44),
      `${local.jwk.kid} `,
      local.jwk.kid.toLowerCase(),
      `${local.jwk.kid}\u0000`,
      '__proto__',
      'constructor',
      'toString',
      0,
      null,
      [local.jwk.kid],
      { kid: local.jwk.kid },
    ];
    await refuseAll(await headers(kids.map((kid) => [`kid ${String(kid)}`, { kid }] as const)));
    const { kid: _, ...bare } = local.header;
    await refuseAll([['no kid', await local.token(bare, goodBody)]]);
  });

  test('no other type: proofs, identity tokens, logout tokens, other profiles', async () => {
    const types: unknown[] = [
      'JWT',
      'jwt',
      'at+jwt',
      'dpop+jwt',
      'logout+jwt',
      'id_token',
      'secevent+jwt',
      'application/cin-at+jwt',
      'CIN-AT+JWT',
      'cin-at+jwt ',
      '',
      null,
      1,
      ['cin-at+jwt'],
      ...profileNames.filter((name) => name !== 'cin-sealed-1').map((name) => profiles[name].typ),
    ];
    await refuseAll(await headers(types.map((typ) => [`typ ${String(typ)}`, { typ }] as const)));
    const { typ: _, ...bare } = local.header;
    await refuseAll([['no typ', await local.token(bare, goodBody)]]);
  });

  test('no claim that is missing, of another kind, or out of range', async () => {
    const required = [
      'iss',
      'sub',
      'aud',
      'iat',
      'nbf',
      'exp',
      'jti',
      'amr',
      'pub',
      'perm',
    ] as const;
    await refuseAll(await bodies(required.map((name) => [`without ${name}`, without(name)])));
    const wrong: readonly (readonly [string, object])[] = [
      ['exp as text', { exp: String(now + 300) }],
      ['exp as fraction', { exp: now + 300.5 }],
      ['exp negative', { exp: -1 }],
      ['exp huge', { exp: 1e15 }],
      ['exp null', { exp: null }],
      ['exp passed', { exp: now - 31, iat: now - 331, nbf: now - 331 }],
      ['exp at the border', { exp: now - 30, iat: now - 330, nbf: now - 330 }],
      ['exp too far', { exp: now + 601 }],
      ['exp a year ahead', { exp: now + 31_536_000 }],
      ['exp before nbf', { nbf: now + 20, exp: now + 10 }],
      ['nbf ahead', { nbf: now + 31 }],
      ['iat ahead', { iat: now + 31, nbf: now + 31 }],
      ['iat after nbf', { iat: now + 10, nbf: now }],
      ['iat as text', { iat: String(now) }],
      ['nbf as list', { nbf: [now] }],
      ['iss of another', { iss: 'https://auth.nanpu.example' }],
      ['iss with slash', { iss: `${issuer}/` }],
      ['iss as list', { iss: [issuer] }],
      ['aud of another', { aud: 'loans' }],
      ['aud in other case', { aud: 'Bills' }],
      ['aud as prefix', { aud: 'bills2' }],
      ['aud empty', { aud: [] }],
      ['aud twice', { aud: [audience, audience] }],
      ['aud many', { aud: [audience, ...Array.from({ length: 8 }, (_, i) => `s${i}`)] }],
      ['aud as object', { aud: { bills: true } }],
      ['aud of numbers', { aud: [audience, 7] }],
      ['aud null', { aud: null }],
      ['jti short', { jti: 'x' }],
      ['jti long', { jti: 'x'.repeat(65) }],
      ['jti as number', { jti: 12345678901234 }],
      ['sub empty', { sub: '' }],
      ['sub with blank', { sub: 'a b' }],
      ['sub as object', { sub: {} }],
      ['sub long', { sub: 'x'.repeat(201) }],
      ['amr as text', { amr: 'hwk' }],
      ['pub as list', { pub: [] }],
      ['pub without tenant', { pub: { ...goodBody.pub, tenant: undefined } }],
      ['pub with unknown proofing', { pub: { ...goodBody.pub, proofing: 'trust me' } }],
      ['roles as text', { pub: { ...goodBody.pub, roles: 'administrator' } }],
      ['roles many', { pub: { ...goodBody.pub, roles: Array(65).fill('teller') } }],
      ['perm null', { perm: null }],
      ['limits as object', { perm: { permissions: [], limits: {} } }],
      ['limit as number', { perm: { permissions: [], limits: [7] } }],
      [
        'amount as number',
        { perm: { permissions: [], limits: [{ ...goodBody.perm.limits[0], single: 100 }] } },
      ],
      [
        'amount negative',
        { perm: { permissions: [], limits: [{ ...goodBody.perm.limits[0], single: '-1' }] } },
      ],
      [
        'amount huge',
        {
          perm: {
            permissions: [],
            limits: [{ ...goodBody.perm.limits[0], daily: '9'.repeat(19) }],
          },
        },
      ],
      [
        'count negative',
        { perm: { permissions: [], limits: [{ ...goodBody.perm.limits[0], count: -1 }] } },
      ],
      [
        'count fraction',
        { perm: { permissions: [], limits: [{ ...goodBody.perm.limits[0], count: 1.5 }] } },
      ],
      [
        'currency long',
        { perm: { permissions: [], limits: [{ ...goodBody.perm.limits[0], currency: 'CNYX' }] } },
      ],
      ['cnf as text', { cnf: 'x' }],
      ['cnf without jkt', { cnf: {} }],
      ['jkt short', { cnf: { jkt: 'x' } }],
      ['act as text', { act: 'loans' }],
      ['sealed as text', { sealed: 'x' }],
      ['sealed of objects', { sealed: [{}] }],
      ['sealed of four parts', { sealed: ['a.b.c.d'] }],
      ['sealed many', { sealed: Array(9).fill('a.b.c.d.e') }],
      ['digests where the profile has none', { _sd: ['A'.repeat(43)], _sd_alg: 'sha-256' }],
    ];
    await refuseAll(
      await bodies(wrong.map(([name, change]) => [name, { ...goodBody, ...change }])),
    );
  });

  test('no body that readers understand differently', async () => {
    const json = JSON.stringify(goodBody);
    const inner = json.slice(1, -1);
    await refuseAll(
      await bodies([
        ['aud twice', `{"aud":"loans",${inner}}`],
        ['aud twice, last wins', `{${inner},"aud":"bills"}`],
        ['exp twice', `{${inner},"exp":${now + 500}}`],
        ['escaped twin', `{${inner},"\\u0061ud":"bills"}`],
        ['nested twin', json.replace('"branch"', '"tenant":"nanpu-bank","branch"')],
        ['__proto__', `{${inner},"__proto__":{"roles":["administrator"]}}`],
        ['escaped __proto__', `{${inner},"\\u005f_proto__":{}}`],
        ['lone surrogate', `{${inner},"x":"\\ud800"}`],
        ['long number', `{${inner},"x":${'9'.repeat(30)}}`],
        ['beyond 2^53', `{${inner},"x":9007199254740993}`],
        ['infinite', `{${inner},"x":1e400}`],
        ['deep', `{${inner},"x":${'['.repeat(9)}${']'.repeat(9)}}`],
        ['very deep', `{${inner},"x":${'['.repeat(2000)}${']'.repeat(2000)}}`],
        ['trailing comma', `{${inner},}`],
        ['trailing text', `${json}x`],
        ['second object', `${json}${json}`],
        ['comment', `{/**/${inner}}`],
        ['single quotes', json.replaceAll('"', "'")],
        ['leading zero', `{${inner},"x":01}`],
        ['plus sign', `{${inner},"x":+1}`],
        ['NaN', `{${inner},"x":NaN}`],
        ['control character', `{${inner},"x":"\u0001"}`],
        ['byte order mark', `\ufeff${json}`],
        ['list', `[${json}]`],
        ['text', '"hello"'],
        ['number', '7'],
        ['null', 'null'],
        ['empty', ' '],
      ]),
    );
    const bytes = Uint8Array.of(...utf8.encode('{"x":"'), 0xff, 0xfe, ...utf8.encode('"}'));
    const input = `${goodHeader}.${base64urlText(bytes)}`;
    const signature = base64urlText(await local.signBytes(utf8.encode(input)));
    await refuseAll([['not UTF-8', `${input}.${signature}`]]);
  });

  test('no other writing of the same token, and no signature but its own', async () => {
    const bytes = await local.signBytes(utf8.encode(`${goodHeader}.${goodPayload}`));
    const zero = base64urlText(new Uint8Array(64));
    const der = base64urlText(
      Uint8Array.of(0x30, 68, 2, 32, ...bytes.subarray(0, 32), 2, 32, ...bytes.subarray(32)),
    );
    const half = (from: number) => bytes.map((byte, i) => (i >= from && i < from + 32 ? 0 : byte));
    const flips = Array.from({ length: 16 }, (_, i): Case => {
      const flipped = bytes.map((byte, j) => (j === i * 4 ? byte ^ 1 : byte));
      return [
        `bit ${i * 4} of the signature`,
        `${goodHeader}.${goodPayload}.${base64urlText(flipped)}`,
      ];
    });
    const payloadFlips = Array.from({ length: 8 }, (_, i): Case => {
      const at = 10 + i * 20;
      const other = goodPayload[at] === 'A' ? 'B' : 'A';
      return [
        `character ${at}`,
        `${goodHeader}.${goodPayload.slice(0, at)}${other}${goodPayload.slice(at + 1)}.${goodSignature}`,
      ];
    });
    await refuseAll([
      ...flips,
      ...payloadFlips,
      ['no signature', `${goodHeader}.${goodPayload}.`],
      ['zero signature', `${goodHeader}.${goodPayload}.${zero}`],
      ['r is zero', `${goodHeader}.${goodPayload}.${base64urlText(half(0))}`],
      ['s is zero', `${goodHeader}.${goodPayload}.${base64urlText(half(32))}`],
      ['DER signature', `${goodHeader}.${goodPayload}.${der}`],
      ['short signature', `${goodHeader}.${goodPayload}.${base64urlText(bytes.subarray(0, 63))}`],
      [
        'long signature',
        `${goodHeader}.${goodPayload}.${base64urlText(Uint8Array.of(...bytes, 0))}`,
      ],
      ['padded', `${good}==`],
      ['padded header', `${goodHeader}=.${goodPayload}.${goodSignature}`],
      ['blank before', ` ${good}`],
      ['blank behind', `${good} `],
      ['line break', `${goodHeader}.\n${goodPayload}.${goodSignature}`],
      ['plus and slash', `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -1)}+`],
      [
        'unused bits',
        `${goodHeader}.${goodPayload}.${goodSignature.slice(0, -1)}${goodSignature.endsWith('A') ? 'B' : `${String.fromCharCode((goodSignature.charCodeAt(85) ?? 65) + 1)}`}`,
      ],
      ['two parts', `${goodHeader}.${goodPayload}`],
      ['four parts', `${good}.x`],
      ['five parts', `${good}.x.y`],
      ['one part', goodHeader],
      ['nothing', ''],
      ['dots', '..'],
      ['Bearer in front', `Bearer ${good}`],
      ['with tilde', `${good}~`],
      [
        'JSON serialization',
        JSON.stringify({
          payload: goodPayload,
          signatures: [{ protected: goodHeader, signature: goodSignature }],
        }),
      ],
      ['a megabyte', `${goodHeader}.${'A'.repeat(1 << 20)}.${goodSignature}`],
      ['over 8 KiB', await local.token(local.header, { ...goodBody, x: 'A'.repeat(8192) })],
    ]);
    const unencoded = await new FlattenedSign(utf8.encode('{}'))
      .setProtectedHeader({ ...local.header, b64: false, crit: ['b64'] })
      .sign((await generateKeyPair('ES256')).privateKey)
      .catch(() => undefined);
    await refuseAll([['unencoded payload', `${unencoded?.protected}.{}.${unencoded?.signature}`]]);
  });

  test('no other token for one that is remembered, and that one no longer than it lives', async () => {
    const keeping = await tokenVerifier({ issuer, audience, keys: [local.jwk], remembered: 2 });
    const counted = vi.spyOn(crypto.subtle, 'verify');
    try {
      await keeping.verify(good, nowMs);
      await keeping.verify(good, nowMs + 1);
      expect(counted).toHaveBeenCalledTimes(1);
      const other = goodSignature.at(0) === 'A' ? 'B' : 'A';
      await refuseAll(
        [
          ['another signature', `${goodHeader}.${goodPayload}.${other}${goodSignature.slice(1)}`],
          ['another body', `${goodHeader}.${text({ ...goodBody, sub: 'x' })}.${goodSignature}`],
          ['blank behind', `${good} `],
        ],
        keeping,
      );
      // What the clock and the trust say is asked again, whatever was found about the signature.
      const ended = keeping.verify(good, nowMs + 331_000);
      await expect(ended).rejects.toMatchObject({ reason: 'expired' });
      const early = keeping.verify(good, nowMs - 31_000);
      await expect(early).rejects.toMatchObject({ reason: 'not_yet_valid' });
      const foreign = await local.token(local.header, { ...goodBody, aud: 'loans' });
      await refuseAll(
        [1, 2].map((i): Case => [`for others, time ${i}`, foreign]),
        keeping,
      );
      // Two others take its place.
      for (const sub of ['one', 'two']) {
        await keeping.verify(await local.token(local.header, { ...goodBody, sub }), nowMs);
      }
      counted.mockClear();
      await keeping.verify(good, nowMs);
      expect(counted).toHaveBeenCalledTimes(1);
    } finally {
      counted.mockRestore();
    }
  });

  test('no token around or inside another', async () => {
    const { privateKey } = await generateKeyPair('ECDH-ES');
    const { sealing, key } = await openingPair();
    const wrapped = await sealText(JSON.stringify(goodBody), sealing, {
      iss: issuer,
      sub: 's',
      jti: 'j',
      aud: audience,
    });
    expect(privateKey && key).toBeTruthy();
    const inner = `${text({ alg: 'none' })}.${goodPayload}.`;
    await refuseAll([
      ['a JWE', wrapped],
      ['unsigned inside', await local.token(local.header, { jwt: inner })],
      ['nested', await local.token({ ...local.header, cty: 'JWT' }, JSON.stringify(good))],
      ['payload is a token', await local.token(local.header, good)],
    ]);
  });

  test('no key set that leaves anything to the token', async () => {
    const { jwk } = local;
    const sets: readonly (readonly [string, object])[] = [
      ['without alg', { ...jwk, alg: undefined }],
      ['without use', { ...jwk, use: undefined }],
      ['for encryption', { ...jwk, use: 'enc' }],
      ['of another alg', { ...jwk, alg: 'SM2-SM3' }],
      ['with HS256', { kty: 'oct', k: 'AAAA', kid: jwk.kid, alg: 'HS256', use: 'sig' }],
      ['off the curve', { ...jwk, y: jwk.x }],
      ['short coordinate', { ...jwk, x: 'AAAA' }],
      ['kid of another form', { ...jwk, kid: '1' }],
    ];
    for (const [, key] of sets) {
      count++;
      await expect(tokenVerifier({ issuer, audience, keys: [key as never] })).rejects.toThrow(
        TypeError,
      );
    }
  });
});

describe('D5: what opens a sealed part', () => {
  const facts = [{ name: '/name', label: 'NAME', value: '陈思远' }] as const;

  async function sealedCase(
    profile: ProfileName,
    crv: 'P-256' | 'X25519' | 'SM2',
    how?: 'remembering',
  ) {
    const own = await localIssuer(profile);
    const check = await tokenVerifier({ issuer, audience, keys: [own.jwk], profiles: [profile] });
    const { key: made, sealing } = await openingPair(crv);
    const key: OpeningKey =
      how && made.alg !== 'SM2' ? { ...made, known: new Map<string, CryptoKey>() } : made;
    const { sub, jti } = goodBody;
    const binding = { iss: issuer, sub, jti, aud: audience };
    const plaintext = partText('subject', facts);
    const part = await sealText(plaintext, sealing, binding);
    const open = async (parts: readonly string[], change: object = {}, keys = [key]) => {
      const token = await own.token(own.header, { ...goodBody, sealed: parts, ...change });
      return openSealed(await check.verify(token, nowMs), audience, keys);
    };
    return { key, sealing, binding, plaintext, part, open };
  }

  test.each([
    ['cin-sealed-1', 'P-256'],
    ['cin-sealed-1', 'X25519'],
    ['cin-sm-1', 'SM2'],
    ['cin-sealed-1', 'P-256', 'remembering'],
    ['cin-sealed-1', 'X25519', 'remembering'],
  ] as const)('%s to %s %s: its own and no other', async (profile, crv, how?: 'remembering') => {
    const { key, sealing, binding, plaintext, part, open } = await sealedCase(profile, crv, how);
    expect(await open([part])).toMatchObject({ subject: 'subject', facts });
    const [header = '', ek = '', iv = '', content = '', tag = ''] = part.split('.');
    const head = JSON.parse(
      new TextDecoder().decode(
        Uint8Array.from(atob(header.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
          c.charCodeAt(0),
        ),
      ),
    );
    const reheaded = (change: object) =>
      [text({ ...head, ...change }), ek, iv, content, tag].join('.');
    const flip = (s: string, at = 3) =>
      `${s.slice(0, at)}${s[at] === 'A' ? 'B' : 'A'}${s.slice(at + 1)}`;
    const other = await openingPair(crv);
    const moved = (change: Partial<typeof binding>) =>
      sealText(plaintext, sealing, { ...binding, ...change });
    const attempts: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['another token', async () => open([part], { jti: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a11' })],
      ['another holder', async () => open([part], { sub: 'somebody-else' })],
      ['sealed for another token', async () => open([await moved({ jti: 'another-token-16x' })])],
      ['sealed for another holder', async () => open([await moved({ sub: 'other' })])],
      ['sealed by another issuer', async () => open([await moved({ iss: 'https://x.example' })])],
      ['sealed for another system', async () => open([await moved({ aud: 'loans' })])],
      ['twice', async () => open([part, part])],
      ['none', async () => open([])],
      ['to another key', async () => open([await sealText(plaintext, other.sealing, binding)])],
      [
        'another key under its kid',
        async () =>
          open([await sealText(plaintext, { ...other.sealing, kid: sealing.kid }, binding)]),
      ],
      ['no key', async () => open([part], {}, [])],
      ['content changed', async () => open([[header, ek, iv, flip(content), tag].join('.')])],
      ['content cut', async () => open([[header, ek, iv, content.slice(0, -8), tag].join('.')])],
      ['tag changed', async () => open([[header, ek, iv, content, flip(tag)].join('.')])],
      ['tag short', async () => open([[header, ek, iv, content, tag.slice(0, 16)].join('.')])],
      ['iv changed', async () => open([[header, ek, flip(iv), content, tag].join('.')])],
      ['iv short', async () => open([[header, ek, iv.slice(0, 8), content, tag].join('.')])],
      [
        'key part changed',
        async () => open([[header, ek ? flip(ek, 20) : 'AAAA', iv, content, tag].join('.')]),
      ],
      [
        'header rewritten',
        async () => open([reheaded({ jti: binding.jti, x: undefined, cty: 'x' })]),
      ],
      ['alg dir', async () => open([reheaded({ alg: 'dir' })])],
      ['alg RSA1_5', async () => open([reheaded({ alg: 'RSA1_5' })])],
      [
        'alg PBES2',
        async () => open([reheaded({ alg: 'PBES2-HS256+A128KW', p2c: 5_000_000, p2s: 'AAAA' })]),
      ],
      ['enc CBC', async () => open([reheaded({ enc: 'A128CBC-HS256' })])],
      ['zip', async () => open([reheaded({ zip: 'DEF' })])],
      ['crit', async () => open([reheaded({ crit: ['exp'], exp: 1 })])],
      ['apu', async () => open([reheaded({ apu: 'AAAA' })])],
      ['jku', async () => open([reheaded({ jku: 'https://x.example' })])],
      ['private key in epk', async () => open([reheaded({ epk: { ...head.epk, d: 'AAAA' } })])],
      [
        'epk of another curve',
        async () => open([reheaded({ epk: { kty: 'EC', crv: 'P-384', x: 'AAAA', y: 'AAAA' } })]),
      ],
      [
        'epk off the curve',
        async () =>
          open([
            reheaded({
              epk: {
                ...(head.epk ?? { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43) }),
                y: 'A'.repeat(43),
              },
            }),
          ]),
      ],
      [
        'epk zero',
        async () =>
          open([
            reheaded({
              epk: { ...(head.epk ?? { kty: 'OKP', crv: 'X25519' }), x: 'A'.repeat(43) },
            }),
          ]),
      ],
      ['unpadded', async () => open([await unpadded(profile, sealing, key, binding, plaintext)])],
      ['plain JSON', async () => open([`${header}....`])],
    ];
    const passed: string[] = [];
    for (const [name, attempt] of attempts) {
      count++;
      try {
        await attempt();
        passed.push(name);
      } catch (error) {
        if (!(error instanceof TokenError)) throw new Error(`${name}: ${error}`, { cause: error });
      }
    }
    expect(passed).toEqual([]);
  });

  async function unpadded(
    profile: ProfileName,
    sealing: { readonly kid: string },
    key: object,
    binding: object,
    plaintext: string,
  ): Promise<string> {
    if (profile === 'cin-sm-1' || !('key' in key)) return 'a.b.c.d.e';
    const { crv, x, y } = sealing as unknown as PublicJwk;
    const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: sealing.kid, cty: 'cin-sealed+json' };
    const jwk = { kty: crv === 'X25519' ? 'OKP' : 'EC', crv, x, ...(y ? { y } : {}) };
    return new CompactEncrypt(utf8.encode(`${plaintext} `))
      .setProtectedHeader({ ...header, ...binding })
      .encrypt(
        await crypto.subtle.importKey(
          'jwk',
          jwk as never,
          crv === 'X25519' ? 'X25519' : { name: 'ECDH', namedCurve: 'P-256' },
          true,
          [],
        ),
      );
  }

  test('points whose products are zero are no keys', async () => {
    const points = [
      '00',
      '01',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}ff`,
    ];
    for (const hex of points) {
      count++;
      const x = base64urlText(
        Uint8Array.from(hex.padEnd(64, '0').match(/../g) ?? [], (h) => Number.parseInt(h, 16)),
      );
      expect(await isSoundJwk({ kty: 'OKP', crv: 'X25519', x }), hex).toBe(false);
    }
  });
});

describe('D8: what proves possession of a key (RFC 9449)', () => {
  test('a proof for this request and token, and no other', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const { x, y, kty, crv, ...rest } = await exportJWK(publicKey);
    expect(rest).toEqual({});
    const jwk = { kty, crv, x, y };
    const url = 'https://bills.beichen.example/requests';
    const expected = { method: 'POST', url, nowMs, nonces: ['nonce-1'] };
    const claims = { jti: 'proof-0123456789ab', htm: 'POST', htu: url, iat: now, nonce: 'nonce-1' };
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk };
    const proof = (body: object = {}, head: object = {}) =>
      new SignJWT({ ...claims, ...body })
        .setProtectedHeader({ ...header, ...head } as never)
        .sign(privateKey);
    expect((await verifyProof(await proof(), expected)).jkt).toMatch(/^[\w-]{43}$/);
    const stranger = (await generateKeyPair('ES256')).privateKey;
    const cases: readonly Case[] = [
      ['another method', await proof({ htm: 'GET' })],
      ['method in lower case', await proof({ htm: 'post' })],
      ['another address', await proof({ htu: 'https://loans.beichen.example/requests' })],
      ['with query', await proof({ htu: `${url}?a=1` })],
      ['too old', await proof({ iat: now - 61 })],
      ['too new', await proof({ iat: now + 61 })],
      ['iat as text', await proof({ iat: undefined })],
      ['no jti', await proof({ jti: undefined })],
      ['short jti', await proof({ jti: 'x' })],
      ['unasked ath', await proof({ ath: 'A'.repeat(43) })],
      ['no nonce', await proof({ nonce: undefined })],
      ['old nonce', await proof({ nonce: 'nonce-0' })],
      ['typ JWT', await proof({}, { typ: 'JWT' })],
      ['a kid', await proof({}, { kid: 'x' })],
      ['private jwk', await proof({}, { jwk: { ...jwk, d: 'AAAA' } })],
      ['jwk with alg', await proof({}, { jwk: { ...jwk, alg: 'ES256' } })],
      ['jwk of another curve', await proof({}, { jwk: { ...jwk, crv: 'P-384' } })],
      ['jwk symmetric', await proof({}, { jwk: { kty: 'oct', k: 'AAAA' } })],
      ['jwk off the curve', await proof({}, { jwk: { ...jwk, y: x } })],
      ['no jwk', await proof({}, { jwk: undefined })],
      [
        'signed by another',
        await new SignJWT(claims).setProtectedHeader(header as never).sign(stranger),
      ],
      ['an access token', good],
    ];
    for (const [name, token] of cases) {
      count++;
      await expect(verifyProof(token, expected), name).rejects.toThrow(TokenError);
    }
    const bound = { ...expected, accessToken: good };
    await expect(verifyProof(await proof(), bound)).rejects.toThrow(TokenError);
    await expect(verifyProof(await proof({ ath: 'A'.repeat(43) }), bound)).rejects.toThrow(
      TokenError,
    );
  });
});

test('D8: the list has at least 200 attacks', () => {
  expect(count).toBeGreaterThanOrEqual(200);
});
