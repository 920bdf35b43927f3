// Bodies in which every value has a name: forms, lines of key=value, tables with a header. JSON is
// read elsewhere. A value is judged as it is meant, and found again where it is written.

export const bodyFormats = ['json', 'form', 'multipart', 'lines', 'table'] as const;
export type BodyFormat = (typeof bodyFormats)[number];

/** A value and where it is written. */
export interface Field {
  /** JSON Pointer (RFC 6901); rows of a table are `/0`, `/1` and so on. */
  readonly path: string;
  readonly name: string;
  readonly text: string;
  /** Offset in the body of each unit of `text`, and behind the last one. */
  readonly offsets: ArrayLike<number>;
}

export interface Fields {
  readonly format: Exclude<BodyFormat, 'json'>;
  readonly fields: readonly Field[];
  /** Up to here the body is a header, which holds no values. */
  readonly header: number;
}

/** A stretch of the body, decoded. */
type Value = Pick<Field, 'text' | 'offsets'>;
type Named = Value & { readonly name: string };

export const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** `undefined` for a text that is none of these. */
export function readFields(text: string): Fields | undefined {
  return formOf(text) ?? multipartOf(text) ?? linesOf(text) ?? tableOf(text);
}

function verbatim(body: string, start: number, end: number): Value {
  const offsets = Int32Array.from({ length: end - start + 1 }, (_, i) => start + i);
  return { text: body.slice(start, end), offsets };
}

