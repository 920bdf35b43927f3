import { Agent, request } from 'node:http';

/** A request that is sent over and over. */
export interface LoadRoute {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly body?: Uint8Array;
}

/** What came back. */
export interface Tally {
  /** How often each status came; 0 is no answer. */
  readonly statuses: Map<number, number>;
  /** How long each answer of 2xx took, ms. */
  readonly times: number[];
  elapsedMs: number;
}

export interface Pressure {
  readonly connections: number;
  /** How long, or how many requests. */
  readonly ms?: number;
  readonly requests?: number;
  /** Requests a second, whether they are answered or not; as fast as answers come if left out. */
  readonly perSecond?: number;
}

export const noTally = (): Tally => ({ statuses: new Map(), times: [], elapsedMs: 0 });

/** One value below which so many of them are. */
export function quantileOf(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function send(
  url: URL,
  route: LoadRoute,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
): Promise<number> {
  return new Promise((settle) => {
    const { method, body } = route;
    const length = body ? { 'content-length': String(body.length) } : {};
    const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (answer) => {
      answer.resume();
      answer.once('end', () => settle(answer.statusCode ?? 0));
      answer.once('error', () => settle(0));
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the service was just closing carried nothing (RFC 9112, 9.3.1).
      const wasClosing = sent.reusedSocket && error.code === 'ECONNRESET';
      settle(wasClosing ? send(url, route, headers, agent) : 0);
    });
    sent.end(body);
  });
}

/** Sends the request again and again over so many connections, and adds to the tally what comes. */
export async function press(
  base: string,
  route: LoadRoute,
  pressure: Pressure,
  tally: Tally = noTally(),
): Promise<Tally> {
  const { connections, ms = Number.POSITIVE_INFINITY, perSecond } = pressure;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const url = new URL(route.path, base);
  const headers = await route.headers();
  const begun = performance.now();
  let left = pressure.requests ?? Number.POSITIVE_INFINITY;
  const once = async () => {
    const sentAt = performance.now();
    const status = await send(url, route, headers, agent);
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    if (status >= 200 && status < 300) tally.times.push(performance.now() - sentAt);
  };
  const isOver = () => left <= 0 || performance.now() - begun >= ms;
  const lane = async () => {
    while (!isOver()) {
      left -= 1;
      await once();
    }
  };
  const lanes = perSecond === undefined ? Array.from({ length: connections }, lane) : [];
  const sent: Promise<void>[] = [];
  while (perSecond !== undefined && !isOver()) {
    const due = Math.ceil(((performance.now() - begun) / 1000) * perSecond);
    for (; sent.length < due && left > 0; left--) sent.push(once());
    await new Promise((wake) => setTimeout(wake, 2));
  }
  await Promise.all([...lanes, ...sent]);
  tally.elapsedMs += performance.now() - begun;
  agent.destroy();
  return tally;
}

/** Answers of 2xx a second. */
export const rateOf = ({ times, elapsedMs }: Tally): number => (times.length * 1000) / elapsedMs;

/** Statuses that are none of those, with how often they came. */
export function otherThan({ statuses }: Tally, isGood: (status: number) => boolean): string[] {
  return [...statuses]
    .filter(([status]) => !isGood(status))
    .map(([status, times]) => `${times} times ${status === 0 ? 'no answer' : status}`);
}
