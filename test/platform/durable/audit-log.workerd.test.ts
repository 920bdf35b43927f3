import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { auditSubject } from '../../../src/domain/audit/anchor.ts';
import { verifyChain } from '../../../src/domain/audit/chain.ts';
import type { OwnEntry } from '../../../src/domain/audit/ports.ts';
import { durableAuditLog } from '../../../src/platform/durable/audit-log.ts';
import { durableLedger } from '../../../src/platform/durable/ledger.ts';
import { freshTenant } from '../../contract/fresh.ts';

const log = durableAuditLog(env.AUDIT);
const entry: OwnEntry = {
  action: 'seal.enrol',
  actor: 'teller-1',
  subject: 'seal:1',
  outcome: 'done',
  requestId: 'request-1',
  detail: { score: 0.5 },
};

describe('the audit chain of a tenant', () => {
  test('it goes on where it was after its object is gone from memory', async () => {
    const tenant = freshTenant();
    await log.append(tenant, entry);
    await log.append(tenant, entry);
    await abortAllDurableObjects();
    await log.append(tenant, entry);
    const records = [...(await log.list(tenant, { limit: 10 }))].reverse();
    expect(records.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(verifyChain(records)).toMatchObject({ ok: true });
  });

  test('A8: its alarm anchors it also when it wakes by its id alone, as after a restart', async () => {
    const tenant = freshTenant();
    await log.append(tenant, entry);
    const ledger = durableLedger(env.LEDGER, env.LEDGER_ORIGIN);
    const anchors = async () => (await ledger.history(auditSubject(tenant))).length;
    expect(await anchors()).toBe(0);
    const { id } = env.AUDIT.getByName(tenant);
    await abortAllDurableObjects();
    const nameless = env.AUDIT.get(env.AUDIT.idFromString(id.toString()));
    expect(await runDurableObjectAlarm(nameless)).toBe(true);
    expect(await anchors()).toBe(1);
  });

  test('C7: so does the courier of webhooks', async () => {
    const tenant = freshTenant();
    await env.WEBHOOKS.getByName(tenant).wake();
    const { id } = env.WEBHOOKS.getByName(tenant);
    await abortAllDurableObjects();
    const nameless = env.WEBHOOKS.get(env.WEBHOOKS.idFromString(id.toString()));
    expect(await runDurableObjectAlarm(nameless)).toBe(true);
    const next = await runInDurableObject(nameless, (_, state) => state.storage.getAlarm());
    // A minute after a failure, a quarter of an hour when nothing waits.
    expect((next ?? 0) - Date.now()).toBeGreaterThan(5 * 60_000);
  });

  test('a record that was changed in the store no longer verifies', async () => {
    const tenant = freshTenant();
    for (let i = 0; i < 3; i++) await log.append(tenant, entry);
    await runInDurableObject(env.AUDIT.getByName(tenant), (_, state) => {
      state.storage.sql.exec("UPDATE records SET actor = 'teller-2' WHERE position = 1");
    });
    const records = [...(await log.list(tenant, { limit: 10 }))].reverse();
    expect(verifyChain(records)).toMatchObject({ ok: false, index: 1, reason: 'hash' });
  });

  test('an entry that has no encoding is not written: audit_unavailable', async () => {
    const tenant = freshTenant();
    await log.append(tenant, entry);
    const broken = { ...entry, detail: { score: Number.NaN } };
    await expect(log.append(tenant, broken)).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(await log.head(tenant)).toMatchObject({ index: 0 });
  });

  test('when the insert fails, nothing is written and the caller hears it', async () => {
    const tenant = freshTenant();
    await log.append(tenant, entry);
    await runInDurableObject(env.AUDIT.getByName(tenant), (_, state) => {
      state.storage.sql.exec(
        "CREATE TRIGGER full BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
    });
    await expect(log.append(tenant, entry)).rejects.toMatchObject({ code: 'audit_unavailable' });
    expect(await log.head(tenant)).toMatchObject({ index: 0 });
  });
});
