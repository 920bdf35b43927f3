import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { type Database, metered, multiply, type Statement } from '../helpers/metered-database.ts';

const migrations = fileURLToPath(new URL('../../src/platform/d1/migrations/', import.meta.url));

/** A database in workerd with every table, and how many rows its statements read. */
export async function meteredDatabase() {
  const host = new Miniflare({
    modules: true,
    script: 'export default { fetch: () => new Response() }',
    compatibilityDate: '2026-04-26',
    d1Databases: ['DB'],
  });
  const plain = (await host.getD1Database('DB')) as unknown as Database & {
    batch(statements: readonly Statement[]): Promise<unknown>;
  };
  for (const name of readdirSync(migrations).sort()) {
    const text = readFileSync(`${migrations}${name}`, 'utf8').replace(/--.*$/gm, '');
    const statements = text.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
    await plain.batch(statements.map((statement) => plain.prepare(statement)));
  }
  const { db, rowsReadBy } = metered(plain);
  return {
    db,
    rowsReadBy,
    multiply: (
      table: string,
      tenant: string,
      count: number,
      own: Readonly<Record<string, string>>,
    ) => multiply(plain, table, tenant, count, own),
    end: () => host.dispose(),
  };
}