/** A name that comes again has a list of values. */
function listed(format: Fields['format'], values: readonly Named[]): Fields {
  const times = new Map<string, number>();
  for (const { name } of values) times.set(name, (times.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  const fields = values.map((value) => {
    const at = seen.get(value.name) ?? 0;
    seen.set(value.name, at + 1);
    const isList = (times.get(value.name) ?? 0) > 1;
    return { ...value, path: `/${escaped(value.name)}${isList ? `/${at}` : ''}` };
  });
  return { format, fields, header: 0 };
}

const CHARACTER = String.raw`[\w.\-[\]\u4e00-\u9fff]`;
const PAIR = String.raw`(?:${CHARACTER}|%[\dA-F]{2}){1,64}=[^&\s]*`;
const FORM = new RegExp(`^\\s*${PAIR}(?:&${PAIR})+\\s*$`, 'i');

/** A query or a form (URL Standard, application/x-www-form-urlencoded). */
function formOf(body: string): Fields | undefined {
  if (!FORM.test(body)) return undefined;
  const pairs = [...body.matchAll(/([^&=\s]+)=([^&\s]*)/g)].map(
    ({ 0: pair, 1: name = '', index }) => ({
      name: decoded(name, 0, name.length).text,
      ...decoded(body, index + name.length + 1, index + pair.length),
    }),
  );
  return listed('form', pairs);
}

const ENCODED = /\+|(?:%[\dA-Fa-f]{2})+|[^+%]+|%/g;

/** Percent-encoded UTF-8, `+` for a space. Bytes that are no UTF-8 stay as they are written. */
function decoded(body: string, start: number, end: number): Value {
  let text = '';
  const offsets: number[] = [];
  const add = (unit: string, at: number) => {
    text += unit;
    offsets.push(at);
  };
  for (const { 0: run, index } of body.slice(start, end).matchAll(ENCODED)) {
    const at = start + index;
    if (run === '+') add(' ', at);
    else if (run.length < 3 || run[0] !== '%')
      for (let i = 0; i < run.length; i++) add(run[i] ?? '', at + i);
    else addBytes(run, at, add);
  }
  offsets.push(end);
  return { text, offsets };
}

function addBytes(run: string, at: number, add: (unit: string, at: number) => void): void {
  for (let i = 0; i < run.length; ) {
    const lead = Number.parseInt(run.slice(i + 1, i + 3), 16);
    const bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const written = run.slice(i, i + 3 * bytes);
    let character: string | undefined;
    try {
      character = decodeURIComponent(written);
    } catch {
      character = undefined;
    }
    const units = character ?? run.slice(i, i + 3);
    for (const [n, unit] of units.split('').entries()) add(unit, at + i + (character ? 0 : n));
    i += character ? written.length : 3;
  }
}

const BOUNDARY = /^--([\w'()+,\-./:=? ]{1,70})\r?\n/;
const PART = /^(?:[\w-]+:[^\r\n]*\r?\n)+\r?\n/;
const PART_NAME = /^content-disposition:\s*form-data\b[^\r\n]*?;\s*name="((?:[^"\r\n]|\\")*)"/im;

/** A form in parts (RFC 7578). */
function multipartOf(body: string): Fields | undefined {
  const [first, boundary] = BOUNDARY.exec(body) ?? [];
  if (first === undefined || boundary === undefined) return undefined;
  const parts: Named[] = [];
  for (let at = first.length; ; ) {
    const end = body.indexOf(`\n--${boundary}`, at);
    const [head] = PART.exec(body.slice(at, at + 1_000)) ?? [];
    const name = head === undefined ? undefined : PART_NAME.exec(head)?.[1];
    if (end < 0 || head === undefined || name === undefined) return undefined;
    const start = at + head.length;
    const last = body[end - 1] === '\r' ? end - 1 : end;
    parts.push({ name, ...verbatim(body, Math.min(start, last), last) });
    const behind = end + 3 + boundary.length;
    if (body.startsWith('--', behind)) return listed('multipart', parts);
    at = body.indexOf('\n', behind) + 1;
    if (at === 0) return undefined;
  }
}

const LINE =
  /^(\s*(?:export\s+)?([A-Za-z_][\w.\-[\]]{0,63}|[\u4e00-\u9fff]{1,16}\w{0,4})\s*=\s*)(.*?)\s*$/;
const QUOTED = /^(["'])(.*)\1$/;

/** Lines such as those of an `.env` file; comments and blank lines are passed over. */
function linesOf(body: string): Fields | undefined {
  const pairs: Named[] = [];
  for (const { 0: line, index } of body.matchAll(/[^\r\n]+/g)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const [, before = '', name, value = ''] = LINE.exec(line) ?? [];
    // A line of several pairs is a line of a log.
    if (name === undefined || /[\s;,&|][\w.\-\u4e00-\u9fff]+=/.test(value)) return undefined;
    const bare = QUOTED.exec(value)?.[2];
    const start = index + before.length + (bare === undefined ? 0 : 1);
    pairs.push({ name, ...verbatim(body, start, start + (bare ?? value).length) });
  }
  return pairs.length > 0 ? listed('lines', pairs) : undefined;
}

const SEPARATORS = [',', '\t', ';'] as const;
const COLUMNS_MAX = 200;

const isColumn = ({ text }: Value) =>
  text.trim() !== '' && text.length <= 64 && !/\d{4}|[。？！]/.test(text);

/** A table (RFC 4180) whose first row names the columns, with as many cells in every row. */
function tableOf(body: string): Fields | undefined {
  for (const separator of SEPARATORS) {
    const [columns, ...rows] = rowsOf(body, separator) ?? [];
    const isHeader =
      columns !== undefined &&
      columns.length > 1 &&
      columns.length <= COLUMNS_MAX &&
      new Set(columns.map(({ text }) => text)).size === columns.length &&
      columns.every(isColumn);
    if (!isHeader || rows.length === 0) continue;
    if (rows.some(({ length }) => length !== columns.length)) continue;
    const fields = rows.flatMap((row, r) =>
      row.map((cell, i) => {
        const name = columns[i]?.text ?? '';
        return { ...cell, name, path: `/${r}/${escaped(name)}` };
      }),
    );
    const last = columns.at(-1)?.offsets;
    return { format: 'table', fields, header: last?.[last.length - 1] ?? 0 };
  }
  return undefined;
}

/** Cells may stand in quotes, with separators, line breaks and doubled quotes inside. */
function rowsOf(body: string, separator: string): Value[][] | undefined {
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\n\\r${separator}][^\\n\\r${separator}]*)?)(${separator}|\\r?\\n|$)`,
    'y',
  );
  const rows: Value[][] = [];
  let row: Value[] = [];
  for (let at = 0; at <= body.length; at = cell.lastIndex) {
    cell.lastIndex = at;
    const found = cell.exec(body);
    if (!found) return undefined;
    const [, quoted, plain = '', end] = found;
    row.push(
      quoted === undefined
        ? verbatim(body, at, at + plain.length)
        : unquoted(body, at + 1, at + 1 + quoted.length),
    );
    if (end === separator) continue;
    if (row.length > 1 || row[0]?.text !== '') rows.push(row);
    row = [];
    if (end === '') break;
  }
  return rows;
}

/** What stands between two quotes, a doubled quote for one. */
function unquoted(body: string, start: number, end: number): Value {
  const offsets: number[] = [];
  let text = '';
  for (let at = start; at < end; at++) {
    text += body[at];
    offsets.push(at);
    if (body[at] === '"') at += 1;
  }
  offsets.push(end);
  return { text, offsets };
}
