import type { Payment, UsageRecord } from '../../client/index.ts';
import { verifyReceipt, verifyUse } from '../../client/signed.ts';
import { checkEntry } from '../ledger-check.ts';
import { openClient } from '../session.ts';

/**
 * Checks here what was signed: the person's signature, the record that was made of it, and that
 * this very record stands in the ledger.
 *
 * @returns whether it holds; also false while it is not in the ledger
 * @throws LedgerRefusal, ApiError
 */
export async function checkPayment({ receipt }: Payment): Promise<boolean> {
  if (!receipt || !(await verifyReceipt(receipt)).ok) return false;
  return receipt.ledgerIndex !== null && isEntry(receipt.ledgerIndex, receipt.recordSha256);
}

/** As `checkPayment`, for the use of an institution's key. */
export async function checkUse(record: UsageRecord): Promise<boolean> {
  if (!record.place || !(await verifyUse(record))) return false;
  return isEntry(record.place.index, record.recordSha256);
}

async function isEntry(index: number, recordSha256: string): Promise<boolean> {
  const { event } = await openClient.ledger.entry(index);
  if (event.recordSha256 !== recordSha256) return false;
  await checkEntry(index);
  return true;
}
