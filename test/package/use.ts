import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { repository } from './installed.ts';

/**
 * What a stranger does first with each door; the same text runs in Node, workerd and a browser.
 * `fetchBytes` is the host's way to the sample pictures.
 */
export const journey = `
export async function useDoors(doors, fetchBytes) {
  const { loadGm, GmError } = doors.gm;
  const { loadSeal, SealError } = doors.seal;
  const { loadTagger } = doors.tagger;
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
  const sums = BigUint64Array.of(1n, 2n ** 64n - 1n);
  (await doors.federation.loadFederated()).add(sums, BigUint64Array.of(2n, 1n));
  const { TokenError, pinnedKeys, systemKeys, tokenReader } = doors.business;
  const { key } = await systemKeys(new Uint8Array(32).fill(7));
  const reader = tokenReader({
    issuer: 'https://centre.example',
    name: 'bills',
    keys: pinnedKeys([]),
    openingKeys: [key],
    now: () => 0,
  });
  const notOpened = await reader
    .open('no.token', { method: 'GET', url: 'https://bills.example/' })
    .catch((error) => error);
  const { request } = await doors.certificates.makeP256Request('correct horse battery staple');
  const client = doors.client.createClient({ fetch: () => Promise.reject(new TypeError('off')) });
  const refused = await client.seals.list().catch((error) => error);
  return {
    sums: [...sums].map(String),
    emptyLeaf: hex(doors.ledger.leafHash(new Uint8Array(0))),
    token: notOpened instanceof TokenError,
    request: request.split('\\n')[0],
    network: refused instanceof doors.client.ApiError && refused.code,
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

/**
 * SM3 of "abc" is the first example of GB/T 32905, the hash of the empty leaf SHA-256 of a zero byte
 * (RFC 6962 §2.1).
 */
export const expected = {
  sums: ['3', '0'],
  emptyLeaf: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  token: true,
  request: '-----BEGIN CERTIFICATE REQUEST-----',
  network: 'network',
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

/** Every door of the package: imports of a script, and the object of them that `useDoors` takes. */
export function doorsFrom(specifierOf: (door: string) => string): string {
  const names = Object.keys(manifest.exports).flatMap(
    (path) => /^\.\/(\w+)$/.exec(path)?.[1] ?? [],
  );
  const imports = names.map((name) => `import * as ${name} from '${specifierOf(name)}';`);
  return `${imports.join('\n')}\nconst doors = { ${names.join(', ')} };`;
}

export const samples = join(repository, 'src/console/public/samples');

export function sample(name: string): Promise<Buffer> {
  return readFile(join(samples, name));
}
