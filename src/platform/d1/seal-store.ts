import type { SealStore } from '../../domain/seals/ports.ts';
import { textOf } from '../fields.ts';
import { d1Accounts } from './accounts.ts';
import { binding, rows } from './database.ts';
import { d1Seals } from './seals.ts';
import { d1Templates } from './templates.ts';
import { d1Verifications } from './verifications.ts';

/** The seal store in D1. Each change is one batch, which D1 runs as a transaction. */
export function d1SealStore(db: D1Database): SealStore {
  const sql = binding(db);
  return {
    ...d1Accounts(db),
    ...d1Seals(db),
    ...d1Templates(db),
    ...d1Verifications(db),

    async referencedObjects(tenant, objectKeys) {
      const found = await rows(
        sql(
          `SELECT value AS object_key FROM json_each(?1) WHERE
             EXISTS (SELECT 1 FROM templates t WHERE t.object_key = value AND t.tenant = ?2)
             OR EXISTS (SELECT 1 FROM cards c WHERE c.image_object_key = value AND c.tenant = ?2)
             OR value IN (SELECT k.value FROM seal_work w, json_each(w.body, '$.objectKeys') k
               WHERE w.tenant = ?2 AND w.kind IN ('voucher', 'seal-change')
                 AND w.state IN ('waiting', 'leased', 'dead', 'proposed'))`,
          JSON.stringify(objectKeys),
          tenant,
        ),
      );
      return found.map((fields) => textOf(fields, 'object_key'));
    },
  };
}
