import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { freezeCertificate } from '../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../src/domain/certificates/thaw.ts';
import { CinnabarError } from '../../src/domain/errors.ts';
import { stopOrder } from '../../src/domain/payments/order.ts';
import type { PaymentDeps } from '../../src/domain/payments/ports.ts';
import type { Order } from '../../src/domain/payments/types.ts';
import type { Random } from '../../src/domain/ports.ts';
import { people } from '../helpers/certificates.ts';
import { neverCalled } from '../helpers/dying.ts';
import { intention, paymentDeps, terms, weighingNothing } from '../helpers/payments.ts';
import { certifiedTerminal, type Terminal } from '../helpers/signing.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';
import { scheduler, stormy, type Weather } from './scheduler.ts';

/** Defects that the invariants must notice. */
export const simulationPlants = [
  'limits are looked at, then written',
  'a frozen certificate counts as good',
  'executions leave no record',
] as const;
type Plant = (typeof simulationPlants)[number];

const dayMs = 24 * 60 * 60 * 1000;
const dailyMinor = 3_000;
const amountMinor = 1_000;
const utcOffsetMinutes = 480;
const calm: Weather = { fails: 0, loses: 0 };
const storm: Weather = { fails: 12, loses: 12 };

/** What a course of events leaves behind. */
export interface Course {
  readonly trace: readonly string[];
  readonly violations: readonly string[];
}

/** One person, whose devices pay, stop, and are frozen out, all at once. */
export async function simulatedBank(plant?: string) {
  const deps = paymentDeps();
  deps.known.policy = weighingNothing;
  const person = await certifiedTerminal(deps, 'customer-chen');
  const called = new Set<string>();
  return {
    course: (seed: number) => courseOf({ deps, person, called }, seed, plant as Plant | undefined),
    /** Writes that no course came to: the storm does not reach what is done instead of them. */
    neverCalled: () => neverCalled<typeof writes>(writes, called),
  };
}

/** Where the storm is. */
const writes = {
  books: ['place', 'authorise', 'answered', 'execute', 'annotate', 'terminate'],
  audit: ['append'],
  ledger: ['appendNext'],
  shares: ['sign'],
  riskRegister: ['keep'],
} as const;

type World = ReturnType<typeof paymentDeps>;

interface SimulatedBank {
  readonly deps: World;
  readonly person: Terminal;
  readonly called: Set<string>;
}

/** The ports of the world in bad weather, with the planted defect. */
function inWeather(
  { deps, called }: SimulatedBank,
  seed: number,
  weather: () => Weather,
  plant?: Plant,
) {
  const chance = seededRandom(seed ^ 0x57a3);
  const turns = scheduler(seededRandom(seed));
  const failing = () => new CinnabarError('storage_unavailable');
  const under = <N extends keyof typeof writes>(name: N, port: World[N] = deps[name]) => {
    const names = writes[name] as readonly string[] as readonly (keyof World[N] & string)[];
    const note = (method: string) => called.add(`${name}.${method}`);
    return stormy(port, names, turns, chance, weather, failing, note);
  };
  const small = (limits: { singleMinor: number; dailyMinor: number; dailyCount: number }) => ({
    ...limits,
    dailyMinor,
  });
  const exact: World['books']['authorise'] = (tenant, payer, id, input) =>
    deps.books.authorise(tenant, payer, id, { ...input, limits: small(input.limits) });
  const careless: World['books']['authorise'] = async (tenant, payer, id, input) => {
    const { nowMs } = input;
    const view = { currency: 'CNY', payeeAccount: '', nowMs, utcOffsetMinutes };
    const { spentTodayMinor } = await deps.books.view(tenant, payer, view);
    await turns.pause();
    if (spentTodayMinor + amountMinor > dailyMinor) throw new CinnabarError('order_over_limit');
    return deps.books.authorise(tenant, payer, id, input);
  };
  const authorise = plant === 'limits are looked at, then written' ? careless : exact;
  const forgetful: World['audit']['append'] = async (tenant, entry) =>
    entry.action === 'payment.execute'
      ? ({} as Awaited<ReturnType<World['audit']['append']>>)
      : deps.audit.append(tenant, entry);
  const isForgetful = plant === 'executions leave no record';
  const blind: World['certificates'] = {
    ...deps.certificates,
    findCertificate: async (serial) => {
      const found = await deps.certificates.findCertificate(serial);
      return found?.state === 'suspended' ? { ...found, state: 'active' as const } : found;
    },
  };
  const isBlind = plant === 'a frozen certificate counts as good';
  const service: PaymentDeps = {
    ...deps,
    certificates: isBlind ? blind : deps.certificates,
    books: under('books', { ...deps.books, authorise }),
    audit: under('audit', isForgetful ? { ...deps.audit, append: forgetful } : deps.audit),
    ledger: under('ledger'),
    shares: under('shares'),
    riskRegister: under('riskRegister'),
  };
  return { service, turns };
}

