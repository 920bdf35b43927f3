import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { type Gm, loadGm } from '../core/gm.ts';
import { command, type Group, required, UsageError } from './command.ts';
import { readInput } from './files.ts';
import {
  privateKeyPem,
  publicKeyPem,
  readPrivateKey,
  readPublicKey,
  writeNewSecret,
} from './gm-keys.ts';

const out = { type: 'string', value: 'FILE', about: 'where the result goes' } as const;
const passwordFile = {
  type: 'string',
  value: 'FILE',
  about: 'its first line is the password of the key',
} as const;
const id = {
  type: 'string',
  value: 'TEXT',
  about: "the signer's id; 1234567812345678 if not given",
} as const;
const signatureFormat = {
  type: 'string',
  value: 'der|raw',
  about: 'of the signature: DER if not given, or the 64 bytes r, s',
} as const;
const ciphertextFormat = {
  type: 'string',
  value: 'der|raw',
  about: 'of the ciphertext: DER if not given, or C1 C3 C2',
} as const;

function parseFormat(text: string | undefined): 'der' | 'raw' {
  if (text === undefined || text === 'der') return 'der';
  if (text === 'raw') return 'raw';
  throw new UsageError(`--format is der or raw, not ${text}`);
}

/** Hashes piece by piece, so that a file of any size fits. */
async function digestOf(gm: Gm, path: string): Promise<string> {
  const hash = gm.createSm3();
  const source = path === '-' ? process.stdin : createReadStream(path);
  for await (const piece of source) hash.update(piece);
  return Buffer.from(hash.digest()).toString('hex');
}

const sm3 = command({
  summary: 'prints the SM3 digest of each file',
  operands: ['FILE...'],
  options: {},
  details: '- reads the standard input.',
  async run(files) {
    const gm = await loadGm();
    const digests = [];
    for (const file of files) digests.push({ file, digest: await digestOf(gm, file) });
    const text = digests.map(({ file, digest }) => `${digest}  ${file}\n`).join('');
    return { exit: 0, json: digests, text };
  },
});

const keygen = command({
  summary: 'makes an SM2 key pair',
  operands: [],
  options: {
    out: { ...out, about: 'the private key goes here, PKCS#8 in PEM, mode 0600' },
    public: { ...out, about: 'the public key goes here, in PEM' },
    'password-file': { ...passwordFile, about: 'encrypts the private key with its first line' },
    'print-private': { type: 'boolean', about: 'print the private key instead of storing it' },
  },
  details: 'Prints the public key. A file that is there already is never replaced.',
  async run(_, values) {
    const { out: path, public: publicPath, 'password-file': password } = values;
    const isPrinted = values['print-private'] === true;
    if (isPrinted === (path !== undefined)) {
      throw new UsageError('say where the private key goes: --out FILE or --print-private');
    }
    const gm = await loadGm();
    const { privateKey, publicKey } = gm.sm2.generateKeyPair();
    const privatePem = await privateKeyPem(gm, privateKey, password);
    const publicPem = publicKeyPem(gm, publicKey);
    if (path !== undefined) await writeNewSecret(path, privatePem);
    if (publicPath !== undefined) await writeFile(publicPath, publicPem, { flag: 'wx' });
    const json = { publicKey: publicPem, ...(isPrinted ? { privateKey: privatePem } : {}) };
    return { exit: 0, json, text: `${isPrinted ? privatePem : ''}${publicPem}` };
  },
});

const sign = command({
  summary: 'signs a file with SM2 and SM3',
  operands: ['FILE'],
  options: {
    key: { type: 'string', value: 'FILE', about: 'the private key in PEM' },
    out,
    id,
    format: signatureFormat,
    'password-file': passwordFile,
  },
  async run([file = ''], values) {
    const path = required('out', values.out);
    const format = parseFormat(values.format);
    const gm = await loadGm();
    const key = await readPrivateKey(gm, required('key', values.key), values['password-file']);
    const signature = gm.sm2.sign(key, await readInput(file), {
      format,
      ...(values.id === undefined ? {} : { id: values.id }),
    });
    await writeFile(path, signature);
    const json = { out: path, format, signature: Buffer.from(signature).toString('base64') };
    return { exit: 0, json, text: `signed, ${signature.length} bytes in ${path}\n` };
  },
});

const verify = command({
  summary: 'verifies a signature of a file',
  operands: ['FILE'],
  options: {
    key: { type: 'string', value: 'FILE', about: 'the public key in PEM' },
    signature: { type: 'string', value: 'FILE', about: 'the signature' },
    id,
    format: signatureFormat,
  },
  details: 'Exit status 0 when the signature is valid, 1 when it is not.',
  async run([file = ''], values) {
    const format = parseFormat(values.format);
    const gm = await loadGm();
    const key = await readPublicKey(gm, required('key', values.key));
    const signature = await readFile(required('signature', values.signature));
    const valid = gm.sm2.verify(key, await readInput(file), signature, {
      format,
      ...(values.id === undefined ? {} : { id: values.id }),
    });
    const text = valid ? 'the signature is valid\n' : 'the signature is NOT valid\n';
    return { exit: valid ? 0 : 1, json: { valid }, text };
  },
});

const encrypt = command({
  summary: 'encrypts a file for the holder of an SM2 key',
  operands: ['FILE'],
  options: {
    key: { type: 'string', value: 'FILE', about: "the recipient's public key in PEM" },
    out,
    format: ciphertextFormat,
  },
  async run([file = ''], values) {
    const path = required('out', values.out);
    const format = parseFormat(values.format);
    const gm = await loadGm();
    const key = await readPublicKey(gm, required('key', values.key));
    const ciphertext = gm.sm2.encrypt(key, await readInput(file), { format });
    await writeFile(path, ciphertext);
    const json = { out: path, format, bytes: ciphertext.length };
    return { exit: 0, json, text: `encrypted, ${ciphertext.length} bytes in ${path}\n` };
  },
});

const decrypt = command({
  summary: 'decrypts a file with an SM2 key',
  operands: ['FILE'],
  options: {
    key: { type: 'string', value: 'FILE', about: 'the private key in PEM' },
    out: { ...out, about: 'where the plaintext goes, mode 0600' },
    format: ciphertextFormat,
    'password-file': passwordFile,
  },
  details: 'A changed ciphertext, or one for another key, is bad input: nothing is written.',
  async run([file = ''], values) {
    const path = required('out', values.out);
    const format = parseFormat(values.format);
    const gm = await loadGm();
    const key = await readPrivateKey(gm, required('key', values.key), values['password-file']);
    const plaintext = gm.sm2.decrypt(key, await readInput(file), { format });
    await writeFile(path, plaintext, { mode: 0o600 });
    const json = { out: path, bytes: plaintext.length };
    return { exit: 0, json, text: `decrypted, ${plaintext.length} bytes in ${path}\n` };
  },
});

export const gm: Group = {
  summary: 'SM2 and SM3 on files',
  commands: { sm3, keygen, sign, verify, encrypt, decrypt },
};
