// Bodies in which every value has a name: forms, lines of key=value, tables with a header. JSON is
// read elsewhere. What is found here has the shape of JSON, so that one way of judging fits all.

type Values = Readonly<Record<string, string | readonly string[]>>;

const CHARACTER = String.raw`[\w.\-[\]\u4e00-\u9fff]`;
const PAIR = String.raw`(?:${CHARACTER}|%[\dA-F]{2}){1,64}=[^&\s]*`;
const FORM = new RegExp(`^${PAIR}(?:&${PAIR})+$`, 'i');
const LINE = new RegExp(`^\\s*(?:export\\s+)?(${CHARACTER}{1,64})\\s*=(.*)$`);
const QUOTED = /^(["'])(.*)\1$/;

/** `undefined` for a text that is none of these. */
export function readBody(text: string): Values | readonly Values[] | undefined {
  const form = text.trim();
  if (FORM.test(form)) return byName([...new URLSearchParams(form)]);
  return linesOf(text) ?? tableOf(text);
}

/** A name that comes again has a list of values. */
function byName(pairs: readonly (readonly [string, string])[]): Values {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const known = values.get(name);
    if (known) known.push(value);
    else values.set(name, [value]);
  }
  const entries = [...values].map(([name, list]) => [
    name,
    list.length > 1 ? list : (list[0] ?? ''),
  ]);
  return Object.fromEntries(entries);
}

/** Lines such as those of an `.env` file; comments and blank lines are passed over. */
function linesOf(text: string): Values | undefined {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:[#;].*)?$/.test(line));
  const pairs: [string, string][] = [];
  for (const line of lines) {
    const [, name, value = ''] = LINE.exec(line) ?? [];
    if (name === undefined) return undefined;
    const bare = value.trim();
    pairs.push([name, QUOTED.exec(bare)?.[2] ?? bare]);
  }
  return pairs.length > 0 ? byName(pairs) : undefined;
}

const SEPARATORS = [',', '\t', ';'] as const;
const COLUMNS_MAX = 200;

/** A table (RFC 4180) whose first row names the columns, with as many cells in every row. */
function tableOf(text: string): readonly Values[] | undefined {
  for (const separator of SEPARATORS) {
    const [header, ...rows] = rowsOf(text, separator) ?? [];
    const isHeader =
      header !== undefined &&
      header.length > 1 &&
      header.length <= COLUMNS_MAX &&
      new Set(header).size === header.length &&
      header.every(
        (name) => name.trim() !== '' && name.length <= 64 && !/\d{4}|[。？！]/.test(name),
      );
    if (!isHeader || rows.length === 0) continue;
    if (rows.some(({ length }) => length !== header.length)) continue;
    return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
  }
  return undefined;
}

/** Cells may stand in quotes, with separators, line breaks and doubled quotes inside. */
function rowsOf(text: string, separator: string): string[][] | undefined {
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\n\\r${separator}][^\\n\\r${separator}]*)?)(${separator}|\\r?\\n|$)`,
    'y',
  );
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at <= text.length; at = cell.lastIndex) {
    cell.lastIndex = at;
    const found = cell.exec(text);
    if (!found) return undefined;
    const [, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === separator) continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    if (end === '') break;
  }
  return rows;
}
