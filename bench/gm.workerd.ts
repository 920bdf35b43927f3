// The rows of gm-rows.ts inside workerd.

import * as smCryptoV2 from 'sm-crypto-v2';
import { loadGm } from '../src/core/gm.ts';
import { type Commanded, commanded } from './commanded.ts';
import { gmRows, material, smCryptoV2Peer } from './gm-rows.ts';

const worker: Commanded = commanded(async () => {
  const gm = await loadGm();
  const data = material(gm);
  await smCryptoV2.sm2.initRNGPool();
  return gmRows(gm, data, [smCryptoV2Peer(smCryptoV2, data)]);
});

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default worker;
