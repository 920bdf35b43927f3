import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadGm } from '../../src/core/gm.ts';
import { pseudonymsOf } from '../../src/domain/federation/join.ts';
import { inventData } from './federated-data.ts';

const inventedFiles = ['party_a_bank.csv', 'party_b_operator.csv', 'party_c_registry.csv'];

/** A folder as the sample data's, of invented persons. */
export async function writeInventedFolder(folder: string, persons: number): Promise<void> {
  const { sm3, sm3Many } = await loadGm();
  const { eids, tables, labels } = inventData(persons, 3);
  const text = (rows: readonly (readonly string[])[]) =>
    rows.map((row) => `${row.join(',')}\n`).join('');
  await writeFile(join(folder, 'people.csv'), text([['eid'], ...eids.map((eid) => [eid])]));
  for (const [index, file] of inventedFiles.entries()) {
    const key = sm3(Buffer.from(`cinnabar/test-only/party/${'ABC'[index]}`));
    const pids = pseudonymsOf({ sm3, sm3Many }, key, eids);
    const columns = [...(tables[index]?.columns ?? [])];
    const rows = pids.map((pid, row) => [pid, ...columns.map(([, cells]) => cells[row] ?? '')]);
    const header = ['pid', ...columns.map(([name]) => name)];
    await writeFile(join(folder, file), text([header, ...(index === 1 ? rows.reverse() : rows)]));
    if (index > 0) continue;
    const split = (row: number) => (row % 5 === 0 ? 'val' : 'train');
    const labelRows = pids.map((pid, row) => [pid, String(labels[row]), split(row)]);
    await writeFile(join(folder, 'labels.csv'), text([['pid', 'y', 'split'], ...labelRows]));
  }
}
