import { readFile, writeFile } from 'node:fs/promises';
import type { Gm } from '../core/gm.ts';
import { UsageError } from './command.ts';
import { firstLine } from './files.ts';

const pemBytesMax = 64 * 1024;

async function readPem(path: string): Promise<{ text: string; label: string | undefined }> {
  const text = await readFile(path, 'utf8');
  if (text.length > pemBytesMax) throw new UsageError(`${path} is too long for a key`, 'bad_input');
  // OpenSSL puts the curve's name into a block of its own before an EC key.
  const key = text.replace(/-----BEGIN EC PARAMETERS-----[^-]*-----END EC PARAMETERS-----\s*/, '');
  return { text: key, label: /-----BEGIN ([A-Z ]+)-----/.exec(key)?.[1] };
}

async function readPassword(path: string | undefined): Promise<string> {
  if (path === undefined) throw new UsageError('the key is encrypted: --password-file is missing');
  return firstLine(path);
}

/** Reads the PEM that `gm keygen` and `openssl` write; the label says which format it is. */
export async function readPrivateKey(
  { keys }: Gm,
  path: string,
  passwordFile: string | undefined,
): Promise<Uint8Array> {
  const { text, label } = await readPem(path);
  switch (label) {
    case 'PRIVATE KEY':
      return keys.decodePkcs8(keys.fromPem(label, text)).privateKey;
    case 'EC PRIVATE KEY':
      return keys.decodeSec1(keys.fromPem(label, text)).privateKey;
    case 'ENCRYPTED PRIVATE KEY': {
      const password = await readPassword(passwordFile);
      return (await keys.decryptPkcs8(keys.fromPem(label, text), password)).privateKey;
    }
    default:
      throw new UsageError(`${path} is not a private key in PEM`, 'bad_input');
  }
}

export async function readPublicKey({ keys }: Gm, path: string): Promise<Uint8Array> {
  const { text, label } = await readPem(path);
  if (label !== 'PUBLIC KEY') {
    throw new UsageError(`${path} is not a public key in PEM`, 'bad_input');
  }
  return keys.decodeSpki(keys.fromPem(label, text));
}

/** PKCS#8 in PEM, encrypted when there is a password. */
export async function privateKeyPem(
  { keys }: Gm,
  privateKey: Uint8Array,
  passwordFile: string | undefined,
): Promise<string> {
  if (passwordFile === undefined) return keys.toPem('PRIVATE KEY', keys.encodePkcs8(privateKey));
  const password = await readPassword(passwordFile);
  return keys.toPem('ENCRYPTED PRIVATE KEY', await keys.encryptPkcs8(privateKey, password));
}

export function publicKeyPem({ keys }: Gm, publicKey: Uint8Array): string {
  return keys.toPem('PUBLIC KEY', keys.encodeSpki(publicKey));
}

/** Readable by this user only, and never in place of a file that is there. */
export function writeNewSecret(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600, flag: 'wx' });
}
