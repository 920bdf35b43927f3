import { DurableObject } from 'cloudflare:workers';
import { type Fields, integerOf, oneOf, textOf } from '../../platform/fields.ts';

export const billStates = ['due', 'paid'] as const;

export interface Bill {
  readonly id: string;
  readonly payee: string;
  readonly currency: string;
  readonly minor: number;
  readonly state: (typeof billStates)[number];
}

/** Bills that everybody finds who comes for the first time. */
const samples: readonly Omit<Bill, 'state'>[] = [
  { id: 'water-09', payee: '滨江水务', currency: 'CNY', minor: 8_640 },
  { id: 'power-09', payee: '浙江电力', currency: 'CNY', minor: 23_175 },
  { id: 'gas-09', payee: '杭州燃气', currency: 'CNY', minor: 6_120 },
  { id: 'rent-10', payee: '明远物业', currency: 'CNY', minor: 680_000 },
];

/** The bills of one person. */
export class BillBook extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS bills (
      id TEXT PRIMARY KEY,
      payee TEXT NOT NULL,
      currency TEXT NOT NULL,
      minor INTEGER NOT NULL,
      state TEXT NOT NULL,
      paid_by TEXT
    ) STRICT`);
    for (const { id, payee, currency, minor } of samples) {
      this.#sql.exec(
        `INSERT INTO bills (id, payee, currency, minor, state) VALUES (?, ?, ?, ?, 'due')
         ON CONFLICT (id) DO NOTHING`,
        id,
        payee,
        currency,
        minor,
      );
    }
  }

  list(): Bill[] {
    return this.#sql.exec('SELECT * FROM bills ORDER BY state, id').toArray().map(billOf);
  }

  find(id: string): Bill | undefined {
    const [row] = this.#sql.exec('SELECT * FROM bills WHERE id = ?', id).toArray();
    return row && billOf(row);
  }

  /** Whether this request paid it, now or when it came before; of several requests one does. */
  pay(id: string, requestId: string): boolean {
    this.#sql.exec(
      "UPDATE bills SET state = 'paid', paid_by = ? WHERE id = ? AND state = 'due'",
      requestId,
      id,
    );
    const [bill] = this.#sql.exec('SELECT paid_by FROM bills WHERE id = ?', id).toArray();
    return bill?.paid_by === requestId;
  }
}

function billOf(row: Fields): Bill {
  return {
    id: textOf(row, 'id'),
    payee: textOf(row, 'payee'),
    currency: textOf(row, 'currency'),
    minor: integerOf(row, 'minor'),
    state: oneOf(row, 'state', billStates),
  };
}
