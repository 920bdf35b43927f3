import type { Kernel } from './kernel.ts';
import { createEncryption } from './sm2/encryption.ts';
import { createExchange } from './sm2/exchange.ts';
import { createKeys } from './sm2/keys.ts';
import { createSignatures } from './sm2/signatures.ts';
import type { Sm2 } from './sm2/types.ts';
import type { Sm3Functions } from './sm3.ts';

export type { CiphertextFormat, SignatureFormat } from './sm2/encoding.ts';
export type * from './sm2/types.ts';

/** Binds SM2 to one instance of the module. */
export function createSm2(kernel: Kernel, sm3: Sm3Functions): Sm2 {
  const keys = createKeys(kernel);
  const { generateKeyPair, publicKey, decodePoint, compressPoint, openPrivateKey, prepare } = keys;
  return {
    generateKeyPair,
    publicKey,
    decodePoint,
    compressPoint,
    openPrivateKey,
    prepare,
    ...createSignatures(kernel, keys),
    ...createEncryption(kernel, keys),
    keyExchange: createExchange(kernel, keys, sm3),
  };
}
