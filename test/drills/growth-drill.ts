import { readFileSync } from 'node:fs';
import { askOperation } from '../../src/domain/signing/operations.ts';
import { asking, bank, finish, granted } from '../helpers/bank.ts';
import { callsByPort, counting } from '../helpers/counting.ts';
import { bodyOf, type Edge, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { intention, paymentDeps, weighingNothing } from '../helpers/payments.ts';
import { certifiedTerminal, signingDeps } from '../helpers/signing.ts';
import type { Drill } from './drill.ts';

const dayMs = 24 * 60 * 60 * 1000;
const page = new URL('../../docs/cost-at-scale.md', import.meta.url);

type Calls = Readonly<Record<string, number>>;

/** What one payment asks of everything else, the `nth` time a person pays. */
async function paymentCalls(nth: number): Promise<Calls> {
  const plain = paymentDeps();
  plain.known.policy = weighingNothing;
  const person = await certifiedTerminal(plain, 'customer-chen');
  const ports = ['books', 'audit', 'ledger', 'shares', 'signing', 'certificates'] as const;
  const { deps, counts } = counting(plain, ports);
  for (let i = 1; i <= nth; i++) {
    plain.clock.advance(dayMs / 20);
    for (const key of Object.keys(counts)) delete counts[key];
    await intention(deps, person, { amountMinor: 100 }).pay(deps);
  }
  return callsByPort(counts);
}

const usePorts = ['audit', 'certificates', 'keys', 'ledger', 'shares', 'signing'] as const;

/** What one use of an institution's key asks of everything else, the `nth` time. */
async function useCalls(nth: number): Promise<Calls> {
  const { deps, counts } = counting(signingDeps(), usePorts);
  const own = await bank(deps);
  const grantId = await granted(own, own.clerk, { usesMax: nth });
  for (let i = 1; i <= nth; i++) {
    deps.clock.advance(dayMs / 20);
    for (const key of Object.keys(counts)) delete counts[key];
    const { id } = await askOperation(deps, own.clerk.caller, asking(own, own.clerk, grantId));
    await finish(own, own.clerk, id);
  }
  return callsByPort(counts);
}

const edgePorts = ['seals', 'work', 'audit', 'objects', 'templateKeys', 'tokens', 'keys'] as const;

/** What one call of the service asks of everything else, the `nth` time. */
async function edgeCalls(nth: number, act: (edge: Edge) => Promise<() => Promise<Response>>) {
  let counts: Record<string, number> = {};
  const edge = await startEdge((deps) => {
    const counted = counting(deps, edgePorts);
    counts = counted.counts;
    return counted.deps;
  });
  const call = await act(edge);
  for (let i = 1; i <= nth; i++) {
    for (const key of Object.keys(counts)) delete counts[key];
    const answer = await call();
    if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(await bodyOf(answer))}`);
  }
  return callsByPort(counts);
}

async function verifying(edge: Edge) {
  const { sealId } = await enrolled(edge, ringWithCross);
  const form = verificationForm(sealId, ringWithCross);
  return () => edge.call('/v1/seal-verifications', { form });
}

async function granting(edge: Edge) {
  const json = { grantType: 'urn:cinnabar:grant:session', audiences: ['cinnabar'] };
  return () => edge.call('/v1/tokens', { as: 'customer-chen', json });
}

/** Operations, and what each asks the first and the `late` time. */
async function measured(late: number) {
  const operations = {
    payment: paymentCalls,
    'use of a key': useCalls,
    'seal verification': (nth: number) => edgeCalls(nth, verifying),
    token: (nth: number) => edgeCalls(nth, granting),
  };
  const rows = [];
  for (const [name, callsAt] of Object.entries(operations)) {
    // The second: the first also makes what is made once.
    rows.push({ name, early: await callsAt(2), late: await callsAt(late) });
  }
  return rows;
}

const words = (calls: Calls) =>
  Object.entries(calls)
    .sort()
    .map(([port, count]) => `${port} ${count}`)
    .join(', ');

/** L5: what one operation asks of stores and chips does not grow with how many came before it. */
export const growth: Drill = {
  id: 'L5',
  name: 'messages-per-operation',
  target: 'no more the last time than the second; as docs/cost-at-scale.md says',
  plants: ['the document says less'],
  async run({ isLong, plant }) {
    // The document is found wanting by what the second one asks.
    const late = isLong ? 200 : plant ? 2 : 12;
    const text = plant ? '' : readFileSync(page, 'utf8');
    const faults: string[] = [];
    const rows = await measured(late);
    for (const { name, early, late: after } of rows) {
      if (words(early) !== words(after)) {
        faults.push(`${name}: ${words(early)} at first, ${words(after)} later`);
      }
      if (!text.includes(`| ${name} | ${words(early)} |`)) {
        faults.push(`docs/cost-at-scale.md does not say: | ${name} | ${words(early)} |`);
      }
    }
    const said = rows.map(({ name, early }) => `${name}: ${words(early)}`).join('; ');
    return { measured: `${said}; the same after ${late}`, faults };
  },
};
