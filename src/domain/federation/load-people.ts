import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalIdentity, type IdentityField } from '../../core/federation/identity.ts';
import type { Gm } from '../../core/gm.ts';
import { CsvError, parseCsv } from '../../lib/csv.ts';
import { binsOf } from './features.ts';
import { commitmentOf, type ModelPart } from './model.ts';
import { type PeopleKeys, referTo } from './people.ts';
import type { NodeStore, PersonRow } from './ports.ts';
import type { PartyTable } from './table.ts';

/** A file that cannot be loaded. It names the line and column, never what stands there. */
export class PeopleFileError extends Error {
  /** 1 is the header. */
  readonly line: number;
  readonly column: string;

  constructor(line: number, column: string) {
    super(`line ${line}: ${column}`);
    this.name = 'PeopleFileError';
    this.line = line;
    this.column = column;
  }
}

const identityColumns: readonly IdentityField[] = ['name', 'idNumber', 'phone'];
const sanctionColumn = 'sanctioned';

/**
 * Takes an institution's own file: `name,idNumber,phone`, perhaps `sanctioned` (0 or 1), and the raw
 * columns of its part of the model. Features are derived and binned here; what is stored holds
 * keyed tags and bins, nothing else of the file.
 *
 * @returns how many people were stored
 * @throws PeopleFileError, FederationError `data_invalid` for a column that is missing or no number
 */
export async function loadPeople(
  deps: { readonly gm: Gm; readonly people: PeopleKeys; readonly store: NodeStore },
  part: ModelPart,
  csv: string,
): Promise<number> {
  const { header, rows } = readCsv(csv);
  const at = new Map(header.map((name, column) => [name, column]));
  for (const name of identityColumns) {
    if (!at.has(name)) throw new PeopleFileError(1, name);
  }
  const cell = (row: readonly string[], name: string) => row[at.get(name) ?? -1] ?? '';
  const people = rows.map((row, index) => {
    const typed = {
      name: cell(row, 'name'),
      idNumber: cell(row, 'idNumber'),
      phone: cell(row, 'phone'),
    };
    const read = canonicalIdentity(typed);
    if ('wrong' in read) throw new PeopleFileError(index + 2, read.wrong[0] ?? 'name');
    const sanction = cell(row, sanctionColumn);
    if (!['', '0', '1'].includes(sanction)) throw new PeopleFileError(index + 2, sanctionColumn);
    return {
      reference: referTo(deps.gm, deps.people, read.identity),
      sanctioned: sanction === '1',
    };
  });
  const table: PartyTable = {
    pids: people.map(({ reference }) => bytesToHex(reference.pid)),
    columns: new Map(header.map((name) => [name, rows.map((row) => cell(row, name))])),
  };
  const bins = part.features.map((feature) => binsOf(feature, table));
  const binnedBy = commitmentOf(part);
  const stored = people.map(({ reference, sanctioned }, row): PersonRow => {
    const { pid, nameTag, phoneTag } = reference;
    const own = Uint8Array.from(bins, (column) => column[row] ?? 0);
    return { pid, nameTag, phoneTag, bins: own, binnedBy, sanctioned };
  });
  await deps.store.putPeople(stored);
  return stored.length;
}

function readCsv(csv: string) {
  try {
    return parseCsv(csv);
  } catch (error) {
    if (error instanceof CsvError) throw new PeopleFileError(error.line, 'csv');
    throw error;
  }
}
