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

/** More than any table has that is read here. */
const columnsMax = 1_000;

/**
 * Reads comma-separated values (RFC 4180): quotes, commas and line breaks inside quotes, LF or CRLF,
 * a byte order mark in front. Every row must have as many cells as the first, which names the
 * columns. Takes time in proportion to the text, and stops at the first row that is wrong.
 *
 * @throws CsvError
 */
export function parseCsv(text: string): CsvTable {
  const source = text.startsWith(byteOrderMark) ? text.slice(1) : text;
  const lines = source.includes('"') ? quotedRows(source) : plainRows(source);
  let header: readonly string[] | undefined;
  const rows: string[][] = [];
  for (const row of lines) {
    if (header === undefined) header = checkedHeader(row);
    else if (row.length === header.length) rows.push(row);
    else throw new CsvError(`not ${header.length} cells`, rows.length + 2);
  }
  if (header === undefined) throw new CsvError('the file is empty', 1);
  return { header, rows };
}

const byteOrderMark = '\uFEFF';

function checkedHeader(row: readonly string[]): readonly string[] {
  if (row.length > columnsMax) throw new CsvError(`more than ${columnsMax} columns`, 1);
  if (new Set(row).size !== row.length) throw new CsvError('a column is named twice', 1);
  return row;
}

function* plainRows(source: string): Generator<string[]> {
  let read = 0;
  for (const line of source.split(/\r?\n/)) {
    if (line === '') continue;
    read++;
    // As between quotes: a carriage return alone ends no line and is part of no bare cell.
    if (line.includes('\r')) throw new CsvError('a carriage return is out of place', read);
    yield line.split(',');
  }
}

function* quotedRows(source: string): Generator<string[]> {
  let read = 0;
  let row: string[] = [];
  for (let at = 0; at < source.length || row.length > 0; ) {
    const isQuoted = source[at] === '"';
    const end = isQuoted ? closingQuote(source, at + 1) : bareEnd(source, at);
    const mark = markAt(source, isQuoted ? end + 1 : end);
    if (end < 0 || mark === undefined) throw new CsvError('a quote is out of place', read + 1);
    row.push(isQuoted ? source.slice(at + 1, end).replaceAll('""', '"') : source.slice(at, end));
    at = (isQuoted ? end + 1 : end) + mark.length;
    // What has more cells than there may be is one whole row of too many, and is read no further.
    if (mark === ',' && row.length <= columnsMax) continue;
    if (row.length > 1 || row[0] !== '') {
      read++;
      yield row;
    }
    row = [];
  }
}

/** The quote that ends the cell; two together stand for one inside it. Below 0 when none does. */
function closingQuote(source: string, from: number): number {
  let at = source.indexOf('"', from);
  while (at >= 0 && source[at + 1] === '"') at = source.indexOf('"', at + 2);
  return at;
}

function bareEnd(source: string, from: number): number {
  bareCell.lastIndex = from;
  return from + (bareCell.exec(source)?.[0].length ?? 0);
}
const bareCell = /[^",\r\n]*/y;

/** What ends a cell; nothing at the end of the text, and `undefined` when the cell goes on. */
function markAt(source: string, at: number): string | undefined {
  if (at >= source.length) return '';
  return [',', '\n', '\r\n'].find((mark) => source.startsWith(mark, at));
}
