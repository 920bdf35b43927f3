// Many reserved imprints from one archive: a ZIP with a manifest (CSV) and the pictures it names.
import { CsvError, parseCsv } from '../lib/csv.ts';
import { normaliseNumber } from '../lib/number-text.ts';
import { readZip, ZipError, type ZipFile, type ZipLimits } from '../lib/zip.ts';
import type { createClient } from './api.ts';
import { ApiError } from './api-error.ts';
import type { Imprint } from './seal-api.ts';
import { isWaiting } from './seal-service.ts';
import type { SealShape } from './types.ts';

type Client = ReturnType<typeof createClient>;

/** An archive itself may have this many bytes. */
export const archiveBytesMax = 64 * 1024 * 1024;
const limits: ZipLimits = {
  files: 501,
  // As much as the service takes of one picture.
  fileBytes: 8 * 1024 * 1024,
  totalBytes: 128 * 1024 * 1024,
};

const shapes: readonly SealShape[] = ['round', 'oval', 'rectangle', 'square'];
/** Of the manifest. */
export const demandedColumns = ['picture', 'account', 'card', 'serial', 'shape'] as const;
/** Of accounts and cards that may have to be made on the way. */
export const optionalColumns = ['remark', 'dpi', 'name', 'contact', 'start', 'end'] as const;
const columns: readonly string[] = [...demandedColumns, ...optionalColumns];
type Column = (typeof demandedColumns)[number] | (typeof optionalColumns)[number];

/** One reserved imprint to enrol. Texts that the manifest leaves empty are ''. */
export interface ArchiveRow extends Readonly<Record<Exclude<Column, 'picture' | 'dpi'>, string>> {
  /** The manifest's row, from 1. */
  readonly position: number;
  readonly shape: SealShape;
  readonly imprint: Imprint;
}

export interface SealArchive {
  /** SHA-256 of the archive, hexadecimal: the same archive sent twice has the same effect once. */
  readonly digest: string;
  readonly rows: readonly ArchiveRow[];
  /** Pictures that no row names. */
  readonly unused: readonly string[];
}

/** `waiting`: a second person has to approve it first. */
export interface RowOutcome {
  readonly state: 'enrolled' | 'waiting';
  /** Of the seal, or of the change that waits. */
  readonly id: string;
}

/**
 * Reads an archive and checks every row, so that nothing is sent of one that has a mistake.
 *
 * @throws ApiError `archive_unreadable`, `archive_too_large`, `archive_unsupported`;
 * `archive_manifest` with the rows and columns that are wrong in `fields`: pointers such as
 * `/rows/3/serial` with the codes `required`, `choice`, `format`, `repeated`, `picture`, or
 * `/columns/serial` and `/manifest` with `required`
 */
export async function readSealArchive(archive: Blob): Promise<SealArchive> {
  if (archive.size > archiveBytesMax) throw new ApiError('archive_too_large');
  const bytes = new Uint8Array(await archive.arrayBuffer());
  const files = await readZip(bytes, limits).catch((error: unknown) => {
    if (!(error instanceof ZipError)) throw error;
    throw new ApiError(`archive_${error.reason}`, { detail: error.message, cause: error });
  });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const pictures = files.filter(({ path }) => !/\.csv$/i.test(path));
  const manifests = files.filter((file) => !pictures.includes(file));
  const [manifest] = manifests;
  if (!manifest || manifests.length > 1) throw wrongManifest([problem('/manifest', 'required')]);
  const rows = rowsOf(manifest, pictures);
  const named = new Set(rows.map(({ imprint }) => imprint.name));
  return {
    digest: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    rows,
    unused: pictures.map(({ path }) => path).filter((path) => !named.has(baseName(path))),
  };
}

const baseName = (path: string) => path.split(/[/\\]/).at(-1) ?? path;
const problem = (pointer: string, code: string) => ({ pointer, code });
type Problem = ReturnType<typeof problem>;
const wrongManifest = (fields: readonly Problem[]) => new ApiError('archive_manifest', { fields });

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // What spreadsheets of Chinese Windows write.
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function tableOf(manifest: ZipFile) {
  try {
    return parseCsv(textOf(manifest.bytes));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw wrongManifest([problem(`/rows/${Math.max(0, error.line - 1)}`, 'format')]);
  }
}

