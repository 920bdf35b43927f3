import { env } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import { d1CertificateStore } from '../../../src/platform/d1/certificate-store.ts';
import { d1SealStore } from '../../../src/platform/d1/seal-store.ts';
import { application, certificate } from '../../contract/certificate-store.ts';
import { freshTenant } from '../../contract/fresh.ts';
import { account, card, seal, verification } from '../../contract/seal-store.ts';

// What a question costs is what D1 counts: the rows that it reads. They are the same on every
// machine, so that growth shows in numbers and not in times.

const many = 10_000;
const limit = 20;
const nowMs = 1_767_225_600_123;

/** The same database, which adds up the rows that its statements read. */
function metered(db: D1Database) {
  let rowsRead = 0;
  const statement = (plain: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(plain, {
      get(target, name) {
        if (name === 'bind') {
          return (...values: unknown[]) => statement(target.bind(...values));
        }
        if (name !== 'all') return Reflect.get(target, name);
        return async () => {
          const answer = await target.all();
          rowsRead += answer.meta.rows_read;
          return answer;
        };
      },
    });
  const meteredDb = new Proxy(db, {
    get: (target, name) =>
      name === 'prepare'
        ? (query: string) => statement(target.prepare(query))
        : Reflect.get(target, name),
  });
  return {
    db: meteredDb,
    async rowsReadBy(ask: () => Promise<unknown>): Promise<number> {
      rowsRead = 0;
      await ask();
      return rowsRead;
    },
  };
}

/** Puts `count` copies of the tenant's row beside it, each with names of its own. */
async function multiply(
  table: string,
  tenant: string,
  count: number,
  own: Readonly<Record<string, string>>,
) {
  const { results } = await env.DB.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
  const columns = results.map(({ name }) => name);
  const values = columns.map((name) => own[name] ?? `t.${name}`);
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM n,
       (SELECT * FROM ${table} WHERE tenant = ?1 LIMIT 1) t`,
  )
    .bind(tenant, count)
    .run();
}

/** A bank with so many seals on one account, verifications of one seal, and certificates. */
async function bankWith(count: number) {
  const tenant = freshTenant();
  const seals = d1SealStore(env.DB);
  const certificates = d1CertificateStore(env.DB);
  const owner = account(tenant);
  const sheet = card(owner);
  const first = seal(sheet);
  await seals.addAccount(owner);
  await seals.addCard(sheet);
  await seals.addSeal(first);
  await seals.addVerification(verification(first));
  await certificates.addApplication(application(tenant, { applicant: 'customer-0' }));
  const one = certificate(tenant, {
    holder: 'customer-0',
    state: 'active',
    delivery: 'delivered',
  });
  await certificates.addCertificate(one);
  const id = "t.id || '-' || n.i";
  await multiply('accounts', tenant, count, { id, number: "t.number || '-' || n.i" });
  await multiply('seals', tenant, count, { id, serial: "t.serial || '-' || n.i" });
  await multiply('seal_revisions', tenant, count, {
    seal_id: "t.seal_id || '-' || n.i",
    revision_id: "t.revision_id || '-' || n.i",
    serial: "t.serial || '-' || n.i",
  });
  await multiply('verifications', tenant, count, { id });
  await multiply('certificate_applications', tenant, count, { id, applicant: "'c-' || n.i" });
  await multiply('certificates', tenant, count, {
    id,
    serial_hex: 'lower(hex(randomblob(16)))',
    ledger_subject: "t.ledger_subject || '-' || n.i",
    application_id: "t.application_id || '-' || n.i",
    holder: "'c-' || n.i",
    spki_sha256: 't.spki_sha256 || n.i',
  });
  return { tenant, accountId: owner.id, sealId: first.id, serialHex: one.serialHex };
}

type Bank = Awaited<ReturnType<typeof bankWith>>;

const meter = metered(env.DB);
const seals = d1SealStore(meter.db);
const certificates = d1CertificateStore(meter.db);

const issuer = { algorithm: 'sm2', generation: 1 } as const;

/** What people and sweeps ask. */
const questions: Readonly<Record<string, (bank: Bank) => Promise<unknown>>> = {
  'accounts, a page': ({ tenant }) => seals.listAccounts(tenant, {}, { limit }),
  'seals of an account, a page': ({ tenant, accountId }) =>
    seals.listSeals(tenant, { accountId }, { limit }),
  'verifications of a seal, a page': ({ tenant, sealId }) =>
    seals.listVerifications(tenant, { sealId }, { limit }),
  'certificates, a page': ({ tenant }) => certificates.listCertificates(tenant, {}, { limit }),
  'certificates in a state that few are in': ({ tenant }) =>
    certificates.listCertificates(tenant, { state: 'suspended' }, { limit }),
  'certificates that end soon': ({ tenant }) =>
    certificates.listCertificates(
      tenant,
      { ending: { fromMs: nowMs, beforeMs: nowMs + 2_000_000 } },
      { limit },
    ),
  'a certificate by the start of its serial': ({ tenant, serialHex }) =>
    certificates.listCertificates(tenant, { query: serialHex.slice(0, 16) }, { limit }),
  'a certificate, for an OCSP answer': ({ serialHex }) => certificates.findCertificate(serialHex),
  "a customer's certificates": ({ tenant }) =>
    certificates.listCertificates(tenant, { holder: 'customer-0' }, { limit }),
  "a customer's applications": ({ tenant }) =>
    certificates.listApplications(tenant, { applicant: 'customer-0' }, { limit }),
  'certificates that are not in force': () => certificates.notInForce(issuer, nowMs),
  'whether certificates changed': () => certificates.newestChange(issuer),
  'certificates that a crash left': () => certificates.unfinished(nowMs + 1, limit),
};

let few: Bank;
let lots: Bank;
const read: Record<string, { few: number; lots: number }> = {};

beforeAll(async () => {
  few = await bankWith(10);
  for (const [name, ask] of Object.entries(questions)) {
    read[name] = { few: await meter.rowsReadBy(() => ask(few)), lots: 0 };
  }
  lots = await bankWith(many);
});

it.each(Object.entries(questions))(
  'L5: %s: reads no more rows with 10,000 than a few',
  async (name, ask) => {
    const rows = await meter.rowsReadBy(() => ask(lots));
    console.log(`${name}: ${read[name]?.few} rows with 10, ${rows} with ${many}`);
    // A page, the row after it, and what belongs to each of its rows.
    expect(rows).toBeLessThanOrEqual(Math.max(4 * limit, 2 * (read[name]?.few ?? 0)));
  },
);

it('L5: a search by a part of a name reads each account of the bank once', async () => {
  const search = () => seals.listAccounts(lots.tenant, { query: 'nothing so named' }, { limit });
  const rows = await meter.rowsReadBy(search);
  expect(rows).toBeLessThanOrEqual(2 * many + 10);
});
