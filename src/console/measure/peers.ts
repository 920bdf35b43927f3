import { createSM3 } from 'hash-wasm';
import { sm2 } from 'sm-crypto-v2';
import type { RowId } from './plan.ts';

/** What other libraries are given: the same keys, message and bytes as ours. */
export interface PeerWork {
  readonly privateKeyHex: string;
  readonly publicKeyHex: string;
  readonly message: Uint8Array;
  readonly long: Uint8Array;
  /** Whether ours takes a signature of theirs, r and s in DER. */
  takes(signatureHex: string): boolean;
}

/** SM2 of sm-crypto-v2 in JavaScript, SM3 of hash-wasm in WebAssembly. */
export async function peerRuns(work: PeerWork): Promise<Partial<Record<RowId, () => unknown>>> {
  const { privateKeyHex, publicKeyHex: publicKey, message, long } = work;
  const options = { hash: true, der: true, publicKey };
  const sign = () => sm2.doSignature(message, privateKeyHex, options);
  const signature = sign();
  const hasher = await createSM3();
  if (!work.takes(signature)) throw new Error('the signature of the peer does not verify');
  return {
    'sm2-sign-peer': sign,
    'sm2-verify-peer': () => sm2.doVerifySignature(message, signature, publicKey, options),
    'sm3-long-peer': () => hasher.init().update(long).digest('binary'),
  };
}
