import { nextRecord } from '../../domain/audit/chain.ts';
import type { AuditLog } from '../../domain/audit/ports.ts';
import type { AuditRecord, ChainHead } from '../../domain/audit/types.ts';
import type { Clock } from '../../domain/ports.ts';

/** The audit log in RAM. */
export function memoryAuditLog(clock: Clock): AuditLog {
  const chains = new Map<string, AuditRecord[]>();

  function headOf(tenant: string): ChainHead | undefined {
    return chains.get(tenant)?.at(-1);
  }

  return {
    async append(tenant, entry) {
      const record = nextRecord(headOf(tenant), tenant, entry, clock.now());
      const chain = chains.get(tenant);
      if (chain) chain.push(record);
      else chains.set(tenant, [record]);
      return record;
    },
    async list(tenant, { limit, before }) {
      const end = before === undefined ? Number.POSITIVE_INFINITY : Number(before);
      const older = (chains.get(tenant) ?? []).filter((record) => record.index < end);
      return older.reverse().slice(0, limit);
    },
    async head(tenant) {
      const head = headOf(tenant);
      return head && { index: head.index, hashHex: head.hashHex };
    },
  };
}
