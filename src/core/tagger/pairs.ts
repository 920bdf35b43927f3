// Names that stand beside their value instead of in front of it: {"name":"city","value":"Berlin"},
// [["city","Berlin"]], rows under a list of columns.

const nameKeys = new Set(
  'name key field fieldname label param parameter paramname attribute attributename attr property prop variable item prompt question title type id k n 名称 名 键 字段 字段名 标签 参数 参数名 项 项目 问题 类型'.split(
    ' ',
  ),
);
const valueWords = new Set(
  'value values val v content contents data text answer answers input response string 值 内容 取值 数据 答案 回答 输入'.split(
    ' ',
  ),
);
/** Keys that say nothing of what is under them: `a`, `f2`, `col_3`. */
const emptyKey = /^(?:[a-z]{1,2}|col(?:umn)?|field|param|arg|item|line|cell|part)[_-]?\d*$/i;

const nameCharactersMax = 64;

/** Whether a key announces the name of something: `name`, `fieldName`, `键`. */
export function isNameKey(key: string): boolean {
  return nameKeys.has(key.replaceAll(/[\s_-]/g, '').toLowerCase());
}

/** Whether a key announces a value without saying of what: `value`, `fieldValue`, `b`. */
export function isValueKey(key: string): boolean {
  if (isNameKey(key)) return false;
  const words = key.match(/[A-Z]?[a-z]+|[A-Z]+|\p{Script=Han}+/gu) ?? [];
  return emptyKey.test(key) || words.some((word) => valueWords.has(word.toLowerCase()));
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= nameCharactersMax;

/** Names of members of an object by its other members: `value` is called what `name` says. */
export function namesBeside(
  entries: readonly (readonly [string, unknown])[],
): (key: string) => string | undefined {
  const [, name] = entries.find(([key, item]) => isNameKey(key) && isName(item)) ?? [];
  return (key) => (isName(name) && isValueKey(key) ? name : undefined);
}

/** Whether these are all pairs of a name and what is called so. */
export function arePairs(
  rows: readonly unknown[],
): rows is readonly (readonly [string, unknown])[] {
  const isPair = (row: unknown) => Array.isArray(row) && row.length === 2 && isName(row[0]);
  return rows.length > 0 && rows.every(isPair);
}

/** Lists of names by how many they are, for `columnsOf`. */
export function headersIn(items: readonly unknown[]): ReadonlyMap<number, readonly string[]> {
  const isHeader = (item: unknown): item is string[] =>
    Array.isArray(item) && item.length > 1 && item.every(isName);
  return new Map(items.filter(isHeader).map((names) => [names.length, names]));
}

/** The names of the columns of `rows`: a list of as many names as each row has items. */
export function columnsOf(
  rows: readonly unknown[],
  headers: ReturnType<typeof headersIn>,
): readonly string[] | undefined {
  const [first] = rows;
  const names = Array.isArray(first) ? headers.get(first.length) : undefined;
  const isRow = (row: unknown) => Array.isArray(row) && row.length === names?.length;
  return names && rows.every(isRow) ? names : undefined;
}