async function courseOf(bank: SimulatedBank, seed: number, plant?: Plant): Promise<Course> {
  const { deps, person } = bank;
  // Another day, with limits of its own.
  deps.clock.advance(dayMs);
  const chance = seededRandom(seed ^ 0xc0ffee);
  let weather = storm;
  const { service, turns } = inWeather(bank, seed, () => weather, plant);
  const trace: string[] = [];
  const say = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    const ended = await act().then(
      () => 'done',
      (error: unknown) => (error instanceof CinnabarError ? error.code : String(error)),
    );
    trace.push(`${what} ${ended}`);
  };
  const serialHex = (
    await deps.signing.find(person.caller.actor.tenant, 'personal-key', person.key.id)
  )?.certificateSerial;
  if (!serialHex) throw new Error('the person has no certificate');
  const frozen = frozenSpans(deps);
  const payments = Array.from({ length: 5 }, () => intention(deps, person, { amountMinor }));
  const tasks = payments.map((payment, i) => async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const from = deps.clock.now();
      await say(`pay ${i}`, async () => {
        const order = await payment.pay(service);
        frozen.paid(i, from, order);
      });
    }
  });
  const hand = pick(chance, payments.length);
  const stop = () =>
    say(`stop ${hand}`, () => stopOrder(service, person.caller, payments[hand]?.id ?? ''));
  const freeze = async () => {
    await say('freeze', () => frozen.freeze(serialHex));
    for (let wait = pick(chance, 20); wait > 0; wait--) await turns.pause();
    await say('release', () => frozen.release(serialHex));
  };
  const isFreezing = pick(chance, 2) === 0;
  await turns.run([...tasks, stop, ...(isFreezing ? [freeze] : [])]);
  weather = calm;
  for (const [i, payment] of payments.entries()) await say(`end ${i}`, () => payment.pay(service));
  return {
    trace,
    violations: [...frozen.violations, ...(await judged(deps, person, payments, seed))],
  };
}

const pick = (chance: Random, below: number) => (chance.bytes(1)[0] ?? 0) % below;

/** When the certificate was frozen, and which payments began and were confirmed within that time. */
function frozenSpans(deps: World) {
  let since: number | undefined;
  const violations: string[] = [];
  const confirmedWhileFrozen = new Set<number>();
  return {
    violations,
    async freeze(serialHex: string) {
      await freezeCertificate(deps, people.approver, {
        serialHex,
        id: `freeze-${deps.clock.now()}`,
      });
      since = deps.clock.now();
    },
    async release(serialHex: string) {
      since = undefined;
      await thawCertificate(deps, people.approver, {
        serialHex,
        id: `release-${deps.clock.now()}`,
      });
    },
    paid(i: number, from: number, order: Order) {
      const { authorisedAtMs = 0 } = order;
      const isWithin = since !== undefined && from >= since && authorisedAtMs >= since;
      if (isWithin && !confirmedWhileFrozen.has(i)) {
        confirmedWhileFrozen.add(i);
        violations.push(`payment ${i} was confirmed under a frozen certificate`);
      }
    },
  };
}

/** What must be true of every course of events, once it is over. */
async function judged(
  deps: World,
  person: Terminal,
  payments: readonly { readonly id: string }[],
  seed: number,
): Promise<string[]> {
  const { tenant, id: payer } = person.caller.actor;
  const violations: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) violations.push(`seed ${seed}: ${what}`);
  };
  const records = await deps.audit.list(tenant, { limit: 400 });
  const recorded = new Set(
    records
      .filter(({ outcome }) => outcome === 'done')
      .map(({ action, subject }) => `${action} ${subject}`),
  );
  let executedMinor = 0;
  for (const { id } of payments) {
    const order = await deps.books.find(tenant, payer, id, deps.clock.now());
    const entries = await deps.ledger.history(`payment/${id}`);
    const isExecuted = order?.state === 'executed';
    must(
      entries.length === (isExecuted ? 1 : 0),
      `${entries.length} entries for one ${order?.state} order`,
    );
    must(!order || recorded.has(`payment.place payment:${id}`), 'an order without a record');
    if (!isExecuted) continue;
    executedMinor += order.amountMinor;
    must(recorded.has(`payment.execute payment:${id}`), 'an execution without a record');
    must(order.receipt?.chipReceipt !== undefined, 'an execution without a receipt of the chip');
    must(order.termination === undefined, 'a stopped order was executed');
  }
  const nowMs = deps.clock.now();
  const view = { currency: 'CNY', payeeAccount: terms.payee.account, nowMs, utcOffsetMinutes };
  const { spentTodayMinor } = await deps.books.view(tenant, payer, view);
  must(spentTodayMinor >= executedMinor, 'money that the book does not count');
  must(spentTodayMinor <= dailyMinor, `${spentTodayMinor} spent of ${dailyMinor}`);
  return violations;
}

export function hashOfTrace(trace: readonly string[]): string {
  return bytesToHex(sha256(utf8ToBytes(trace.join('\n'))));
}
