import type { SealStore } from '../../domain/seals/ports.ts';
import type { Seal } from '../../domain/seals/types.ts';
import { binding, commit, page, rows } from './database.ts';
import { parseSeal } from './seal-rows.ts';
import { addTemplates, oneWithTemplates, withTemplates } from './templates.ts';

const sealColumns = `s.tenant, s.id, s.created_at_ms, r.revision, r.revision_id, r.account_id, r.card_id, r.serial,
  r.shape, r.remark, r.status, r.quality, r.revised_at_ms, r.imprint_revision, r.reason`;
const currentSeals = `SELECT ${sealColumns} FROM seals s JOIN seal_revisions r
  ON r.tenant = s.tenant AND r.seal_id = s.id AND r.revision = s.revision`;

const serialTaken = {
  'UNIQUE constraint failed: seals.tenant, seals.serial': 'seal_serial_taken',
} as const;

/** The seals of the seal store, and their revisions. */
export function d1Seals(
  db: D1Database,
): Pick<
  SealStore,
  'addSeal' | 'replaceSeal' | 'findSeal' | 'findSealBySerial' | 'listSeals' | 'listRevisions'
> {
  const sql = binding(db);

  function addRevision(seal: Seal): D1PreparedStatement {
    return sql(
      `INSERT INTO seal_revisions (tenant, seal_id, revision, revision_id, previous_revision,
         account_id, card_id,
         serial, shape, remark, status, quality, revised_at_ms, imprint_revision, reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seal.tenant,
      seal.id,
      seal.revision,
      seal.revisionId,
      seal.revision === 1 ? null : seal.revision - 1,
      seal.accountId,
      seal.cardId,
      seal.serial,
      seal.shape,
      seal.remark,
      seal.status,
      JSON.stringify(seal.quality),
      seal.revisedAtMs,
      seal.imprintRevision,
      seal.reason,
    );
  }

  return {
    async addSeal(seal) {
      await commit(
        db,
        [
          sql(
            `INSERT INTO seals (tenant, id, revision, account_id, card_id, serial, created_at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?)`,
            seal.tenant,
            seal.id,
            seal.revision,
            seal.accountId,
            seal.cardId,
            seal.serial,
            seal.createdAtMs,
          ),
          addRevision(seal),
          ...addTemplates(db, seal.templates),
        ],
        serialTaken,
      );
    },

    async replaceSeal(seal) {
      await commit(
        db,
        [
          sql(
            `UPDATE seals SET revision = ?, account_id = ?, card_id = ?, serial = ?
             WHERE tenant = ? AND id = ? AND revision = ?`,
            seal.revision,
            seal.accountId,
            seal.cardId,
            seal.serial,
            seal.tenant,
            seal.id,
            seal.revision - 1,
          ),
          // When the update found another revision, this breaks the chain of revisions and with it
          // the whole batch: the revision exists already, or the one before it does not.
          addRevision(seal),
          // A revision that goes on with an earlier imprint has no templates of its own.
          ...addTemplates(db, seal.imprintRevision === seal.revision ? seal.templates : []),
        ],
        {
          ...serialTaken,
          'UNIQUE constraint failed: seal_revisions.tenant': 'seal_changed',
          'FOREIGN KEY constraint failed': 'seal_changed',
        },
      );
    },

    async findSeal(tenant, id) {
      const select = sql(`${currentSeals} WHERE s.tenant = ? AND s.id = ?`, tenant, id);
      return oneWithTemplates(db, select, { tenant, kind: 'seal', id }, parseSeal);
    },

    async findSealBySerial(tenant, serial) {
      const found = await rows(
        sql(`${currentSeals} WHERE s.tenant = ? AND s.serial = ?`, tenant, serial),
      );
      const [seal] = await withTemplates(db, tenant, 'seal', found, parseSeal);
      return seal;
    },

    async listSeals(tenant, { accountId, cardId }, request) {
      const conditions: [string, string][] = [['s.tenant = ?', tenant]];
      if (accountId !== undefined) conditions.push(['s.account_id = ?', accountId]);
      if (cardId !== undefined) conditions.push(['s.card_id = ?', cardId]);
      const found = await page(db, currentSeals, 's.id', conditions, request);
      return withTemplates(db, tenant, 'seal', found, parseSeal);
    },

    async listRevisions(tenant, sealId) {
      const found = await rows(
        sql(
          `SELECT ${sealColumns} FROM seals s JOIN seal_revisions r
             ON r.tenant = s.tenant AND r.seal_id = s.id
           WHERE s.tenant = ? AND s.id = ? ORDER BY r.revision DESC`,
          tenant,
          sealId,
        ),
      );
      return withTemplates(db, tenant, 'seal', found, parseSeal);
    },
  };
}
