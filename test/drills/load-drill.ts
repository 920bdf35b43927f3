import type { BundledHost } from '../helpers/bundled-host.ts';
import type { Drill } from './drill.ts';
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
import { bareRoute, mainRoutes, peopleForLoad, withBadToken } from './load-people.ts';
import { hostForDrills } from './service-in-workerd.ts';

const badToken = 'a token that is no good';
const dearRead = 'a read that verifies a seal';
const connections = 16;
const isGood = (status: number) => status >= 200 && status < 300;

/** A route against the bare one. */
interface Contest {
  readonly route: LoadRoute;
  readonly bare: LoadRoute;
  /** What it must reach of the bare one's rate; what is computed or signed for it is only told. */
  readonly rateMin?: number;
  readonly requests: number;
}

/** A read is judged against a bare route that asks the same stores as often. */
const readMin = 0.5;
/** Times as long as the bare route's. */
const slowestMax = 4;

const routesOf = new Map<BundledHost, ReturnType<typeof mainRoutes>>();

/** The host that drills share, and what to ask it; one that is not inspected where times count. */
export async function underLoad({ isTimed = false } = {}) {
  const host = await hostForDrills(!isTimed);
  const routes = routesOf.get(host) ?? peopleForLoad(host.url).then(mainRoutes);
  routesOf.set(host, routes);
  return { host, routes: await routes };
}

function contestsOf(routes: Awaited<ReturnType<typeof mainRoutes>>): readonly Contest[] {
  const { tokenCheck, verifyToken, certificateRead, sealRead } = routes;
  const { certificateStatus, ocspAnswer, ocspWithNonce, sealVerification } = routes;
  const reading = (route: LoadRoute, asking: string) => ({
    route,
    bare: bareRoute({ asking }),
    rateMin: readMin,
    requests: 32,
  });
  const signed = (route: LoadRoute) => ({
    route,
    bare: bareRoute({ asking: 'd1=1' }),
    requests: 16,
  });
  const { body } = sealVerification;
  return [
    reading(tokenCheck, 'kv=1'),
    reading(verifyToken, 'hop=1'),
    reading(certificateRead, 'd1=1'),
    reading(sealRead, 'd1=1'),
    reading(certificateStatus, 'hop=1'),
    signed(ocspAnswer),
    signed(ocspWithNonce),
    { route: sealVerification, bare: bareRoute({ body }), requests: 3 },
  ];
}

interface Figures extends Contest {
  readonly own: Tally;
  readonly other: Tally;
}

/** The route and the bare one by turns, so that what disturbs the machine disturbs both. */
async function contested(
  host: BundledHost,
  contest: Contest,
  rounds: number,
  pressure: Pressure,
): Promise<Figures> {
  const [own, other] = [noTally(), noTally()];
  for (let round = 0; round < rounds; round++) {
    await press(host.url, contest.bare, pressure, other);
    await press(host.url, contest.route, pressure, own);
  }
  return { ...contest, own, other };
}

const ratioOf = ({ own, other }: Figures) => rateOf(own) / rateOf(other);
const p99Of = (tally: Tally) => quantileOf(tally.times, 0.99);

function wordsOf(figures: Figures): string {
  const { route, own, other } = figures;
  const slowest = (p99Of(own) / p99Of(other)).toFixed(1);
  return `${route.name} ${rateOf(own).toFixed(0)}/s, ${ratioOf(figures).toFixed(3)} of a bare ${rateOf(other).toFixed(0)}/s, p99 ${p99Of(own).toFixed(0)} ms, ${slowest} times`;
}

function tooSlow(figures: Figures): string[] {
  const { route, rateMin, own, other } = figures;
  if (rateMin === undefined) return [];
  const rate = ratioOf(figures);
  const slowest = p99Of(own) / p99Of(other);
  return [
    ...(rate < rateMin ? [`${route.name}: ${rate.toFixed(3)} of the bare route's rate`] : []),
    ...(slowest > slowestMax ? [`${route.name}: p99 is ${slowest.toFixed(1)} times as long`] : []),
  ];
}

/** L1: the routes that are asked most, against one that does nothing in the same workerd. */
export const loadPerRoute: Drill = {
  id: 'L1',
  name: 'load-per-route',
  target:
    'no error; reads at half the rate or more of a bare route that asks the same stores, p99 within 4 times (judged in the long form)',
  plants: [badToken, dearRead],
  async run({ isLong, plant }) {
    const { host, routes } = await underLoad({ isTimed: isLong });
    const faults: string[] = [];
    const said: string[] = [];
    for (const contest of contestsOf(routes)) {
      const route = planted(contest.route, routes.sealVerification, plant);
      const requests = plant ? 4 : contest.requests;
      const pressure = { connections, ...(isLong ? { ms: 2000 } : { requests }) };
      const figures = await contested(host, { ...contest, route }, isLong ? 5 : 1, pressure);
      const errors = [...otherThan(figures.own, isGood), ...otherThan(figures.other, isGood)];
      faults.push(...errors.map((error) => `${route.name}: ${error}`));
      if (isLong || plant) faults.push(...tooSlow(figures));
      said.push(wordsOf(figures));
      if (plant && faults.length > 0) break;
    }
    return { measured: said.join('; '), faults };
  },
};

function planted(route: LoadRoute, dear: LoadRoute, plant: string | undefined): LoadRoute {
  if (plant === undefined) return route;
  if (plant === dearRead) return { ...dear, name: route.name };
  return withBadToken(route);
}
