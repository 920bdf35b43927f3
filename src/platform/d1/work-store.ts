import { CinnabarError } from '../../domain/errors.ts';
import type { WorkStore } from '../../domain/seals/ports.ts';
import type { Work, WorkKind } from '../../domain/seals/work-rows.ts';
import { type Fields, fieldsOf, integerOf, jsonOf, textOf } from '../fields.ts';
import { binding, commit, row, rows } from './database.ts';

/** Adds a row of work, in a batch with whatever it belongs to. */
export function addingWork(db: D1Database, work: Work): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO seal_work (tenant, kind, id, parent, state, due_at_ms, version, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, kind, id) DO NOTHING`,
    )
    .bind(
      work.tenant,
      work.kind,
      work.id,
      work.parent,
      work.state,
      work.dueAtMs,
      work.version,
      JSON.stringify(work.body),
    );
}

/** Rows of work in D1. A batch is a transaction, and a failed check undoes all of it. */
export function d1WorkStore(db: D1Database): WorkStore {
  const sql = binding(db);
  const adding = (work: Work) => addingWork(db, work);

  function moving(work: Work): D1PreparedStatement {
    return sql(
      `UPDATE seal_work SET state = ?1, due_at_ms = ?2, body = ?3,
         version = iif(version = ?4 - 1, ?4, -1)
       WHERE tenant = ?5 AND kind = ?6 AND id = ?7`,
      work.state,
      work.dueAtMs,
      JSON.stringify(work.body),
      work.version,
      work.tenant,
      work.kind,
      work.id,
    );
  }

  return {
    async apply({ add, move }) {
      try {
        await commit(db, [...add.map(adding), ...move.map(moving)], {
          'CHECK constraint failed: version >= 1': 'work_contended',
        });
        return true;
      } catch (error) {
        if (error instanceof CinnabarError && error.code === 'work_contended') return false;
        throw error;
      }
    },

    async find(tenant, kind, id) {
      const found = await row(
        sql('SELECT * FROM seal_work WHERE tenant = ? AND kind = ? AND id = ?', tenant, kind, id),
      );
      return found && parseWork(found, kind);
    },

    async list(tenant, kind, { state, parent, order = 'newest' }, { limit, before }) {
      const conditions: [string, string][] = [
        ['tenant = ?', tenant],
        ['kind = ?', kind],
      ];
      if (state !== undefined) conditions.push(['state = ?', state]);
      if (parent !== undefined) conditions.push(['parent = ?', parent]);
      if (before !== undefined) conditions.push([order === 'newest' ? 'id < ?' : 'id > ?', before]);
      const found = await rows(
        sql(
          `SELECT * FROM seal_work WHERE ${conditions.map(([text]) => text).join(' AND ')}
           ORDER BY id ${order === 'newest' ? 'DESC' : 'ASC'} LIMIT ?`,
          ...conditions.map(([, value]) => value),
          limit,
        ),
      );
      return found.map((fields) => parseWork(fields, kind));
    },

    async count(tenant, kind, { parent }) {
      const found = await rows(
        sql(
          `SELECT state, count(*) AS many FROM seal_work
           WHERE tenant = ?1 AND kind = ?2 AND (?3 = '*' OR parent = ?3) GROUP BY state`,
          tenant,
          kind,
          parent ?? '*',
        ),
      );
      return Object.fromEntries(
        found.map((fields) => [textOf(fields, 'state'), integerOf(fields, 'many')]),
      );
    },

    async due(kind, state, nowMs, limit) {
      const found = await rows(
        sql(
          `SELECT * FROM seal_work WHERE kind = ? AND state = ? AND due_at_ms <= ?
           ORDER BY due_at_ms LIMIT ?`,
          kind,
          state,
          nowMs,
          limit,
        ),
      );
      return found.map((fields) => parseWork(fields, kind));
    },
  };
}

function parseWork<K extends WorkKind>(row: Fields, kind: K): Work<K> {
  return {
    tenant: textOf(row, 'tenant'),
    kind,
    id: textOf(row, 'id'),
    parent: textOf(row, 'parent'),
    state: textOf(row, 'state'),
    dueAtMs: integerOf(row, 'due_at_ms'),
    version: integerOf(row, 'version'),
    // Written by `apply` from a body of this kind, and by nothing else.
    body: fieldsOf(jsonOf(row, 'body')) as unknown as Work<K>['body'],
  };
}
