import { expect, it } from 'vitest';
import { genesisHashHex, verifyChain } from '../../src/domain/audit/chain.ts';
import type { AuditLog, OwnEntry } from '../../src/domain/audit/ports.ts';
import { freshTenant } from './fresh.ts';

function entry(subject: string): OwnEntry {
  return {
    action: 'seal.enrol',
    actor: 'teller-1',
    subject,
    outcome: 'done',
    requestId: 'request-1',
    detail: { score: 0.25, match: false, card: '印鉴卡' },
  };
}

/** What every audit log must do. `make` gives one over a store that may already hold other tenants. */
export function auditLogContract(make: () => AuditLog | Promise<AuditLog>): void {
  it('starts an empty chain with the genesis hash', async () => {
    const log = await make();
    const tenant = freshTenant();
    expect(await log.head(tenant)).toBeUndefined();
    expect(await log.list(tenant, { limit: 10 })).toEqual([]);
    const first = await log.append(tenant, entry('seal:1'));
    expect(first).toMatchObject({ tenant, index: 0, previousHashHex: genesisHashHex });
    expect(first).toMatchObject(entry('seal:1'));
    expect(await log.head(tenant)).toEqual({ index: 0, hashHex: first.hashHex });
  });

  it('gives back a chain that verifies, newest first and page by page', async () => {
    const log = await make();
    const tenant = freshTenant();
    for (let i = 0; i < 7; i++) await log.append(tenant, entry(`seal:${i}`));
    const newest = await log.list(tenant, { limit: 3 });
    expect(newest.map((record) => record.index)).toEqual([6, 5, 4]);
    const older = await log.list(tenant, { limit: 10, before: '4' });
    expect(older.map((record) => record.index)).toEqual([3, 2, 1, 0]);
    const chain = [...newest, ...older].reverse();
    const expectedHead = await log.head(tenant);
    expect(verifyChain(chain, expectedHead ? { expectedHead } : {})).toMatchObject({ ok: true });
  });

  it('makes one chain of appends that arrive at the same time', async () => {
    const log = await make();
    const tenant = freshTenant();
    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, i) => log.append(tenant, entry(`seal:${i}`))),
    );
    expect(appended.map((record) => record.index).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    const chain = [...(await log.list(tenant, { limit: 50 }))].reverse();
    expect(chain).toHaveLength(20);
    expect(verifyChain(chain)).toMatchObject({ ok: true });
  });

  it('keeps the chains of tenants apart', async () => {
    const log = await make();
    const [one, other] = [freshTenant(), freshTenant()];
    await log.append(one, entry('seal:1'));
    const first = await log.append(other, entry('seal:2'));
    expect(first.index).toBe(0);
    expect(await log.list(one, { limit: 10 })).toHaveLength(1);
  });
}
