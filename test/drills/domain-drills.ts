import { freezeCertificate, revokeCertificate } from '../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../src/domain/certificates/thaw.ts';
import { believedForgeries } from '../helpers/audit-forgeries.ts';
import { certificateDeps, frozenCertificate, people } from '../helpers/certificates.ts';
import type { Drill } from './drill.ts';
import { hashOfTrace, simulatedBank, simulationPlants } from './simulation.ts';

/** So many courses of events share a bank: its making costs more than they do. */
const coursesPerBank = 50;

async function courses(first: number, count: number, plant?: string) {
  const { course, neverCalled } = await simulatedBank(plant);
  const trace: string[] = [];
  const violations: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    const one = await course(seed);
    trace.push(...one.trace);
    violations.push(...one.violations);
  }
  return { trace, violations, unreached: neverCalled() };
}

/** Q2: a bank's day on simulated time, with overtaking, failures and lost answers. */
export const simulation: Drill = {
  id: 'Q2',
  name: 'simulated-bank',
  target:
    'money conserved, at most one execution, none without a record, no day above its limit, nothing confirmed while frozen; same seed, same trace',
  plants: simulationPlants,
  async run({ isLong, seed, plant }) {
    const total = plant ? coursesPerBank : isLong ? 10_000 : 100;
    const faults: string[] = [];
    let events = 0;
    let first = '';
    let unreached: readonly string[] | undefined;
    for (let done = 0; done < total; done += coursesPerBank) {
      const found = await courses(seed + done, coursesPerBank, plant);
      const { trace, violations } = found;
      faults.push(...violations);
      // Fifty courses may happen to do without one write; all of them together may not.
      unreached = (unreached ?? found.unreached).filter((name) => found.unreached.includes(name));
      events += trace.length;
      if (done === 0) first = hashOfTrace(trace);
      if (plant && faults.length > 0) break;
    }
    if (!plant) {
      faults.push(...(unreached ?? []).map((name) => `no course called ${name}`));
      const again = hashOfTrace((await courses(seed, coursesPerBank)).trace);
      if (again !== first) faults.push('the same seed took another course');
    }
    const measured = `${total} courses, ${events} events, trace ${first.slice(0, 12)}`;
    return { measured, faults };
  },
};

const attempts = 64;

/** C1: everybody thaws the same certificate at once, and sometimes somebody revokes it. */
export const thawRace: Drill = {
  id: 'C1',
  name: 'thaw-race',
  target: 'one thaw each time, a revoked certificate stays revoked',
  plants: ['the last writer wins'],
  async run({ isLong, plant }) {
    // One round without a revocation and one with; the defect shows in the first.
    const rounds = isLong ? 200 : 2;
    const faults: string[] = [];
    const deps = certificateDeps();
    const { certificates, ledger } = deps;
    // The defect: rows without revisions, and a ledger that asks for no predecessor.
    const careless = {
      ...deps,
      certificates: {
        ...certificates,
        async replaceCertificate(row: Parameters<typeof certificates.replaceCertificate>[0]) {
          const stored = await certificates.findCertificate(row.serialHex);
          const revision = (stored?.revision ?? 0) + 1;
          return certificates.replaceCertificate({ ...row, revision });
        },
      },
      ledger: {
        ...ledger,
        async append(...[event, attempt]: Parameters<typeof ledger.append>) {
          const newest = await ledger.head(event.subject);
          return ledger.append({ ...event, prev: newest?.leafHash ?? null }, attempt);
        },
      },
    };
    const world = plant ? careless : deps;
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const { serialHex, ledgerSubject } = await frozenCertificate(deps, 'sm2');
      const isRevoked = round % 2 === 1;
      const storm = Array.from({ length: attempts }, (_, i) =>
        isRevoked && i === round % attempts
          ? revokeCertificate(world, people.approver, {
              serialHex,
              id: 'r',
              reason: 'keyCompromise',
            })
          : thawCertificate(world, people.approver, { serialHex, id: `thaw-${i}` }),
      );
      const ended = await Promise.allSettled(storm);
      refused += ended.filter(({ status }) => status === 'rejected').length;
      const types = (await ledger.history(ledgerSubject)).map(({ event }) => event.type);
      const thaws = types.filter((type) => type === 'thawed').length;
      if (thaws > 1 || (!isRevoked && thaws !== 1)) faults.push(`round ${round}: ${thaws} thaws`);
      if (isRevoked) faults.push(...(await revokedForGood(world, serialHex, round)));
      if (plant && faults.length > 0) break;
    }
    return { measured: `${rounds} rounds of ${attempts}, ${refused} refused`, faults };
  },
};

async function revokedForGood(
  deps: Parameters<typeof revokeCertificate>[0],
  serialHex: string,
  round: number,
): Promise<string[]> {
  const request = { serialHex, id: 'r', reason: 'keyCompromise' as const };
  await revokeCertificate(deps, people.approver, request).catch(() => undefined);
  const after = await Promise.allSettled([
    thawCertificate(deps, people.approver, { serialHex, id: 'late' }),
    freezeCertificate(deps, people.approver, { serialHex, id: 'late' }),
  ]);
  const moved = after.filter(({ status }) => status === 'fulfilled').length;
  const stored = await deps.certificates.findCertificate(serialHex);
  const isRevoked = stored?.state === 'revoked' && moved === 0;
  return isRevoked ? [] : [`round ${round}: ${stored?.state} after its revocation`];
}

/** S3: changed, dropped, swapped, doubled, re-signed and cut audit chains. */
export const auditForgeries: Drill = {
  id: 'S3',
  name: 'audit-forgeries',
  target: 'every forgery found',
  plants: ['nobody keeps the head elsewhere'],
  async run({ isLong, plant }) {
    const rounds = isLong ? 10_000 : 1_000;
    const believed = believedForgeries(rounds, plant === undefined);
    return {
      measured: `${rounds - believed.length} of ${rounds} forgeries found`,
      faults: believed.map((round) => `forgery ${round} was believed`),
    };
  },
};

export const domainDrills: readonly Drill[] = [simulation, thawRace, auditForgeries];
