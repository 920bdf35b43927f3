import {
  type IdempotencyState,
  type IdempotencyStore,
  idempotencyLeaseMs,
  idempotencyTtlMs,
  type StoredAnswer,
} from '../../domain/ports.ts';
import { type Fields, fieldsOf, integerOf, jsonOf, textOf } from '../fields.ts';
import { commit, rows } from './database.ts';

/**
 * Idempotency keys in D1.
 *
 * `begin` is one transaction of two statements. The first takes the key if it is free, and only
 * then answers a row; the second says what stands there.
 */
export function d1IdempotencyStore(db: D1Database): IdempotencyStore {
  return {
    async begin({ tenant, actor, key }, { fingerprintHex, operationId, nowMs }) {
      const [taken = [], standing = []] = await commit(db, [
        db
          .prepare(
            // An entry past its time is as new. One without an answer and without a lease goes on
            // under the operation id it has, but only for the request that it was made for.
            `INSERT INTO idempotency (tenant, actor, key, fingerprint_hex, operation_id,
               started_at_ms, lease_ends_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6 + ?7)
             ON CONFLICT (tenant, actor, key) DO UPDATE SET
               operation_id =
                 iif(started_at_ms <= ?6 - ?8, excluded.operation_id, operation_id),
               started_at_ms =
                 iif(started_at_ms <= ?6 - ?8, excluded.started_at_ms, started_at_ms),
               fingerprint_hex = excluded.fingerprint_hex,
               lease_ends_at_ms = excluded.lease_ends_at_ms,
               answer_status = NULL, answer_headers = NULL, answer_body = NULL
             WHERE started_at_ms <= ?6 - ?8 OR (
               answer_status IS NULL AND lease_ends_at_ms <= ?6 AND fingerprint_hex = ?4
             )
             RETURNING operation_id`,
          )
          .bind(
            tenant,
            actor,
            key,
            fingerprintHex,
            operationId,
            nowMs,
            idempotencyLeaseMs,
            idempotencyTtlMs,
          ),
        db
          .prepare('SELECT * FROM idempotency WHERE tenant = ? AND actor = ? AND key = ?')
          .bind(tenant, actor, key),
      ]);
      const [started] = taken;
      if (started) return { state: 'started', operationId: textOf(started, 'operation_id') };
      return standingState(fieldsOf(standing[0]), fingerprintHex);
    },

    async complete({ tenant, actor, key }, operationId, answer) {
      await rows(
        db
          .prepare(
            `UPDATE idempotency SET answer_status = ?, answer_headers = ?, answer_body = ?
             WHERE tenant = ? AND actor = ? AND key = ? AND operation_id = ?
               AND answer_status IS NULL`,
          )
          .bind(
            answer.status,
            JSON.stringify(answer.headers),
            answer.body,
            tenant,
            actor,
            key,
            operationId,
          ),
      );
    },

    async release({ tenant, actor, key }, operationId) {
      await rows(
        db
          .prepare(
            `UPDATE idempotency SET lease_ends_at_ms = 0
             WHERE tenant = ? AND actor = ? AND key = ? AND operation_id = ?
               AND answer_status IS NULL`,
          )
          .bind(tenant, actor, key, operationId),
      );
    },
  };
}

/** Removes what `begin` would treat as new anyway. */
export async function removeExpiredKeys(db: D1Database, nowMs: number): Promise<void> {
  await rows(
    db.prepare('DELETE FROM idempotency WHERE started_at_ms <= ?').bind(nowMs - idempotencyTtlMs),
  );
}

function standingState(entry: Fields, fingerprintHex: string): IdempotencyState {
  if (textOf(entry, 'fingerprint_hex') !== fingerprintHex) return { state: 'mismatch' };
  if (entry.answer_status === null) return { state: 'running' };
  return { state: 'answered', answer: parseAnswer(entry) };
}

function parseAnswer(entry: Fields): StoredAnswer {
  const headers = fieldsOf(jsonOf(entry, 'answer_headers'));
  return {
    status: integerOf(entry, 'answer_status'),
    headers: Object.fromEntries(Object.keys(headers).map((name) => [name, textOf(headers, name)])),
    body: textOf(entry, 'answer_body'),
  };
}
