import { abortAllDurableObjects, runDurableObjectAlarm } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { assertSuccessor, verifyCheckpoint } from '../../src/core/ledger/checkpoint.ts';
import { auditSubject } from '../../src/domain/audit/anchor.ts';
import { policyOf } from '../../src/domain/ledger/lookup.ts';
import { durableAuditLog } from '../../src/platform/durable/audit-log.ts';
import { durableLedger } from '../../src/platform/durable/ledger.ts';
import { freshId, freshTenant } from '../contract/fresh.ts';
import { frozenEvent } from '../contract/ledger.ts';

const ledger = () => durableLedger(env.LEDGER, env.LEDGER_ORIGIN);

async function fetched(path: string): Promise<Response> {
  return exports.default.fetch(new Request(`http://localhost${path}`));
}

describe('the ledger through the Worker', () => {
  test('A8: what was acknowledged survives a crash of every object, and the tree goes on', async () => {
    const events = Array.from({ length: 20 }, () => frozenEvent(`cert/${freshId()}`));
    const made = await Promise.all(
      events.map((event) => ledger().append(event, { requestId: 'r1' })),
    );
    const policy = policyOf(await ledger().trust());
    const before = await verifyCheckpoint(await ledger().checkpoint(), policy);
    await abortAllDurableObjects();
    for (const [at, { index, leafHash }] of made.entries()) {
      expect(await ledger().entry(index)).toMatchObject({ leafHash, event: events[at] });
    }
    // The keys are the same, a repetition finds its place, and the witnesses remember.
    const again = await ledger().append(events[3] ?? frozenEvent('cert/none'), { requestId: 'r1' });
    expect(again.index).toBe(made[3]?.index);
    await ledger().append(frozenEvent(`cert/${freshId()}`), { requestId: 'r1' });
    const after = await verifyCheckpoint(await ledger().checkpoint(), policy);
    const { proof } = await ledger().proveConsistency(before.size, after.size);
    const hashes = proof.map((item) => hexToBytes(item));
    expect(() => assertSuccessor(before, after, hashes)).not.toThrow();
    expect(after.size).toBeGreaterThan(before.size);
  });

  test('A8: anyone can read checkpoint, entries and tiles at the address of the service', async () => {
    await ledger().append(frozenEvent(`cert/${freshId()}`), { requestId: 'r1' });
    const note = await (await fetched('/ledger/checkpoint')).text();
    const { size } = await verifyCheckpoint(note, policyOf(await ledger().trust()));
    expect((await fetched(`/ledger/entries/${size - 1}`)).status).toBe(200);
    const width = size % 256;
    expect((await fetched(`/ledger/tile/0/000.p/${width}`)).status).toBe(200);
    expect((await fetched('/ledger/tile/0/999')).status).toBe(404);
  });

  test('A12: an audit chain fixes its head in the ledger by itself', async () => {
    const tenant = freshTenant();
    const audit = durableAuditLog(env.AUDIT);
    const detail = {};
    const record = await audit.append(tenant, {
      action: 'seal.enrol',
      actor: 'teller-1',
      subject: 'seal:1',
      outcome: 'done',
      requestId: 'r1',
      detail,
    });
    expect(await runDurableObjectAlarm(env.AUDIT.getByName(tenant))).toBe(true);
    const anchored = await ledger().head(auditSubject(tenant));
    expect(anchored?.event).toMatchObject({ position: 0, headSha256: record.hashHex });
  });
});
