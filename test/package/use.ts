import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './installed.ts';

/**
 * What a stranger does first with each door; the same text runs in Node, workerd and a browser.
 * `fetchBytes` is the host's way to the sample pictures.
 */
export const journey = `
export async function useDoors({ loadGm, GmError }, { loadSeal, SealError }, { loadTagger }, fetchBytes) {
  const gm = await loadGm();
  const text = new TextEncoder().encode('abc');
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const { privateKey, publicKey } = gm.sm2.generateKeyPair();
  const signature = gm.sm2.sign(privateKey, text);
  const ciphertext = gm.sm2.encrypt(publicKey, text);
  const seal = await loadSeal();
  const [reserved, genuine, forged] = await Promise.all(
    ['r01-reserved.jpg', 'r01-g0.jpg', 'r01-f-text0.jpg'].map(fetchBytes),
  );
  const scanned = (bytes, dpi) => ({ ...seal.decode(bytes), dpi });
  const verdicts = [genuine, forged].map(
    (query) => seal.verify(scanned(reserved, 300), scanned(query, 200)).verdict,
  );
  const tagger = await loadTagger();
  const codeOf = (act, type) => {
    try {
      act();
    } catch (error) {
      return error instanceof type ? error.code : 'another class';
    }
  };
  return {
    digest: hex(gm.sm3(text)),
    verified: gm.sm2.verify(publicKey, text, signature),
    tampered: gm.sm2.verify(publicKey, text.slice(1), signature),
    decrypted: new TextDecoder().decode(gm.sm2.decrypt(privateKey, ciphertext)),
    badKey: typeof codeOf(() => gm.sm2.publicKey(new Uint8Array(32)), GmError),
    verdicts,
    badPicture: codeOf(() => seal.decode(text), SealError),
    sensitive: tagger.tag('手机13812345678').map(({ start, label }) => [start, label]),
    vendors: seal.vendors.map(({ code }) => code),
  };
}
`;

/** SM3 of "abc" is the first example of GB/T 32905. */
export const expected = {
  digest: '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
  verified: true,
  tampered: false,
  decrypted: 'abc',
  badKey: 'string',
  verdicts: ['pass', 'fail'],
  badPicture: 'picture_unsupported',
  sensitive: [[2, 'CONTACT']],
  vendors: ['stroke', 'spectrum', 'glyphs'],
};

export const samples = join(repository, 'src/console/public/samples');

export function sample(name: string): Promise<Buffer> {
  return readFile(join(samples, name));
}
