import { readFile } from 'node:fs/promises';
import { loadSeal } from '../../src/core/seal.ts';
import { readImprint } from '../../src/domain/seals/picture.ts';
import type { Drill } from './drill.ts';
import { noTally, press, quantileOf } from './load.ts';
import { underLoad } from './load-drill.ts';
import { samples } from './load-people.ts';

const computedTwice = 'every verification is computed twice';
/** Of the computing: what the route may take besides it. */
const besideMax = 0.75;

/** Of a busy machine: what disturbs one of a few tries makes it longer, never shorter. */
const quarter = (times: readonly number[]) => quantileOf(times, 0.25);

/** What a verification of the sample computes, in this process: from the file to the verdict. */
async function computing(): Promise<() => void> {
  const engine = await loadSeal();
  const read = async (name: string) => ({
    bytes: new Uint8Array(await readFile(new URL(name, samples))),
    dpi: 300,
  });
  const [reserved, query] = [await read('r01-reserved.jpg'), await read('r01-g0.jpg')];
  const raster = readImprint(engine, reserved);
  const templates = new Map(
    engine.vendors.map(({ code }) => [code, engine.enrol(raster, code, 'reserved')]),
  );
  return () => void engine.verify(templates, readImprint(engine, query));
}

/**
 * L1: what the route of a verification takes besides what is computed for it. A ratio to a bare
 * route says nothing there (docs/drills.md), so the same computing is done here by turns, on the
 * same processor and under the same load.
 */
export const verificationOverhead: Drill = {
  id: 'L1',
  name: 'verification-overhead',
  target:
    'the route takes at most three quarters as long again as what it computes (judged in the long form)',
  plants: [computedTwice],
  async run({ isLong, plant }) {
    const { host, routes } = await underLoad({ isTimed: isLong });
    const compute = await computing();
    compute();
    const computed: number[] = [];
    const answered: number[] = [];
    const route = noTally();
    for (let round = 0; round < (isLong ? 24 : 3); round++) {
      const begun = performance.now();
      compute();
      computed.push(performance.now() - begun);
      // One after the other: of two at once the first is as quick as one alone.
      const requests = plant ? 2 : 1;
      const from = route.times.length;
      await press(host.url, routes.sealVerification, { connections: 1, requests }, route);
      answered.push(route.times.slice(from).reduce((sum, time) => sum + time, 0));
    }
    const [own, all] = [quarter(computed), quarter(answered)];
    const errors = [...route.statuses.keys()].filter((status) => status !== 201);
    const isSlow = all > own * (1 + besideMax);
    return {
      measured: `${all.toFixed(0)} ms, of which ${own.toFixed(0)} ms are computed and ${(all - own).toFixed(0)} ms are the route: ${(all / own).toFixed(2)} times`,
      faults: [
        ...errors.map((status) => `answered ${status}`),
        ...(isSlow && (isLong || plant) ? [`${(all / own).toFixed(2)} times the computing`] : []),
      ],
    };
  },
};
