import { env } from 'cloudflare:workers';
import { beforeAll, expect, it } from 'vitest';
import { d1CertificateStore } from '../../../src/platform/d1/certificate-store.ts';
import { d1SealStore } from '../../../src/platform/d1/seal-store.ts';
import { application, certificate } from '../../contract/certificate-store.ts';
import { freshTenant } from '../../contract/fresh.ts';
import { account, card, seal, verification } from '../../contract/seal-store.ts';
import { metered, multiply } from '../../helpers/metered-database.ts';

const many = 10_000;
const limit = 20;
const nowMs = 1_767_225_600_123;

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
  await multiply(env.DB, 'accounts', tenant, count, { id, number: "t.number || '-' || n.i" });
  await multiply(env.DB, 'seals', tenant, count, { id, serial: "t.serial || '-' || n.i" });
  await multiply(env.DB, 'seal_revisions', tenant, count, {
    seal_id: "t.seal_id || '-' || n.i",
    revision_id: "t.revision_id || '-' || n.i",
    serial: "t.serial || '-' || n.i",
  });
  await multiply(env.DB, 'verifications', tenant, count, { id });
  await multiply(env.DB, 'certificate_applications', tenant, count, {
    id,
    applicant: "'c-' || n.i",
  });
  await multiply(env.DB, 'certificates', tenant, count, {
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
