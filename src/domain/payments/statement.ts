import { amountText } from '../../lib/amount-text.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { agreedLifeMs } from './book.ts';
import { listOrders } from './order.ts';
import type { PaymentDeps } from './ports.ts';
import type { Order } from './types.ts';

/** More executed orders than this are not put into one statement. */
export const statementMax = 2000;

/**
 * The actor's executed orders of a period, newest first.
 *
 * @throws CinnabarError `invalid_request` when there are more than `statementMax`
 */
export async function statementOf(
  deps: PaymentDeps,
  actor: Actor,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly Order[]> {
  const found: Order[] = [];
  let before: string | undefined;
  do {
    const page = await listOrders(deps, actor, { limit: 100, ...(before ? { before } : {}) });
    found.push(
      ...page.items.filter(
        ({ state, endedAtMs = 0 }) =>
          state === 'executed' && endedAtMs >= fromMs && endedAtMs < toMs,
      ),
    );
    if (found.length > statementMax) {
      const fields = [{ pointer: '/query/from', code: 'too_many' }];
      throw new CinnabarError('invalid_request', { fields });
    }
    // An order ends after it was made: once they were all made before the period, none is in it.
    const oldest = page.items.at(-1)?.createdAtMs ?? 0;
    before = oldest < fromMs - longestLifeMs ? undefined : (page.nextCursor ?? undefined);
  } while (before !== undefined);
  return found;
}

/** Longer than an order lives between its making and its end. */
const longestLifeMs = 2 * agreedLifeMs;

const columns = [
  'order',
  'executed_at',
  'payee_account',
  'payee_name',
  'payee_bank',
  'currency',
  'amount',
  'purpose',
  'record_sha256',
  'ledger_index',
] as const;

/** The statement as RFC 4180 has it. */
export function statementCsv(orders: readonly Order[]): string {
  const rows = orders.map((order) => [
    order.id,
    instantText(order.endedAtMs ?? order.createdAtMs),
    order.payee.account,
    order.payee.name,
    order.payee.bank,
    order.currency,
    amountText(order.amountMinor, order.currency).replaceAll(',', ''),
    order.purpose,
    order.receipt?.recordSha256 ?? '',
    String(order.receipt?.place?.index ?? ''),
  ]);
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Quoted, and never a formula to the program that opens it. */
function cell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${inert.replaceAll('"', '""')}"`;
}
