import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import type { Drill } from './drill.ts';

const minuteMs = 60_000;
const yearMs = 365.25 * 24 * 60 * minuteMs;

/** Offsets of the clock from when a token was made, and whether it is good there. */
const table = {
  // 15 minutes, and 5 seconds for clocks that differ.
  demo: [
    [-10 * minuteMs, false],
    [-minuteMs, false],
    [-3_000, true],
    [0, true],
    [14 * minuteMs, true],
    [15 * minuteMs + 3_000, true],
    [15 * minuteMs + 10_000, false],
    [16 * minuteMs, false],
    [12 * yearMs, false],
    [74 * yearMs, false],
  ],
  // 10 minutes, and 30 seconds.
  own: [
    [-10 * minuteMs, false],
    [-minuteMs, false],
    [-20_000, true],
    [0, true],
    [9 * minuteMs, true],
    [10 * minuteMs + 20_000, true],
    [10 * minuteMs + 40_000, false],
    [12 * yearMs, false],
    [74 * yearMs, false],
  ],
} as const;

async function tokenOf(edge: Edge, kind: keyof typeof table): Promise<string> {
  if (kind === 'demo') return edge.tokenOf('customer-chen');
  const json = { grantType: 'urn:cinnabar:grant:session', audiences: ['cinnabar'] };
  const answer = await bodyOf(await edge.call('/v1/tokens', { as: 'customer-chen', json }));
  return String(answer.accessToken);
}

/** T3: clocks that are late, early, set back and far ahead. */
export const clockSkew: Drill = {
  id: 'T3',
  name: 'clocks',
  target: 'tokens good and refused as the table in the drill says, also after the clock came back',
  plants: ['the clock stands still'],
  async run({ plant }) {
    const faults: string[] = [];
    let cases = 0;
    for (const kind of ['demo', 'own'] as const) {
      for (const [offsetMs, isGood] of table[kind]) {
        const edge = await startEdge();
        const authorization = `Bearer ${await tokenOf(edge, kind)}`;
        const status = async () =>
          (await edge.call('/v1/tokens', { as: null, headers: { authorization } })).status;
        if (!plant) edge.clock.advance(offsetMs);
        const there = await status();
        if (!plant) edge.clock.advance(-offsetMs);
        const back = await status();
        cases += 2;
        if (there !== (isGood ? 200 : 401)) {
          faults.push(`${kind} token at ${offsetMs} ms: ${there}`);
        }
        if (back !== 200) faults.push(`${kind} token after ${offsetMs} ms and back: ${back}`);
      }
    }
    return { measured: `${cases} cases`, faults };
  },
};
