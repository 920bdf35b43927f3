// What a question to D1 costs is the rows that it reads: the same on every machine. For Node and
// workerd alike, so the types are only what is used of D1's.

export interface Statement {
  bind(...values: unknown[]): Statement;
  all<T>(): Promise<{ readonly results: T[]; readonly meta: { readonly rows_read: number } }>;
  run(): Promise<unknown>;
}

export interface Database {
  prepare(query: string): Statement;
}

/** The same database, which adds up the rows that its statements read. */
export function metered<D extends Database>(plain: D) {
  let rowsRead = 0;
  const counting = (statement: Statement): Statement =>
    new Proxy(statement, {
      get(target, name) {
        if (name === 'bind') return (...values: unknown[]) => counting(target.bind(...values));
        if (name !== 'all') return Reflect.get(target, name);
        return async () => {
          const answer = await target.all();
          rowsRead += answer.meta.rows_read;
          return answer;
        };
      },
    });
  const db: D = new Proxy(plain, {
    get: (target, name) =>
      name === 'prepare'
        ? (query: string) => counting(target.prepare(query))
        : Reflect.get(target, name),
  });
  return {
    db,
    async rowsReadBy(ask: () => Promise<unknown>): Promise<number> {
      rowsRead = 0;
      await ask();
      return rowsRead;
    },
  };
}

/** Puts `count` copies of the tenant's row beside it, each with names of its own. */
export async function multiply(
  db: Database,
  table: string,
  tenant: string,
  count: number,
  own: Readonly<Record<string, string>>,
): Promise<void> {
  const { results } = await db.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
  const columns = results.map(({ name }) => name);
  const values = columns.map((name) => own[name] ?? `t.${name}`);
  const query = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM n,
      (SELECT * FROM ${table} WHERE tenant = ?1 LIMIT 1) t`;
  await db.prepare(query).bind(tenant, count).run();
}
