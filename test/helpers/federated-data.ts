import { loadGm } from '../../src/core/gm.ts';
import { joinTags, pseudonymsOf } from '../../src/domain/federation/join.ts';
import { planFor } from '../../src/domain/federation/plans.ts';
import { type PartyTable, pickRows } from '../../src/domain/federation/table.ts';
import type { TrainingParty } from '../../src/domain/federation/training/member.ts';
import type { TrainingInput } from '../../src/domain/federation/training/train.ts';
import { seededRandom } from './time-and-chance.ts';

/** Invented persons whose risk depends a little on a column of every party. */
export interface InventedData {
  readonly eids: readonly string[];
  readonly tables: readonly PartyTable[];
  readonly labels: readonly (0 | 1)[];
}

const words = new TextEncoder();
const rowsPerSplit = 5;

/** Columns `X`, `Y` (numbers) and `KIND` (a code) at each of `parties` parties. */
export function inventData(persons: number, parties: number, seed = 7): InventedData {
  const random = seededRandom(seed);
  const below = (limit: number) => new DataView(random.bytes(4).buffer).getUint32(0) % limit;
  const hex = (length: number) => Buffer.from(random.bytes(length)).toString('hex');
  const eids = Array.from({ length: persons }, () => hex(32));
  const tables = Array.from({ length: parties }, (_, party): PartyTable => {
    const column = (make: () => string) => eids.map(make);
    return {
      pids: eids.map((_, row) => `${party}-${row}`),
      columns: new Map([
        ['X', column(() => String(below(1000)))],
        ['Y', column(() => String(below(12) - 3))],
        ['KIND', column(() => ['a', 'b', 'c'][below(3)] ?? 'a')],
      ]),
    };
  });
  const labels = eids.map((_, row): 0 | 1 => {
    const risk = tables.reduce((sum, { columns }) => sum + Number(columns.get('X')?.[row]), 0);
    return below(1000 * parties) < risk ? 1 : 0;
  });
  return { eids, tables, labels };
}

/** The same persons as a training gets them: under pseudonyms, each party in an order of its own. */
export async function trainingOf(
  { eids, tables, labels }: InventedData,
  secrets = 'secrets',
): Promise<TrainingInput> {
  const gm = await loadGm();
  const keyOf = (name: string) => gm.sm3(words.encode(name));
  const ids = ['A', 'B', 'C', 'D', 'E'];
  const parties = tables.map((table, index): TrainingParty => {
    const id = ids[index] ?? '';
    const order = eids.map((_, row) => (row * 13 + index * 17) % eids.length);
    const pids = pseudonymsOf(gm, keyOf(id), eids);
    const moved = pickRows({ ...table, pids }, order);
    return {
      id,
      table: moved,
      plan: planFor(moved),
      tags: joinTags(gm, moved.pids, { party: keyOf(id), join: keyOf('join') }, eids),
      secret: keyOf(`${secrets} ${id}`),
      saltKey: keyOf(`salt ${id}`),
      mandatory: index === 0,
    };
  });
  const first = eids.map((_, row) => (row * 13) % eids.length);
  return {
    parties,
    labels: {
      values: first.map((row) => labels[row]),
      isTraining: first.map((row) => row % rowsPerSplit !== 0),
    },
    options: { lambda: 5, roundsMax: 8 },
    version: 'test',
    data: { name: 'invented', protectedColumns: ['SEX'] },
  };
}