function rowsOf(manifest: ZipFile, pictures: readonly ZipFile[]): readonly ArchiveRow[] {
  const { header, rows } = tableOf(manifest);
  const problems: Problem[] = [
    ...demandedColumns.flatMap((name) =>
      header.includes(name) ? [] : [problem(`/columns/${name}`, 'required')],
    ),
    ...header.flatMap((name) =>
      columns.includes(name) ? [] : [problem(`/columns/${name}`, 'choice')],
    ),
  ];
  if (problems.length === 0 && rows.length === 0) problems.push(problem('/rows', 'required'));
  if (problems.length > 0) throw wrongManifest(problems);
  const byName = new Map(pictures.map((file) => [baseName(file.path), file]));
  const serials = new Set<string>();
  const read = rows.map((cells, index) => {
    const cell = (name: Column) => (cells[header.indexOf(name)] ?? '').trim();
    const picture = byName.get(baseName(cell('picture')));
    problems.push(...problemsOf(index + 1, cell, picture, serials));
    return rowOf(index + 1, cell, picture);
  });
  if (problems.length > 0) throw wrongManifest(problems);
  return read;
}

function problemsOf(
  position: number,
  cell: (name: Column) => string,
  picture: ZipFile | undefined,
  serials: Set<string>,
): readonly Problem[] {
  const found: Problem[] = demandedColumns.flatMap((name) =>
    cell(name) === '' ? [problem(`/rows/${position}/${name}`, 'required')] : [],
  );
  const say = (name: Column, code: string) =>
    found.push(problem(`/rows/${position}/${name}`, code));
  if (cell('picture') !== '' && !picture) say('picture', 'picture');
  if (cell('shape') !== '' && !shapeOf(cell('shape'))) say('shape', 'choice');
  if (cell('dpi') !== '' && !/^[1-9]\d{1,3}$/.test(cell('dpi'))) say('dpi', 'format');
  for (const name of ['start', 'end'] as const) {
    if (cell(name) !== '' && !/^\d{4}-\d{2}-\d{2}$/.test(cell(name))) say(name, 'format');
  }
  const serial = normaliseNumber(cell('serial'));
  if (serial !== '' && serials.has(serial)) say('serial', 'repeated');
  serials.add(serial);
  return found;
}

const shapeOf = (text: string) => shapes.find((known) => known === text);

function rowOf(
  position: number,
  cell: (name: Column) => string,
  picture: ZipFile | undefined,
): ArchiveRow {
  const dpi = cell('dpi');
  return {
    position,
    account: cell('account'),
    card: cell('card'),
    serial: cell('serial'),
    shape: shapeOf(cell('shape')) ?? 'round',
    remark: cell('remark'),
    name: cell('name'),
    contact: cell('contact'),
    start: cell('start'),
    end: cell('end'),
    imprint: {
      bytes: new Blob(picture ? [picture.bytes] : []),
      name: picture ? baseName(picture.path) : '',
      ...(dpi === '' ? {} : { dpi: Number(dpi) }),
    },
  };
}

/**
 * Enrols one row, on the account and card of these numbers; where the row says enough of one that is
 * not there, it is made. Calling again after an answer was lost has no second effect.
 *
 * @throws ApiError what the service refuses; `account_not_found`, `card_not_found`
 */
export async function enrolArchiveRow(
  client: Pick<Client, 'accounts' | 'cards' | 'seals'>,
  archive: Pick<SealArchive, 'digest'>,
  row: ArchiveRow,
): Promise<RowOutcome> {
  const keyFor = (step: string) => ({ idempotencyKey: `archive-${archive.digest}-${step}` });
  const account = await accountOf(client, row, keyFor);
  const known = account.cards.find(({ number }) => number === row.card);
  if (!known && (row.start === '' || row.end === '')) throw new ApiError('card_not_found');
  const card =
    known ??
    (await client.cards.create(
      { accountId: account.id, number: row.card, startDate: row.start, endDate: row.end },
      keyFor(`card-${row.position}`),
    ));
  const made = await client.seals.enrol(
    {
      cardId: card.id,
      serial: normaliseNumber(row.serial),
      shape: row.shape,
      remark: row.remark,
      imprint: row.imprint,
    },
    keyFor(`seal-${row.position}`),
  );
  return { state: isWaiting(made) ? 'waiting' : 'enrolled', id: made.id };
}

async function accountOf(
  client: Pick<Client, 'accounts'>,
  row: ArchiveRow,
  keyFor: (step: string) => { idempotencyKey: string },
) {
  const number = normaliseNumber(row.account);
  // As the row writes it, and as the console writes numbers.
  for (const q of new Set([row.account, number])) {
    const { items } = await client.accounts.list({ q, limit: 100 });
    const known = items.find((account) => normaliseNumber(account.number) === number);
    if (known) return client.accounts.get(known.id);
  }
  const { name, contact } = row;
  if (name === '' || contact === '') throw new ApiError('account_not_found');
  const made = await client.accounts.create(
    { number, name, contact },
    keyFor(`account-${row.position}`),
  );
  return client.accounts.get(made.id);
}
