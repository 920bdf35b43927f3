import { SealError } from '../../src/core/seal-error.ts';
import type { SealMatch } from '../../src/core/seal-vendor.ts';
import type { SealPolicy } from '../../src/domain/seals/policy.ts';
import type { SealEngine } from '../../src/domain/seals/ports.ts';
import type { Verification } from '../../src/domain/seals/types.ts';
import { gridEngine } from '../helpers/grid-engine.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { sealMachine, verifyWith } from '../helpers/seal-machine.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import type { Drill } from './drill.ts';

const vendors = ['alpha', 'beta', 'gamma', 'delta'];
const opinions = ['agrees', 'agrees', 'agrees', 'doubts', 'refuses', 'breaks down'] as const;
type Opinion = (typeof opinions)[number];

const policy: SealPolicy = {
  defaultCount: 2,
  branches: { '0102': 3 },
  levels: [{ currency: 'CNY', fromMinor: 1, vendorCount: 3 }],
};

const scores = { agrees: 0.99, doubts: 0.92, refuses: 0.1 } as const;

function matchOf(opinion: Opinion): SealMatch {
  if (opinion === 'breaks down') throw new SealError('core_failed', 'It broke down.');
  return {
    match: opinion === 'agrees',
    score: scores[opinion],
    threshold: 0.95,
    rejectBelow: 0.9,
    transform: [1, 0, 0, 1, 0, 0],
    unknownShare: 0,
    tiles: [],
  };
}

/** What a verdict must have behind it, by what the vendors really thought. */
function violations(
  { verdict, nextStep, vendors: asked, policy: applied }: Verification,
  thought: ReadonlyMap<string, Opinion>,
): string[] {
  const said = asked.map(({ vendor }) => thought.get(vendor.code));
  const isUnanimous = said.length >= applied.vendorCount && said.every((one) => one === 'agrees');
  const found: string[] = [];
  if (said.length === 0) found.push('nobody was asked');
  if (verdict === 'pass' && !isUnanimous) found.push(`passed with ${said.join(', ')}`);
  if (verdict !== 'pass' && nextStep !== 'review') found.push(`${verdict}, and nobody looks at it`);
  if (said.includes('refuses') && verdict !== 'fail') found.push(`${verdict} with a refusal`);
  return found;
}

/** Q2: vendors that agree, doubt, refuse and break down; some of them are taken away meanwhile. */
export const verdicts: Drill = {
  id: 'Q2',
  name: 'vendors-unanimous-or-reviewed',
  target: 'nothing passes but by all vendors that the policy asks; a person sees the rest',
  plants: ['the majority decides'],
  async run({ isLong, seed, plant }) {
    const chance = seededRandom(seed);
    const pick = <T>(list: readonly T[]): T => {
      const found = list[(chance.bytes(1)[0] ?? 0) % list.length];
      if (found === undefined) throw new RangeError('an empty list');
      return found;
    };
    const thought = new Map<string, Opinion>();
    const grid = await gridEngine(vendors);
    const engine: SealEngine = {
      ...grid,
      match(code) {
        const all = [...thought.values()];
        const agreeing = all.filter((one) => one === 'agrees').length;
        const isOutvoted = plant !== undefined && agreeing > all.length / 2;
        return matchOf(isOutvoted ? 'agrees' : (thought.get(code) ?? 'breaks down'));
      },
    };
    const { deps, enrol } = await sealMachine({ engine, policy });
    await enrol('s');
    const rounds = isLong ? 5_000 : 150;
    const faults: string[] = [];
    const counts = { pass: 0, fail: 0, review: 0 };
    for (let round = 0; round < rounds; round++) {
      for (const vendor of vendors) thought.set(vendor, pick(opinions));
      const made = await verifyWith(deps, `v${round}`, ringWithCross, 's');
      counts[made.verdict] += 1;
      faults.push(...violations(made, thought).map((what) => `round ${round}: ${what}`));
    }
    const { pass, fail, review } = counts;
    // A drill in which nothing passes, or nothing else happens, shows nothing.
    if (pass === 0 || fail === 0 || review === 0) faults.push('a kind of verdict never came');
    return { measured: `${rounds} rounds: ${pass} pass, ${fail} fail, ${review} review`, faults };
  },
};
