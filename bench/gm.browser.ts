// The rows of gm-rows.ts in a page. `runBenchmark` is what a page calls; the console may too.

import { createSM3 } from 'hash-wasm';
import * as smCryptoV2 from 'sm-crypto-v2';
import { loadGm } from '../src/core/gm.ts';
import { gmRows, type Hasher, material, smCryptoV2Peer } from './gm-rows.ts';
import { measure, type RowResult } from './harness.ts';

/** Wall time: a page has no other. The sample is long against the clock's step of 0.1 ms. */
export async function runBenchmark(
  rounds: number,
  sampleMicros: number,
): Promise<readonly RowResult[]> {
  const gm = await loadGm();
  const data = material(gm);
  await smCryptoV2.sm2.initRNGPool();
  const hasher = (await createSM3()) as Hasher;
  const peers = [
    smCryptoV2Peer(smCryptoV2, data),
    {
      name: 'hash-wasm',
      sm3: (bytes: Uint8Array) => hasher.init().update(bytes).digest('binary'),
    },
  ];
  const clock = () => performance.now() * 1000;
  return measure(gmRows(gm, data, peers), { rounds, clock, sampleMicros });
}

Object.assign(globalThis, { runBenchmark });
