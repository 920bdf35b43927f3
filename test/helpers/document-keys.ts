import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadGm } from '../../src/core/gm.ts';
import type { DocumentOpener, DocumentSigner } from '../../src/domain/signing/documents/ports.ts';
import { derSequence, derUnsigned } from '../../src/lib/der.ts';
import { decodePem } from '../../src/lib/pem.ts';
import type { OpensslFolder } from './openssl.ts';

/** The identity of GB/T 32918.2 that everybody uses; OpenSSL wants to be told. */
export const distid = '1234567812345678';

export interface DocumentKey extends DocumentSigner, DocumentOpener {
  readonly certificatePem: string;
  readonly privatePem: string;
}

/** A key with a certificate of its own, both made by OpenSSL. */
export async function documentKey(
  openssl: OpensslFolder,
  kind: 'sm2' | 'p256',
  name: string,
): Promise<DocumentKey> {
  const [algorithm, more] =
    kind === 'sm2'
      ? ['SM2', ` -sm3 -sigopt distid:${distid}`]
      : ['EC -pkeyopt ec_paramgen_curve:P-256', ''];
  openssl.output(`genpkey -algorithm ${algorithm} -out ${name}.key`);
  openssl.output(
    `req -x509 -new -key ${name}.key -out ${name}.crt -days 3650 -subj /CN=${name}${more}`,
  );
  const privatePem = openssl.output(`pkcs8 -topk8 -nocrypt -in ${name}.key`).toString();
  const certificatePem = readFileSync(join(openssl.folder, `${name}.crt`), 'utf8');
  const pkcs8 = decodePem('PRIVATE KEY', privatePem);
  const operations = kind === 'sm2' ? await sm2Operations(pkcs8) : await p256Operations(pkcs8);
  const certificate = decodePem('CERTIFICATE', certificatePem);
  return { certificate, chain: [], certificatePem, privatePem, ...operations };
}

type Operations = Pick<DocumentKey, 'sign' | 'decryptSm2' | 'agreeP256'>;

const notThisKind = () => Promise.reject(new Error('the key is of another kind'));

async function sm2Operations(pkcs8: Uint8Array): Promise<Operations> {
  const gm = await loadGm();
  const { privateKey } = gm.keys.decodePkcs8(pkcs8);
  return {
    sign: async (message) => gm.sm2.sign(privateKey, message),
    decryptSm2: async (ciphertext) => gm.sm2.decrypt(privateKey, ciphertext),
    agreeP256: notThisKind,
  };
}

async function p256Operations(pkcs8: Uint8Array): Promise<Operations> {
  const { subtle } = webcrypto;
  const own = new Uint8Array(pkcs8);
  const curve = { namedCurve: 'P-256' };
  const signing = await subtle.importKey('pkcs8', own, { name: 'ECDSA', ...curve }, false, [
    'sign',
  ]);
  const agreeing = await subtle.importKey('pkcs8', own, { name: 'ECDH', ...curve }, false, [
    'deriveBits',
  ]);
  return {
    async sign(message) {
      const scheme = { name: 'ECDSA', hash: 'SHA-256' };
      const raw = new Uint8Array(await subtle.sign(scheme, signing, new Uint8Array(message)));
      return derSequence(derUnsigned(raw.subarray(0, 32)), derUnsigned(raw.subarray(32)));
    },
    async agreeP256(point) {
      const peer = await subtle.importKey(
        'raw',
        new Uint8Array(point),
        { name: 'ECDH', ...curve },
        false,
        [],
      );
      return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: peer }, agreeing, 256));
    },
    decryptSm2: notThisKind,
  };
}
