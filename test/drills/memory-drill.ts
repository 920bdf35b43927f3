import type { BundledHost } from '../helpers/bundled-host.ts';
import { liveBytes } from '../helpers/live-memory.ts';
import type { Drill } from './drill.ts';
import { type LoadRoute, otherThan, press } from './load.ts';
import { underLoad } from './load-drill.ts';
import { bareRoute, fetchOnce, withBadToken } from './load-people.ts';

const connections = 16;
const badToken = 'a token that is no good';
const leak = 'a Worker that keeps 4 KiB of each request';
const leakBytes = 4096;

/** The Workers that the load goes through. The rest of a host is asked by none of these routes. */
const workers = ['cinnabar-edge', 'cinnabar-chips', 'cinnabar-business', 'bare'] as const;

/** What each of them holds once its garbage is gone, bytes. */
export async function heldBytes(host: BundledHost): Promise<Map<string, number>> {
  // Between them these ask all of the Workers.
  const paths = ['/readyz', '/v1/business/system'];
  const wake = async () => {
    for (const path of paths) await (await fetchOnce(`${host.url}${path}`)).text();
    await press(host.url, bareRoute(), { connections: 1, requests: 1 });
  };
  const held = new Map<string, number>();
  for (const worker of workers) held.set(worker, await liveBytes(host, worker, wake));
  return held;
}

export const sumOf = (held: ReadonlyMap<string, number>): number =>
  [...held.values()].reduce((sum, bytes) => sum + bytes, 0);

interface Wave {
  readonly route: LoadRoute;
  readonly requests: number;
}

function wavesOf(routes: Awaited<ReturnType<typeof underLoad>>['routes'], isLong: boolean): Wave[] {
  const cheap = isLong ? 2000 : 60;
  const { tokenCheck, verifyToken, certificateStatus, sealRead, sealVerification } = routes;
  return [
    ...[tokenCheck, verifyToken, certificateStatus, sealRead].map((route) => {
      return { route, requests: cheap };
    }),
    { route: sealVerification, requests: isLong ? 100 : 4 },
  ];
}

/** Of the bytes that a request may leave behind, on the average of a wave. */
const leftMax = 512;
/** What code that is compiled meanwhile, and where a collection ends, make of difference, bytes. */
const noise = 256 * 1024;

/**
 * L3: the same requests three times; what a Worker holds after them may grow the first two times,
 * while caches fill and code is compiled, and not the third.
 */
export const memoryKept: Drill = {
  id: 'L3',
  name: 'memory-kept',
  target:
    'no error; from the second wave of requests to the third no Worker holds 512 bytes a request more, its garbage collected',
  plants: [badToken, leak],
  async run({ isLong, plant }) {
    const { host, routes } = await underLoad();
    const usual = wavesOf(routes, isLong);
    const waves = plant === leak ? leaking(usual) : usual;
    const faults: string[] = [];
    const after: ReadonlyMap<string, number>[] = [];
    for (let wave = 0; wave < 3; wave++) {
      for (const { route, requests } of waves) {
        const asked = plant === badToken ? withBadToken(route) : route;
        const tally = await press(host.url, asked, { connections, requests });
        const errors = otherThan(tally, (status) => status >= 200 && status < 300);
        faults.push(...errors.map((error) => `${route.name}: ${error}`));
      }
      after.push(await heldBytes(host));
    }
    const [first, second, third] = after;
    if (!first || !second || !third) throw new Error('three waves give three measurements');
    const requests = waves.reduce((sum, wave) => sum + wave.requests, 0);
    const most = noise + leftMax * requests;
    for (const [worker, bytes] of third) {
      const grown = bytes - (second.get(worker) ?? 0);
      if (grown > most)
        faults.push(`${worker} kept ${(grown / requests).toFixed(0)} bytes a request`);
    }
    return { measured: wordsOf(requests, [first, second, third]), faults };
  },
};

/** The same number of requests, each of which leaves something behind. */
function leaking(waves: readonly Wave[]): readonly Wave[] {
  const requests = waves.reduce((sum, wave) => sum + wave.requests, 0);
  return [{ route: bareRoute({ asking: `keep=${leakBytes}` }), requests }];
}

function wordsOf(requests: number, after: readonly ReadonlyMap<string, number>[]): string {
  const each = workers.map((worker) => {
    const sizes = after.map((held) => ((held.get(worker) ?? 0) / 2 ** 20).toFixed(2));
    return `${worker.replace('cinnabar-', '')} ${sizes.join(', ')}`;
  });
  return `${requests} requests a wave; held after each, MB: ${each.join('; ')}`;
}
