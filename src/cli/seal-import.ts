import { readFile } from 'node:fs/promises';
import { ApiError } from '../client/index.ts';
import { type ArchiveRow, enrolArchiveRow, readSealArchive } from '../client/seal-archive.ts';
import { command } from './command.ts';
import { progress } from './progress.ts';
import { connect, serviceOptions } from './service.ts';
import { table } from './table.ts';

interface ImportedRow {
  readonly position: number;
  readonly serial: string;
  readonly state: 'checked' | 'enrolled' | 'waiting' | 'refused';
  readonly id: string | undefined;
  readonly error: string | undefined;
}

/** Refused rows are told at the end; a service that cannot be reached or asked ends all. */
const endsAll: readonly string[] = ['network', 'unauthenticated', 'forbidden', 'rate_limited'];

async function enrolRows(
  client: ReturnType<typeof connect>,
  digest: string,
  rows: readonly ArchiveRow[],
): Promise<readonly ImportedRow[]> {
  const { step, end } = progress('seals', rows.length);
  const done: ImportedRow[] = [];
  for (const row of rows) {
    const { position, serial } = row;
    try {
      const { state, id } = await enrolArchiveRow(client, { digest }, row);
      done.push({ position, serial, state, id, error: undefined });
    } catch (error) {
      if (!(error instanceof ApiError) || endsAll.includes(error.code)) throw error;
      done.push({ position, serial, state: 'refused', id: undefined, error: error.code });
    }
    step();
  }
  end();
  return done;
}

/** Many reserved imprints at once. */
export const importSeals = command({
  summary: 'enrols the reserved imprints of an archive',
  operands: ['ARCHIVE'],
  options: {
    'dry-run': { type: 'boolean', about: 'check the archive, send nothing' },
    ...serviceOptions,
  },
  details: `ARCHIVE is a ZIP of at most 64 MB with pictures and one manifest: CSV with the columns picture, account,
card (their numbers), serial, shape (round, oval, rectangle, square) and optionally remark, dpi; and name,
contact, start, end for accounts and cards that are not there yet. At most 500 pictures of 8 MB. Nothing is
sent when a row has a mistake; the same archive sent again enrols nothing twice. Exit status 1 when a
row was refused.`,
  async run([path = ''], { 'dry-run': isDry, ...service }) {
    const archive = new Blob([new Uint8Array(await readFile(path))]);
    const { digest, rows, unused } = await readSealArchive(archive);
    const seals: readonly ImportedRow[] = isDry
      ? rows.map(({ position, serial }) => ({
          position,
          serial,
          state: 'checked',
          id: undefined,
          error: undefined,
        }))
      : await enrolRows(connect(service), digest, rows);
    const refused = seals.filter(({ state }) => state === 'refused').length;
    const lines = table(
      ['#', 'SERIAL', 'STATE', 'SEAL OR CHANGE', 'ERROR'],
      seals.map(({ position, serial, state, id, error }) => [
        String(position),
        serial,
        state,
        id ?? '',
        error ?? '',
      ]),
    );
    const rest = unused.length === 0 ? '' : `no row names ${unused.join(', ')}\n`;
    const text = `${lines}${rest}${seals.length - refused} of ${seals.length} ${isDry ? 'checked' : 'taken'}\n`;
    return { exit: refused === 0 ? 0 : 1, json: { digest, seals, unused }, text };
  },
});
