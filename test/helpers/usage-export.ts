import { policyFrom } from '../../src/core/ledger.ts';
import type { UsageTrust } from '../../src/core/usage/verify.ts';
import { loadAuthority } from '../../src/domain/certificates/authority.ts';
import { exportRecords } from '../../src/domain/signing/export-records.ts';
import { askOperation } from '../../src/domain/signing/operations.ts';
import { asking, type Bank, bank, finish, granted } from './bank.ts';
import { callerOf } from './signing.ts';

/** Signs so many times with the bank's key. */
export async function useKey(own: Bank, count: number): Promise<void> {
  const { deps, clerk } = own;
  const grantId = await granted(own, clerk, { usesMax: count });
  for (let i = 0; i < count; i++) {
    const { id } = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
    await finish(own, clerk, id);
  }
}

/** An export of some uses of a key, and whom to trust. */
export async function exportedUses(count: number): Promise<{
  readonly own: Bank;
  readonly text: string;
  readonly trust: UsageTrust;
  readonly nowMs: number;
}> {
  const own = await bank();
  await useKey(own, count);
  return { own, ...(await exportOf(own)), nowMs: own.deps.clock.now() };
}

/** What an auditor exports of a bank's key, and whom to trust. */
export async function exportOf({ deps, signing }: Bank) {
  const auditor = callerOf('auditor-gao', 'auditor');
  const { text } = await exportRecords(deps, auditor, signing.id, 0);
  const { root } = await loadAuthority(deps, 'sm2');
  const trust: UsageTrust = { roots: [root], ledger: policyFrom(await deps.ledger.trust()) };
  return { text, trust };
}

/** The text with one byte changed at a place, into another printable character. */
export function mutated(text: string, at: number, by: number): string {
  const old = text.charCodeAt(at);
  const next = 32 + ((old - 32 + 1 + (by % 94)) % 95);
  return text.slice(0, at) + String.fromCharCode(next) + text.slice(at + 1);
}
