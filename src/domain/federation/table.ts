import { FederationError } from '../../core/federated.ts';
import type { CsvTable } from '../../lib/csv.ts';

/** What a party knows: one row a person, under the party's own pseudonym. */
export interface PartyTable {
  /** Pseudonyms, in the order of the rows. */
  readonly pids: readonly string[];
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

const pidColumn = 'pid';

/** @throws FederationError `data_invalid` without a column of pseudonyms, or when one comes twice */
export function tableOf({ header, rows }: CsvTable): PartyTable {
  const at = header.indexOf(pidColumn);
  if (at < 0)
    throw new FederationError('data_invalid', `a party's file has no column ${pidColumn}`);
  const columns = new Map(
    header.flatMap((name, column) =>
      column === at ? [] : [[name, rows.map((row) => row[column] ?? '')] as const],
    ),
  );
  const pids = rows.map((row) => row[at] ?? '');
  if (new Set(pids).size !== pids.length) {
    throw new FederationError('data_invalid', 'a pseudonym comes twice in a party');
  }
  return { pids, columns };
}

/** The same persons in another order; `undefined` where a row is absent. */
export function pickRows(table: PartyTable, order: readonly number[]): PartyTable {
  const pick = (cells: readonly string[]) => order.map((row) => cells[row] ?? '');
  const columns = [...table.columns].map(([name, cells]) => [name, pick(cells)] as const);
  return { pids: pick(table.pids), columns: new Map(columns) };
}
