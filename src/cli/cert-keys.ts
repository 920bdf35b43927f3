import { readFile, writeFile } from 'node:fs/promises';
import {
  type DeliveryBundle,
  KeyFileError,
  makeP256Request,
  makePkcs12,
  makeSm2Request,
} from '../client/certificates.ts';
import { command, required, UsageError } from './command.ts';
import { firstLine, readJsonFile } from './files.ts';
import { writeNewSecret } from './gm-keys.ts';

const makers = { sm2: makeSm2Request, p256: makeP256Request } as const;

const passwordFile = {
  type: 'string',
  value: 'FILE',
  about: 'its first line is the password of the key',
} as const;

/** A key made on this machine, and the request that proves it. */
export const request = command({
  summary: 'makes a key here and the request for a certificate over it',
  operands: [],
  options: {
    algorithm: { type: 'string', value: 'NAME', about: 'sm2 (the default) or p256' },
    key: { type: 'string', value: 'FILE', about: 'where the private key goes, encrypted' },
    out: { type: 'string', value: 'FILE', about: 'where the request goes, PKCS#10 in PEM' },
    'password-file': passwordFile,
  },
  details: 'An existing key file is never overwritten. Who loses the password has lost the key.',
  async run(_, { algorithm = 'sm2', key, out, 'password-file': secret }) {
    const make = Object.hasOwn(makers, algorithm) && makers[algorithm as keyof typeof makers];
    if (!make) throw new UsageError(`--algorithm is sm2 or p256, not ${algorithm}`);
    const [keyPath, outPath] = [required('key', key), required('out', out)];
    const made = await make(await firstLine(required('password-file', secret)));
    await writeNewSecret(keyPath, made.encryptedKey);
    await writeFile(outPath, made.request);
    return { exit: 0, json: { key: keyPath, request: outPath }, text: `${keyPath}\n${outPath}\n` };
  },
});

/** Certificate and key in one file for other programs. */
export const pkcs12 = command({
  summary: 'puts a delivered certificate and your key into one file, PKCS#12',
  operands: ['BUNDLE'],
  options: {
    key: {
      type: 'string',
      value: 'FILE',
      about: 'the key that `cert request` or the console made',
    },
    name: { type: 'string', value: 'TEXT', about: 'what other programs call it' },
    out: { type: 'string', value: 'FILE', about: 'where the file goes' },
    'password-file': passwordFile,
  },
  details: 'For keys on P-256: few programs take SM2 keys in this form. The password stays.',
  async run([file = ''], { key, name = 'Cinnabar', out, 'password-file': secret }) {
    const { certificate, chain } = (await readJsonFile(file)) as DeliveryBundle;
    const encryptedKey = await readFile(required('key', key), 'utf8');
    const path = required('out', out);
    const password = await firstLine(required('password-file', secret));
    try {
      const made = await makePkcs12({ encryptedKey, password, certificate, chain, name });
      await writeFile(path, made, { mode: 0o600 });
    } catch (error) {
      if (error instanceof KeyFileError) throw new UsageError(keyFileWords[error.code], error.code);
      throw error;
    }
    return { exit: 0, json: { file: path }, text: `${path}\n` };
  },
});

const keyFileWords: Readonly<Record<KeyFileError['code'], string>> = {
  key_file_malformed: 'the key file is none that was made here, on P-256',
  key_file_locked: 'the password is another one, or the key file was changed',
  key_file_differs: 'the key is that of another certificate',
};
