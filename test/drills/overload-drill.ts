import type { BundledHost } from '../helpers/bundled-host.ts';
import { clientAs } from '../helpers/key-people.ts';
import type { Drill, Result } from './drill.ts';
import {
  type LoadRoute,
  noTally,
  otherThan,
  type Pressure,
  press,
  quantileOf,
  rateOf,
  type Tally,
} from './load.ts';
import { underLoad } from './load-drill.ts';
import { fetchOnce, withBadToken } from './load-people.ts';
import { heldBytes, sumOf } from './memory-drill.ts';
import { openFiles, residentMb, whileServing } from './service-in-workerd.ts';

const connections = 16;
/** Of an overload: more callers than any service has sockets for at once. */
const crowd = 500;
const times = 10;
const badToken = 'a token that is no good';

const isGood = (status: number) => status >= 200 && status < 300;
const isShed = (status: number) => status === 429 || status === 503;
const isAllowed = (status: number) => isGood(status) || isShed(status);
const p99 = (tally: Tally) => quantileOf(tally.times, 0.99);

/** How long until reads take no more than twice what they took, s; looked at second by second. */
async function secondsToNormal(host: BundledHost, read: LoadRoute, normalMs: number) {
  const begun = performance.now();
  const secondsSince = () => (performance.now() - begun) / 1000;
  while (secondsSince() < 60) {
    const tally = await press(host.url, read, { connections, ms: 1000 });
    if (tally.times.length > 0 && p99(tally) <= 2 * normalMs) break;
  }
  return secondsSince();
}

function floodWords(flood: Tally, perSecond: number): string {
  const refusals = [...flood.statuses].filter(([status]) => isShed(status));
  const refused = refusals.map(([status, count]) => `${count} refused with ${status}`).join(', ');
  const sent = [...flood.statuses.values()].reduce((sum, count) => sum + count, 0);
  const slowest = (p99(flood) / 1000).toFixed(1);
  return `of ${sent} at ${perSecond.toFixed(0)}/s ${flood.times.length} served, p99 ${slowest} s, ${refused || 'none refused'}`;
}

/** L2: ten times what can be done of the dearest that is asked. */
export const overload: Drill = {
  id: 'L2',
  name: 'overload',
  target:
    'served, or refused with 429 or 503; reads normal again within 5 s; the last of six floods leaves at most 5 % more resident memory than the one before it (judged in the long form)',
  plants: [badToken],
  async run({ isLong, plant }) {
    // Inspected Workers take more room outside their heaps, flood after flood (docs/drills.md).
    const { host, routes } = await underLoad({ isTimed: isLong });
    const { sealRead } = routes;
    const dear = plant ? withBadToken(routes.sealVerification) : routes.sealVerification;
    const before = await press(host.url, sealRead, {
      connections,
      ...(isLong ? { ms: 5000 } : { requests: 16 }),
    });
    const usual = { connections, ...(isLong ? { ms: 15_000 } : { requests: 4 }) };
    const sustained = await press(host.url, dear, usual);
    const perSecond = times * Math.max(1, rateOf(sustained));
    const over = isLong ? { ms: 30_000 } : { requests: 24 };
    const pressure = { connections: crowd, perSecond, ...over };
    const flood = await press(host.url, dear, pressure);
    const faults = otherThan(flood, isAllowed);
    const sustains = `${rateOf(sustained).toFixed(1)} verifications/s sustained; ${floodWords(flood, perSecond)}`;
    if (!isLong) {
      const after = await press(host.url, sealRead, { connections, requests: 16 });
      return { measured: sustains, faults: [...faults, ...otherThan(after, isGood)] };
    }
    const recovery = await recovered(host, sealRead, p99(before));
    const again = await floodedAgain(host, { dear, sealRead }, pressure);
    return {
      measured: [sustains, recovery.measured, again.measured].join('; '),
      faults: [...faults, ...recovery.faults, ...again.faults],
    };
  },
};

/** When reads are as quick as before again. */
async function recovered(host: BundledHost, read: LoadRoute, normalMs: number): Promise<Result> {
  const seconds = await secondsToNormal(host, read, normalMs);
  return {
    measured: `reads normal (p99 ${normalMs.toFixed(0)} ms) after ${seconds.toFixed(1)} s`,
    faults: seconds > 5 ? [`reads were slow for ${seconds.toFixed(1)} s more`] : [],
  };
}

/** Floods of the long form: the first few make room that stays, and only a leak makes more each time. */
const floods = 6;

async function floodedAgain(
  host: BundledHost,
  { dear, sealRead }: Readonly<Record<'dear' | 'sealRead', LoadRoute>>,
  pressure: Pressure,
): Promise<Result> {
  const resident = [residentMb(host)];
  const faults: string[] = [];
  while (resident.length < floods) {
    faults.push(...otherThan(await press(host.url, dear, pressure), isAllowed));
    await press(host.url, sealRead, { connections: 2, ms: 10_000 });
    resident.push(residentMb(host));
  }
  const [before = 0, last = 0] = resident.slice(-2);
  if (last > 1.05 * before)
    faults.push('the last flood left more memory taken than the one before');
  const sizes = resident.map((each) => each.toFixed(0)).join(', ');
  return { measured: `resident after ${floods} such floods ${sizes} MB`, faults };
}

