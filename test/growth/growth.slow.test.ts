import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { loadSeal } from '../../src/core/seal.ts';
import type { CertificateStore } from '../../src/domain/certificates/ports.ts';
import { clusterKeys } from '../../src/domain/chips/cluster.ts';
import type { SealStore } from '../../src/domain/seals/ports.ts';
import { memoryCluster } from '../../src/platform/memory/chip-cluster.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { application, certificate } from '../contract/certificate-store.ts';
import { freshId, freshTenant } from '../contract/fresh.ts';
import { account, card, seal } from '../contract/seal-store.ts';
import { samplePerson, startFederation } from '../helpers/federation.ts';
import { patientWaits, seededRandom, tickingClock } from '../helpers/time-and-chance.ts';
import { meteredDatabase } from './metered-d1.ts';

// How the cost of one operation grows with what is there already. Rows of D1 are counted, the rest
// is CPU time of this process. `GROWTH_FIGURES=bench/growth.json` keeps the figures for the plots
// (`npm run bench -- report`); `GROWTH_LEDGER` is how far the ledger grows, 1,000,000 if left out.

interface Series {
  readonly title: string;
  readonly of: string;
  readonly unit: string;
  readonly points: readonly (readonly [size: number, cost: number])[];
}

/** The stores over D1 are written in the types of Workers, so they are fetched by name alone. */
async function storesOver(db: unknown) {
  const folder = new URL('../../src/platform/d1/', import.meta.url).pathname;
  const { d1SealStore } = await import(`${folder}seal-store.ts`);
  const { d1CertificateStore } = await import(`${folder}certificate-store.ts`);
  const seals: SealStore = d1SealStore(db);
  const certificates: CertificateStore = d1CertificateStore(db);
  return { seals, certificates };
}

const figures: Series[] = [];
const out = process.env.GROWTH_FIGURES;
const load = loadavg().map((one) => Number(one.toFixed(2)));

