import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { activateOperation, approveChange, verifyRecords } from '../../client/certificates.ts';
import { loadGm } from '../../core/gm.ts';
import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { pemOf, trustOf } from './certificate.ts';
import { type KeyHolder, keyHolder, tenant } from './people.ts';
import type { Stage } from './stage.ts';

const dayMs = 86_400_000;

/** An institution's key signs for a person who may, and nobody can deny or forge it afterwards. */
export async function signingJourney(stage: Stage): Promise<void> {
  const { as, prove } = stage;
  const people: readonly [string, string][] = [
    ['reviewer-he', '何建平'],
    ['risk-officer-xu', '许宁'],
    ['teller-zhou', '周敏'],
  ];
  const holders: KeyHolder[] = [];
  for (const [who, name] of people) holders.push(await keyHolder(stage, who, name));
  const [first, second, clerk] = holders;
  if (!first || !second || !clerk) throw new Error('a holder is missing');
  prove(true, 'three people have keys of which no whole exists: half here, half in a chip');

  const administrator = as('administrator-lin');
  const institution = await administrator.institutions.register({
    subject: { commonName: '北辰银行', organization: '北辰银行', country: 'CN' },
    officerKeyIds: [first.key.id, second.key.id],
    threshold: 2,
  });
  const applied = await administrator.institutions.applyForKeys(institution.id, {
    algorithm: 'sm2',
    requested: {
      role: 'checker',
      permissions: ['view', 'make', 'check'],
      limits: [
        { channel: 'online', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
      ],
    },
  });
  const finding = { passed: true, reference: '演示' };
  await as('reviewer-qin').certificates.applications.identify(applied.applicationId, finding);
  // Who applied does not approve; the administrator's thaw only lets the ledger decide.
  const approver = as('risk-officer-xu').certificates;
  const issued = await approver.applications.approve(applied.applicationId);
  for (const serial of issued.certificates) await administrator.certificates.thaw(serial);
  const key = applied.keys.find(({ purpose }) => purpose === 'signature');
  if (!key) throw new Error('the institution has no signing key');
  prove(true, 'the institution’s signing and encryption keys were made in the chips');

  const nowMs = Date.now();
  const proposed = await administrator.institutions.grant(institution.id, {
    institutionKeyId: key.id,
    actor: clerk.who,
    personalKeyId: clerk.key.id,
    operations: ['sign'],
    validFrom: new Date(nowMs - 60_000).toISOString(),
    validUntil: new Date(nowMs + 30 * dayMs).toISOString(),
    usesMax: 5,
    documentTypes: ['guarantee'],
    approvalsNeeded: 0,
  });
  for (const officer of [first, second]) {
    await officer.use((session) =>
      approveChange(as(officer.who), session, tenant, proposed.change),
    );
  }
  prove(true, 'two officers sign a grant; the chips keep the list themselves');

  const message = utf8ToBytes('担保函 No. 42, Beichen Bank');
  const client = as(clerk.who);
  const asked = await client.operations.ask(key.id, {
    grantId: proposed.grant.id,
    personalKeyId: clerk.key.id,
    request: { kind: 'sign', scheme: 'sm2-sm3', messageB64: base64Text(message) },
    documentType: 'guarantee',
    reason: '演示',
  });
  const done = await clerk.use((session) => activateOperation(client, session, key, asked));
  const gm = await loadGm();
  const signature = base64Bytes(done.operation.resultB64 ?? '');
  prove(
    signature !== undefined && gm.sm2.verify(hexToBytes(key.publicKeyHex), message, signature),
    'the person signs what is shown, the chip checks it, the institution’s key signs; it verifies',
  );

  const records = await as('auditor-gao').records.export(key.id);
  const root = await fetch(`${stage.url}/pki/ca.crt?algorithm=sm2&role=root`);
  const trust = {
    ledger: await trustOf(client),
    roots: [pemOf(new Uint8Array(await root.arrayBuffer()))],
  };
  const verdict = await verifyRecords(records, trust, Date.now());
  prove(verdict.ok, 'the exported log verifies offline');
  const forged = await verifyRecords(records.replace('guarantee', 'guaranteE'), trust, Date.now());
  prove(!forged.ok, `one letter of it changed: refused, at line ${forged.line}`);
}
