import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import { type Fields, fieldsOf } from '../fields.ts';

/** Constraint messages as SQLite writes them, and what each means to the caller. */
export type ConstraintCodes = Readonly<Record<string, ErrorCode>>;

/** Runs the statements as one transaction: all or none. */
export async function commit(
  db: D1Database,
  statements: D1PreparedStatement[],
  codes: ConstraintCodes = {},
): Promise<Fields[][]> {
  try {
    const results = await db.batch(statements);
    return results.map((result) => result.results.map(fieldsOf));
  } catch (cause) {
    throw databaseError(cause, codes);
  }
}

export async function rows(statement: D1PreparedStatement): Promise<Fields[]> {
  try {
    return (await statement.all()).results.map(fieldsOf);
  } catch (cause) {
    throw databaseError(cause, {});
  }
}

export async function row(statement: D1PreparedStatement): Promise<Fields | undefined> {
  const [first] = await rows(statement);
  return first;
}

function databaseError(cause: unknown, codes: ConstraintCodes): unknown {
  const message = cause instanceof Error ? cause.message : '';
  const known = Object.entries(codes).find(([constraint]) => message.includes(constraint));
  if (known) return new CinnabarError(known[1], { cause });
  // A statement or a constraint that fails in any other way is a defect here, not an outage.
  if (/SQLITE_(CONSTRAINT|ERROR|MISMATCH|RANGE)/.test(message)) return cause;
  return new CinnabarError('storage_unavailable', { cause });
}

/** A statement of `db` with its values bound. */
export function binding(db: D1Database) {
  return (query: string, ...values: (string | number | Uint8Array | null)[]) =>
    db.prepare(query).bind(...values);
}

/** Filters are fixed column names; only values come from outside, always as parameters. */
export function page(
  db: D1Database,
  select: string,
  idColumn: string,
  conditions: readonly (readonly [condition: string, value: string])[],
  { limit, before }: PageRequest,
): Promise<Fields[]> {
  const all = before === undefined ? conditions : [...conditions, [`${idColumn} < ?`, before]];
  const where = all.map(([condition]) => condition).join(' AND ');
  const values = all.map(([, value]) => value ?? '');
  return rows(
    binding(db)(`${select} WHERE ${where} ORDER BY ${idColumn} DESC LIMIT ?`, ...values, limit),
  );
}