afterAll(() => {
  if (!out || figures.length === 0) return;
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}`;
  const about = { date: new Date().toISOString(), machine, load };
  writeFileSync(out, `${JSON.stringify({ ...about, figures }, null, 1)}\n`);
});

/** Keeps a series, and says whether the last point costs more than its share of the first. */
function keep(series: Series): void {
  figures.push(series);
  const [first, last] = [series.points[0], series.points.at(-1)];
  if (!first || !last) throw new Error(`${series.title}: nothing was measured`);
  // Linear: a constant, and a part for each. Half as much again is what a busy machine does.
  expect(last[1], series.title).toBeLessThanOrEqual(1.5 * first[1] * (last[0] / first[0]));
}

async function cpuMs(times: number, act: (i: number) => unknown): Promise<number> {
  const begun = process.cpuUsage();
  for (let i = 0; i < times; i++) await act(i);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000 / times;
}

const rounded = (value: number) => Number(value.toPrecision(3));

test('L5: lists and searches of seals and certificates read a page, however many there are', async () => {
  const meter = await meteredDatabase();
  const { seals, certificates } = await storesOver(meter.db);
  const limit = 20;
  const ofAccount: [number, number][] = [];
  const bySerial: [number, number][] = [];
  for (const count of [10, 100, 1000, 10_000]) {
    const tenant = freshTenant();
    const owner = account(tenant);
    const sheet = card(owner);
    const first = seal(sheet);
    await seals.addAccount(owner);
    await seals.addCard(sheet);
    await seals.addSeal(first);
    const [serial, id] = ["t.serial || '-' || n.i", "t.id || '-' || n.i"];
    await meter.multiply('seals', tenant, count - 1, { id, serial });
    await meter.multiply('seal_revisions', tenant, count - 1, {
      seal_id: "t.seal_id || '-' || n.i",
      revision_id: "t.revision_id || '-' || n.i",
      serial,
    });
    const list = () => seals.listSeals(tenant, { accountId: owner.id }, { limit });
    ofAccount.push([count, await meter.rowsReadBy(list)]);
    const find = () => seals.findSealBySerial(tenant, `${first.serial}-7`);
    bySerial.push([count, await meter.rowsReadBy(find)]);
  }
  const listed: [number, number][] = [];
  const found: [number, number][] = [];
  for (const count of [1000, 10_000, 100_000]) {
    const tenant = freshTenant();
    await certificates.addApplication(application(tenant, { applicant: 'customer-0' }));
    const one = certificate(tenant, {
      holder: 'customer-0',
      state: 'active',
      delivery: 'delivered',
    });
    await certificates.addCertificate(one);
    await meter.multiply('certificates', tenant, count - 1, {
      id: "t.id || '-' || n.i",
      serial_hex: 'lower(hex(randomblob(16)))',
      ledger_subject: "t.ledger_subject || '-' || n.i",
      application_id: "t.application_id || '-' || n.i",
      holder: "'c-' || n.i",
      spki_sha256: 't.spki_sha256 || n.i',
    });
    const page = () => certificates.listCertificates(tenant, {}, { limit });
    listed.push([count, await meter.rowsReadBy(page)]);
    const query = one.serialHex.slice(0, 16);
    const search = () => certificates.listCertificates(tenant, { query }, { limit });
    found.push([count, await meter.rowsReadBy(search)]);
  }
  await meter.end();
  const unit = 'rows read';
  keep({ title: 'A page of an account’s seals', of: 'seals', unit, points: ofAccount });
  keep({ title: 'A seal by its serial', of: 'seals', unit, points: bySerial });
  keep({ title: 'A page of certificates', of: 'certificates', unit, points: listed });
  keep({
    title: 'A certificate by the start of its serial',
    of: 'certificates',
    unit,
    points: found,
  });
});

test('L5: a signature costs the same with sixteen chips as with four', async () => {
  const [clock, random] = [tickingClock(), seededRandom(1)];
  const cluster = await memoryCluster({ clock, random, waits: patientWaits });
  const keys = clusterKeys(cluster.guardOf);
  const tenant = 'beichen-bank';
  const message = new Uint8Array(4);
  const points: [number, number][] = [];
  let chips = 4;
  for (const size of [4, 8, 16]) {
    for (; chips < size; chips++) {
      const zone = ['a', 'b', 'c'][chips % 3] ?? 'a';
      await cluster.directory.add({ chip: `chip-${chips + 1}`, zone, pool: 'shared' });
    }
    const keyId = freshId();
    await keys.create({ tenant, id: keyId, algorithm: 'sm2', uses: ['sign'], policy: {} });
    const sign = () => {
      clock.advance(100);
      return keys.sign({ tenant, keyId, requestId: freshId(), scheme: 'sm2-sm3', message });
    };
    await cpuMs(20, sign);
    points.push([size, rounded(await cpuMs(100, sign))]);
  }
  keep({ title: 'A signature in the chips', of: 'chips', unit: 'ms of CPU', points });
});

test('L5: a decision of five nodes costs no more than their share', async () => {
  const points: [number, number][] = [];
  for (const n of [3, 4, 5]) {
    const federation = await startFederation({ n });
    const people = Array.from({ length: 24 }, (_, i) => samplePerson(i));
    for (const person of people) await federation.fileEverywhere(person, 3);
    const decide = (i: number) => {
      const person = people[i % people.length];
      if (!person) throw new Error('nobody');
      // A person may be scored so often in an hour.
      federation.clock.advance(3_600_000);
      return federation.score(federation.apply(person));
    };
    await cpuMs(4, decide);
    points.push([n, rounded(await cpuMs(20, (i) => decide(i + 4)))]);
  }
  keep({ title: 'A decision about one person', of: 'nodes', unit: 'ms of CPU', points });
});

test('L5: one imprint against many reserved ones costs one comparison for each', async () => {
  const core = await loadSeal();
  const samples = new URL('../../src/console/public/samples/', import.meta.url);
  const read = (name: string) => ({
    ...core.decode(readFileSync(new URL(name, samples))),
    dpi: 300,
  });
  const names = ['r01-reserved.jpg', 's06-g0.jpg', 'r01-g1.jpg', 'r01-f-text0.jpg'];
  const reserved = names.map((name) => core.enrol(read(name), 'stroke', 'reserved'));
  const query = core.enrol(read('r01-g0.jpg'), 'stroke');
  const compare = (count: number) => {
    for (let i = 0; i < count; i++) {
      const template = reserved[i % reserved.length];
      if (template) core.match('stroke', template, query);
    }
  };
  compare(4);
  const points: [number, number][] = [];
  for (const size of [4, 16, 64]) points.push([size, rounded(await cpuMs(1, () => compare(size)))]);
  keep({ title: 'One imprint against many', of: 'reserved imprints', unit: 'ms of CPU', points });
});

test('L5: an entry of the ledger is appended and proved the same, however long it is', async () => {
  const ledger = memoryLedger({ now: () => Date.UTC(2026, 2, 2) });
  const most = Number(process.env.GROWTH_LEDGER ?? 1_000_000);
  const at = '2026-03-02T03:00:01.000Z';
  let size = 0;
  const append = async (count: number) => {
    const some = Array.from({ length: count }, () => {
      const subject = `cert/c${size++}`;
      const certSha256 = 'ab'.repeat(32);
      return ledger.append(
        { v: 1, type: 'thawed', subject, prev: null, at, certSha256 },
        { requestId: 'r1' },
      );
    });
    await Promise.all(some);
  };
  const appends: [number, number][] = [];
  const proofs: [number, number][] = [];
  for (let end = 1000; end <= most; end *= 10) {
    while (size < end - 50) await append(Math.min(2000, end - 50 - size));
    appends.push([end, rounded(await cpuMs(50, () => append(1)))]);
    const prove = (i: number) => ledger.proveInclusion((i * 7919) % end, end);
    proofs.push([end, rounded((await cpuMs(2000, prove)) * 1000)]);
  }
  keep({ title: 'An append with a checkpoint', of: 'entries', unit: 'ms of CPU', points: appends });
  keep({
    title: 'A proof that an entry is there',
    of: 'entries',
    unit: 'µs of CPU',
    points: proofs,
  });
});
