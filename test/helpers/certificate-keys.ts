import { loadGm } from '../../src/core/gm.ts';
import type { CertificateSigner } from '../../src/domain/certificates/x509/library.ts';
import { derSequence, derUnsigned } from '../../src/lib/der.ts';

/** A signer whose key lives in this process, for tests of what is made with signers. */
export async function localSigner(algorithm: 'sm2' | 'p256'): Promise<CertificateSigner> {
  return algorithm === 'sm2' ? sm2Signer() : p256Signer();
}

async function sm2Signer(): Promise<CertificateSigner> {
  const gm = await loadGm();
  const { privateKey, publicKey } = gm.sm2.generateKeyPair();
  return {
    algorithm: 'sm2-sm3',
    spki: gm.keys.encodeSpki(publicKey),
    sign: async (data) => gm.sm2.sign(privateKey, data),
  };
}

async function p256Signer(): Promise<CertificateSigner> {
  const { subtle } = crypto;
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = await subtle.generateKey(curve, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('ECDSA gave no key pair');
  const spki = (await subtle.exportKey('spki', pair.publicKey)) as ArrayBuffer;
  const scheme = { name: 'ECDSA', hash: 'SHA-256' };
  return {
    algorithm: 'ecdsa-p256-sha256',
    spki: new Uint8Array(spki),
    async sign(data) {
      const raw = new Uint8Array(await subtle.sign(scheme, pair.privateKey, new Uint8Array(data)));
      return derSequence(derUnsigned(raw.slice(0, 32)), derUnsigned(raw.slice(32)));
    },
  };
}
