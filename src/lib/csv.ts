/** Text of RFC 4180 that is not in the form it should be; `line` counts from 1. */
export class CsvError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'CsvError';
    this.line = line;
  }
}

/** A table as it stands in a file: every cell is text. */
export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads comma-separated values (RFC 4180): quotes, commas and line breaks inside quotes, LF or CRLF,
 * a byte order mark. Every row must have as many cells as the first, which names the columns.
 *
 * @throws CsvError
 */
export function parseCsv(text: string): CsvTable {
  const lines = text.includes('"') ? quotedRows(text) : plainRows(text);
  const [header, ...rows] = lines;
  if (header === undefined) throw new CsvError('the file is empty', 1);
  if (new Set(header).size !== header.length) throw new CsvError('a column is named twice', 1);
  const odd = rows.findIndex((row) => row.length !== header.length);
  if (odd >= 0) throw new CsvError(`not ${header.length} cells`, odd + 2);
  return { header, rows };
}

const byteOrderMark = '\uFEFF';

function plainRows(text: string): string[][] {
  return text
    .replace(byteOrderMark, '')
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','));
}

/** One cell: quoted, or without quotes; then what ends it. */
const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function quotedRows(text: string): string[][] {
  const source = text.replace(byteOrderMark, '');
  const rows: string[][] = [];
  let row: string[] = [];
  cell.lastIndex = 0;
  while (cell.lastIndex < source.length || row.length > 0) {
    const found = cell.exec(source);
    if (found === null) throw new CsvError('a quote is out of place', rows.length + 1);
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
