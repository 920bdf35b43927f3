// Where in what was sent a secret stands: under its name, or beside it.
import { isNameKey, isValueKey } from '../../core/tagger/pairs.ts';
import { type SecretLabel, secretNamedBy, secretNamedIn } from './secret-names.ts';

type Entries = readonly (readonly [string, unknown])[];

/** JSON Pointers (RFC 6901) of subtrees that are secret. */
type Places = Map<string, SecretLabel>;

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * What a JSON value says of its leaves by names: for a pointer, which secret it leads to. Names are
 * keys on the way, and values that name their neighbours: `{"name":"password","value":…}`,
 * `["password",…]`, the column of a table.
 */
export function secretPlaces(value: unknown): (pointer: string) => SecretLabel | undefined {
  const places: Places = new Map();
  mark(value, '', places);
  return (pointer) => {
    for (let end = pointer.length; end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
      const label = places.get(pointer.slice(0, end));
      if (label || end === 0) return label;
    }
    return undefined;
  };
}

function mark(value: unknown, path: string, places: Places): void {
  if (typeof value !== 'object' || value === null || places.has(path)) return;
  const entries: Entries = Object.entries(value);
  if (Array.isArray(value)) markItems(value, path, places);
  else markMembers(entries, path, places);
  for (const [key, item] of entries) mark(item, `${path}/${escaped(key)}`, places);
}

/** A list that names a secret is one with it beside; its first row may name the columns. */
function markItems(items: readonly unknown[], path: string, places: Places): void {
  const named = items.map(secretNamedIn);
  const isPair = items.length === 2;
  const name = named.find((found, i) => found && (found.isSure || (isPair && i === 0)));
  if (name) places.set(path, name.label);
  markRows(items, columnsIn(items.slice(0, 1)), path, places);
}

function markMembers(entries: Entries, path: string, places: Places): void {
  const columns = columnsIn(entries.map(([, item]) => item));
  const names = entries.flatMap(([key, item]) => namesIn(key, item));
  const sure = names.find(({ isSure }) => isSure);
  if (sure) places.set(path, sure.label);
  const other = entries.map(([, item]) => secretNamedIn(item)).find((found) => found?.isSure);
  const [name = other] = names;
  for (const [key, item] of entries) {
    const at = `${path}/${escaped(key)}`;
    const label = secretNamedBy(key) ?? (isValueKey(key) ? name?.label : undefined);
    if (label) places.set(at, label);
    if (!Array.isArray(item)) continue;
    for (const { length, i, label } of columns)
      if (length === item.length && typeof item[i] !== 'object') places.set(`${at}/${i}`, label);
    markRows(item, columns, at, places);
  }
}

type Named = NonNullable<ReturnType<typeof secretNamedIn>>;

/** Secrets that a member names: as its text, or in what it says of a field. */
function namesIn(key: string, item: unknown): readonly Named[] {
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
    const inner = Object.entries(item).filter(([name]) => isNameKey(name) || name === 'text');
    return inner.flatMap(([, text]) => secretNamedIn(text) ?? []);
  }
  if (!isNameKey(key) && !isValueKey(key)) return [];
  return [secretNamedIn(item) ?? []].flat();
}

/** Item `i` of a list of `length` names a secret. */
interface Column {
  readonly length: number;
  readonly i: number;
  readonly label: SecretLabel;
}

/** What lists name, each place once: there may be many lists. */
function columnsIn(lists: readonly unknown[]): readonly Column[] {
  const columns = new Map<string, Column>();
  for (const list of lists) {
    if (!Array.isArray(list)) continue;
    for (const [i, name] of list.entries()) {
      const found = secretNamedIn(name);
      const { length } = list;
      if (found?.isSure) columns.set(`${length} ${i}`, { length, i, label: found.label });
    }
  }
  return [...columns.values()];
}

function markRows(
  rows: readonly unknown[],
  columns: readonly Column[],
  path: string,
  places: Places,
): void {
  for (const [row, cells] of rows.entries()) {
    if (!Array.isArray(cells)) continue;
    for (const { i, label } of columns)
      if (i < cells.length) places.set(`${path}/${row}/${i}`, label);
  }
}