/** MB a minute by least squares over the second half: the first is warming up. */
function slopeOf(samples: readonly { readonly minute: number; readonly mb: number }[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const mean = (of: (one: (typeof late)[number]) => number) =>
    late.reduce((sum, one) => sum + of(one), 0) / late.length;
  const [minute, mb] = [mean((one) => one.minute), mean((one) => one.mb)];
  const covariance = mean((one) => (one.minute - minute) * (one.mb - mb));
  const variance = mean((one) => (one.minute - minute) ** 2);
  return variance === 0 ? 0 : covariance / variance;
}

/** L3: half of what it can do, for long. `SOAK_MINUTES` of the long form; 20 if not given. */
export const soak: Drill = {
  id: 'L3',
  name: 'soak',
  target:
    'no error; what the Workers hold, their garbage collected, grows by less than 1 MB a minute in the second half, no file stays open (judged in the long form)',
  plants: [badToken],
  async run({ isLong, plant }) {
    const { host, routes } = await underLoad();
    const { tokenCheck, certificateRead, sealRead, sealVerification } = routes;
    const asked = [tokenCheck, certificateRead, sealRead, sealVerification].map((route) =>
      plant ? withBadToken(route) : route,
    );
    const tallies = asked.map(() => noTally());
    const minutes = isLong ? Number(process.env.SOAK_MINUTES ?? 20) : 0;
    const begun = performance.now();
    const samples: { minute: number; mb: number }[] = [];
    const filesBefore = openFiles(host);
    const minute = () => (performance.now() - begun) / 60_000;
    const held: { minute: number; mb: number }[] = [];
    const look = async () => {
      held.push({ minute: minute(), mb: sumOf(await heldBytes(host)) / 2 ** 20 });
    };
    do {
      if (isLong && minute() >= (minutes * held.length) / 4) await look();
      // By turns, and as long asleep as at work: that is half.
      for (const [i, route] of asked.entries()) {
        const turn = isLong ? { ms: 1500 } : { requests: 6 };
        await press(host.url, route, { connections, ...turn }, tallies[i]);
      }
      samples.push({ minute: minute(), mb: residentMb(host) });
      if (isLong) await new Promise((wake) => setTimeout(wake, 6000));
    } while (minute() < minutes);
    const faults = asked.flatMap((route, i) =>
      otherThan(tallies[i] ?? noTally(), isGood).map((error) => `${route.name}: ${error}`),
    );
    if (isLong) await look();
    const slope = slopeOf(samples);
    const heldSlope = isLong ? slopeOf(held) : 0;
    const files = openFiles(host) - filesBefore;
    if (heldSlope >= 1) faults.push(`the Workers held ${heldSlope.toFixed(2)} MB a minute more`);
    if (isLong && files > 64) faults.push(`${files} more files are open`);
    const served = tallies.reduce((sum, tally) => sum + tally.times.length, 0);
    const span = isLong ? `${minute().toFixed(1)} min, ` : '';
    const first = samples[0]?.mb ?? 0;
    const last = samples.at(-1)?.mb ?? 0;
    const heldMb = held.map((look) => look.mb.toFixed(1)).join(', ');
    const heldWords = isLong ? `; held ${heldMb} MB, ${heldSlope.toFixed(2)} a minute` : '';
    return {
      measured: `${span}${served} requests; resident memory ${first.toFixed(0)} to ${last.toFixed(0)} MB, ${slope.toFixed(2)} MB a minute over the second half${heldWords}; ${files} more files open`,
      faults,
    };
  },
};

const perMinute = 60;
const minuteMs = 60_000;
const noLimit = 'nobody counts';

/** L4: who asks too often is stopped at the limit, and nobody else. */
export const rateLimits: Drill = {
  id: 'L4',
  name: 'rate-limits',
  target: 'at most 1 % above the limit, of a person and of an address; others are served',
  plants: [noLimit],
  async run({ plant }) {
    const hold = { requestsPerMinute: perMinute };
    const shared = plant ? await underLoad() : undefined;
    return shared ? heldToLimit(shared.host) : whileServing(heldToLimit, hold);
  },
};

async function heldToLimit(host: BundledHost) {
  const faults: string[] = [];
  const said: string[] = [];
  const token = async (identity: string) => {
    const asked = await clientAs(host.url, identity, fetchOnce).demo.token(identity);
    return { authorization: `Bearer ${asked.token}` };
  };
  const callers = [
    { name: 'a person', path: '/v1/notice', headers: await token('teller-zhou') },
    // Three tokens are asked for from there too.
    { name: 'an address', path: '/v1/demo/identities', headers: {} },
  ];
  const other = await token('teller-wu');
  for (const { name, path, headers } of callers) {
    const from = Math.floor(Date.now() / minuteMs);
    const route = { name, method: 'GET', path, headers: async () => headers } as const;
    const tally = await press(host.url, route, { connections, requests: 3 * perMinute });
    // The minute may turn meanwhile.
    const minutes = Math.floor(Date.now() / minuteMs) - from + 1;
    const most = Math.floor(perMinute * minutes * 1.01);
    faults.push(...otherThan(tally, (status) => isGood(status) || status === 429));
    if (tally.times.length > most) faults.push(`${name}: ${tally.times.length} served`);
    said.push(`${name}: ${tally.times.length} of ${3 * perMinute} served`);
  }
  const spared = await fetchOnce(`${host.url}/v1/notice`, { headers: other });
  if (spared.status !== 200) faults.push(`somebody else got ${spared.status}`);
  return { measured: `limit ${perMinute} a minute; ${said.join(', ')}`, faults };
}
