// The rows of gm-rows.ts inside workerd. Its clock stands still while code runs, so this Worker
// only does what it is told, so many times, and run.mjs times it from outside.

import * as smCryptoV2 from 'sm-crypto-v2';
import { loadGm } from '../src/core/gm.ts';
import { gmRows, material, smCryptoV2Peer } from './gm-rows.ts';
import type { Row } from './harness.ts';

let rows: Row[] | undefined;

async function prepare(): Promise<Row[]> {
  const gm = await loadGm();
  const data = material(gm);
  await smCryptoV2.sm2.initRNGPool();
  return gmRows(gm, data, [smCryptoV2Peer(smCryptoV2, data)]);
}

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default {
  async fetch(request: Request): Promise<Response> {
    rows ??= await prepare();
    const { searchParams } = new URL(request.url);
    const row = rows[Number(searchParams.get('row') ?? -1)];
    const contestant = row?.contestants[Number(searchParams.get('contestant'))];
    if (!contestant) {
      return Response.json(
        rows.map(({ contestants, ...rest }) => ({
          ...rest,
          contestants: contestants.map(({ name }) => name),
        })),
      );
    }
    const count = Number(searchParams.get('count'));
    for (let i = 0; i < count; i++) contestant.run();
    return new Response('done');
  },
};
