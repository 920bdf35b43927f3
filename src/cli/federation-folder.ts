import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadGm } from '../core/gm.ts';
import { joinTags } from '../domain/federation/join.ts';
import { type PartyTable, tableOf } from '../domain/federation/table.ts';
import { CsvError, type CsvTable, parseCsv } from '../lib/csv.ts';
import { UsageError } from './command.ts';
import { readJsonFile } from './files.ts';

/** A party's file, with the tag by which its rows are joined to those of the others. */
export interface FolderParty {
  /** The letter in the file's name. */
  readonly id: string;
  readonly table: PartyTable;
  readonly tags: readonly string[];
  readonly key: Uint8Array;
}

/** What a folder of federated data holds. The first party has the labels. */
export interface DataFolder {
  readonly parties: readonly FolderParty[];
  /** By the pseudonym of the first party. */
  readonly labels: ReadonlyMap<string, { readonly y: 0 | 1; readonly split: string }>;
}

const partyFile = /^party_([a-z])_.*\.csv$/;
const utf8 = new TextEncoder();

async function readTable(path: string): Promise<CsvTable> {
  try {
    return parseCsv(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UsageError(`${path}, line ${error.line}: ${error.message}`, 'bad_input');
  }
}

function columnOf({ header, rows }: CsvTable, name: string, path: string): string[] {
  const at = header.indexOf(name);
  if (at < 0) throw new UsageError(`${path} has no column ${name}`, 'bad_input');
  return rows.map((row) => row[at] ?? '');
}

interface Keys {
  readonly consortium: Uint8Array;
  readonly partyOf: (id: string) => Uint8Array;
}

/** Keys of the sample data are public; those of a consortium come in a file. */
async function readKeys(path: string | undefined): Promise<Keys> {
  if (path === undefined) {
    const { sm3 } = await loadGm();
    const keyOf = (name: string) => sm3(utf8.encode(`cinnabar/test-only/${name}`));
    return { consortium: keyOf('consortium'), partyOf: (id) => keyOf(`party/${id}`) };
  }
  const value = (await readJsonFile(path)) as {
    consortium?: unknown;
    parties?: Record<string, unknown>;
  };
  const bytes = (hex: unknown, name: string) => {
    if (typeof hex !== 'string' || !/^([0-9a-f]{2}){16,64}$/.test(hex)) {
      throw new UsageError(`${path}: ${name} is not a key of 16 to 64 bytes in hex`, 'bad_input');
    }
    return Uint8Array.from(Buffer.from(hex, 'hex'));
  };
  return {
    consortium: bytes(value?.consortium, 'consortium'),
    partyOf: (id) => bytes(value.parties?.[id], `parties.${id}`),
  };
}

async function readLabels(path: string): Promise<DataFolder['labels']> {
  const table = await readTable(path);
  const pids = columnOf(table, 'pid', path);
  const values = columnOf(table, 'y', path);
  const splits = table.header.includes('split') ? columnOf(table, 'split', path) : undefined;
  return new Map(
    pids.map((pid, row) => {
      const y = values[row];
      if (y !== '0' && y !== '1') {
        throw new UsageError(`${path}, line ${row + 2}: y is 0 or 1`, 'bad_input');
      }
      return [pid, { y: y === '1' ? 1 : 0, split: splits?.[row] ?? '' }];
    }),
  );
}

/**
 * Reads `people.csv`, `party_*.csv` and `labels.csv`.
 *
 * @param keysPath JSON `{ consortium, parties: { A: hex, ... } }`; without it the test-only keys of
 * the sample data
 */
export async function readFolder(folder: string, keysPath?: string): Promise<DataFolder> {
  const files = (await readdir(folder)).filter((name) => partyFile.test(name)).sort();
  if (files.length < 3) {
    throw new UsageError(`${folder} holds fewer than three files party_*.csv`, 'bad_input');
  }
  const gm = await loadGm();
  const keys = await readKeys(keysPath);
  const peoplePath = join(folder, 'people.csv');
  const eids = columnOf(await readTable(peoplePath), 'eid', peoplePath);
  const joinKey = gm.hkdfSm3(keys.consortium, { info: utf8.encode('join'), length: 32 });
  const parties = [];
  for (const file of files) {
    const id = (partyFile.exec(file)?.[1] ?? '').toUpperCase();
    const table = tableOf(await readTable(join(folder, file)));
    const key = keys.partyOf(id);
    const tags = joinTags(gm, table.pids, { party: key, join: joinKey }, eids);
    parties.push({ id, table, tags, key });
  }
  return { parties, labels: await readLabels(join(folder, 'labels.csv')) };
}

/** Persons in the order of the first party's file, with every party's row of each. */
export interface Evaluated {
  readonly pids: readonly string[];
  readonly labels: Uint8Array;
  readonly tables: readonly PartyTable[];
}
