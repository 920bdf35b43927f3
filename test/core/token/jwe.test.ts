import { CompactEncrypt, compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { type SealingJwk, thumbprintOf } from '../../../src/core/token/jwk.ts';
import {
  type OpeningKey,
  openPart,
  type SealBinding,
  sealText,
} from '../../../src/core/token/sealing.ts';
import { base64urlText } from '../../../src/lib/base64url.ts';
import { openingPair } from '../../helpers/tokens.ts';

const binding: SealBinding = { iss: 'https://auth.example', sub: 's', jti: 'j', aud: 'bills' };
const json = JSON.stringify({ v: 1, facts: [{ name: '/姓名', value: '陈思远' }] });
const utf8 = new TextEncoder();
const opened = { v: 1, facts: [{ name: '/姓名', value: '陈思远' }] };
/** The kinds of plaintext that openers take: filled up to 64 bytes. */
const padded = utf8.encode(json.padEnd(json.length + 64 - (utf8.encode(json).length % 64)));

describe.each(['P-256', 'X25519'] as const)('D3 D5: a sealed part to %s', (crv) => {
  test('is opened by jose, and ours opens what jose sealed', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv });
    const { kty, x = '', y } = await exportJWK(publicKey);
    const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as SealingJwk;
    const kid = thumbprintOf(jwk);
    const sealed = await sealText(json, { ...jwk, kid, alg: 'ECDH-ES', use: 'enc' }, binding);
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, privateKey);
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toEqual(opened);
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid, ...binding });

    const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid, cty: 'cin-sealed+json', ...binding };
    const theirs = await new CompactEncrypt(padded).setProtectedHeader(header).encrypt(publicKey);
    const key = { kid, alg: 'ECDH-ES', crv, key: privateKey } as const;
    expect(await openPart([theirs], [key], binding)).toEqual(opened);
  });

  test('has another ephemeral key and another text each time', async () => {
    const { sealing } = await openingPair(crv);
    const two = [await sealText(json, sealing, binding), await sealText(json, sealing, binding)];
    expect(new Set(two.flatMap((text) => text.split('.'))).size).toBe(9);
  });

  test('costs its agreement once where its key is remembered, and that key opens nothing else', async () => {
    const { sealing, key: made } = await openingPair(crv);
    const known = new Map<string, CryptoKey>();
    const key = { ...made, known } as OpeningKey;
    const counted = vi.spyOn(crypto.subtle, 'deriveBits');
    try {
      const sealed = await sealText(json, sealing, binding);
      counted.mockClear();
      for (let i = 0; i < 3; i++) expect(await openPart([sealed], [key], binding)).toEqual(opened);
      expect(counted).toHaveBeenCalledTimes(1);
      const [content] = known.values();
      expect(content).toMatchObject({ extractable: false, usages: ['decrypt'] });
      // What could not be opened leaves nothing behind.
      const other = await sealText(json, sealing, binding);
      const cut = `${other.slice(0, -3)}${other.endsWith('AAA') ? 'BBB' : 'AAA'}`;
      await expect(openPart([cut], [key], binding)).rejects.toThrow();
      expect(known.size).toBe(1);
    } finally {
      counted.mockRestore();
    }
  });

  test('is refused with any part changed, and with a point that gives no secret', async () => {
    const { sealing, key } = await openingPair(crv);
    const sealed = await sealText(json, sealing, binding);
    const parts = sealed.split('.');
    const flipped = parts.map((text, at) => {
      const other = text.startsWith('A') ? 'B' : 'A';
      return parts.map((one, i) => (i === at ? other + text.slice(1) : one)).join('.');
    });
    const header = JSON.parse(new TextDecoder().decode(Buffer.from(parts[0] ?? '', 'base64url')));
    const epks = [
      { ...header.epk, x: base64urlText(new Uint8Array(32)) },
      { ...header.epk, x: base64urlText(Uint8Array.of(1, ...new Uint8Array(31))) },
      { ...header.epk, x: base64urlText(new Uint8Array(32).fill(0xff)) },
      { ...header.epk, x: base64urlText(new Uint8Array(31).fill(9)) },
    ];
    const foreign = epks.map((epk) => {
      const changed = base64urlText(utf8.encode(JSON.stringify({ ...header, epk })));
      return [changed, ...parts.slice(1)].join('.');
    });
    for (const text of [...flipped, ...foreign]) {
      await expect(openPart([text], [key], binding)).rejects.toMatchObject({
        code: 'token_refused',
      });
    }
    expect(await openPart([sealed], [key], binding)).toEqual(opened);
  });
});
