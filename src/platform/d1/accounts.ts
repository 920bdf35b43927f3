import type { SealStore } from '../../domain/seals/ports.ts';
import { binding, commit, page, row } from './database.ts';
import { parseAccount, parseCard } from './seal-rows.ts';

/** The accounts of the seal store, and the seal cards in them. */
export function d1Accounts(
  db: D1Database,
): Pick<
  SealStore,
  | 'addAccount'
  | 'findAccount'
  | 'listAccounts'
  | 'addCard'
  | 'changeCard'
  | 'findCard'
  | 'listCards'
> {
  const sql = binding(db);
  return {
    async addAccount(account) {
      await commit(
        db,
        [
          sql(
            `INSERT INTO accounts (tenant, id, number, name, contact, created_at_ms)
             VALUES (?, ?, ?, ?, ?, ?)`,
            account.tenant,
            account.id,
            account.number,
            account.name,
            account.contact,
            account.createdAtMs,
          ),
        ],
        { 'UNIQUE constraint failed: accounts.tenant, accounts.number': 'account_number_taken' },
      );
    },

    async findAccount(tenant, id) {
      const found = await row(
        sql('SELECT * FROM accounts WHERE tenant = ? AND id = ?', tenant, id),
      );
      return found && parseAccount(found);
    },

    async listAccounts(tenant, { query }, request) {
      const conditions: [string, string][] = [['tenant = ?', tenant]];
      if (query) {
        // Not LIKE: D1 limits a pattern to 50 bytes. lower() folds ASCII only.
        conditions.push([`instr(lower(number || char(10) || name), lower(?)) > 0`, query]);
      }
      const found = await page(db, 'SELECT * FROM accounts', 'id', conditions, request);
      return found.map(parseAccount);
    },

    async addCard(card) {
      await commit(
        db,
        [
          sql(
            `INSERT INTO cards (tenant, id, account_id, number, start_date, end_date,
               image_object_key, image_wrapped_key, image_digest_hex, image_bytes,
               image_media_type, created_at_ms, status, combinations, version)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            card.tenant,
            card.id,
            card.accountId,
            card.number,
            card.startDate,
            card.endDate,
            card.image?.objectKey ?? null,
            card.image?.wrappedKey ?? null,
            card.image?.digestHex ?? null,
            card.image?.bytes ?? null,
            card.image?.mediaType ?? null,
            card.createdAtMs,
            card.status,
            JSON.stringify(card.combinations),
            card.version,
          ),
        ],
        { 'UNIQUE constraint failed: cards.tenant, cards.number': 'card_number_taken' },
      );
    },

    async changeCard(card) {
      await commit(
        db,
        [
          sql(
            `UPDATE cards SET start_date = ?1, end_date = ?2, status = ?3, combinations = ?4,
               version = iif(version = ?5 - 1, ?5, -1) WHERE tenant = ?6 AND id = ?7`,
            card.startDate,
            card.endDate,
            card.status,
            JSON.stringify(card.combinations),
            card.version,
            card.tenant,
            card.id,
          ),
        ],
        { 'CHECK constraint failed: version >= 1': 'card_changed' },
      );
    },

    async findCard(tenant, id) {
      const found = await row(sql('SELECT * FROM cards WHERE tenant = ? AND id = ?', tenant, id));
      return found && parseCard(found);
    },

    async listCards(tenant, { accountId }, request) {
      const found = await page(
        db,
        'SELECT * FROM cards',
        'id',
        [
          ['tenant = ?', tenant],
          ['account_id = ?', accountId],
        ],
        request,
      );
      return found.map(parseCard);
    },
  };
}
