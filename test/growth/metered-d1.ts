import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';

const migrations = fileURLToPath(new URL('../../src/platform/d1/migrations/', import.meta.url));

/** What of D1 is needed here; its types belong to Workers, and this runs in Node. */
interface Statement {
  bind(...values: unknown[]): Statement;
  all<T>(): Promise<{ readonly results: T[]; readonly meta: { readonly rows_read: number } }>;
  run(): Promise<unknown>;
}
interface Database {
  prepare(query: string): Statement;
  batch(statements: readonly Statement[]): Promise<unknown>;
}

/** A database in workerd with every table, and how many rows its statements read. */
export async function meteredDatabase() {
  const host = new Miniflare({
    modules: true,
    script: 'export default { fetch: () => new Response() }',
    compatibilityDate: '2026-04-26',
    d1Databases: ['DB'],
  });
  const plain = (await host.getD1Database('DB')) as unknown as Database;
  for (const name of readdirSync(migrations).sort()) {
    const text = readFileSync(`${migrations}${name}`, 'utf8').replace(/--.*$/gm, '');
    const statements = text.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
    await plain.batch(statements.map((statement) => plain.prepare(statement)));
  }
  let rowsRead = 0;
  const metered = (statement: Statement): Statement =>
    new Proxy(statement, {
      get(target, name) {
        if (name === 'bind') return (...values: unknown[]) => metered(target.bind(...values));
        if (name !== 'all') return Reflect.get(target, name);
        return async () => {
          const answer = await target.all();
          rowsRead += answer.meta.rows_read;
          return answer;
        };
      },
    });
  const db = new Proxy(plain, {
    get: (target, name) =>
      name === 'prepare'
        ? (query: string) => metered(target.prepare(query))
        : Reflect.get(target, name),
  });
  /** Puts `count` copies of the tenant's row beside it, each with names of its own. */
  async function multiply(
    table: string,
    tenant: string,
    count: number,
    own: Readonly<Record<string, string>>,
  ) {
    const { results } = await plain.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
    const columns = results.map(({ name }) => name);
    const values = columns.map((name) => own[name] ?? `t.${name}`);
    const query = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
      INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM n,
        (SELECT * FROM ${table} WHERE tenant = ?1 LIMIT 1) t`;
    await plain.prepare(query).bind(tenant, count).run();
  }
  return {
    db,
    multiply,
    async rowsReadBy(ask: () => Promise<unknown>): Promise<number> {
      rowsRead = 0;
      await ask();
      return rowsRead;
    },
    end: () => host.dispose(),
  };
}
