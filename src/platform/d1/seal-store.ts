import type { PageRequest } from '../../domain/ports.ts';
import type { SealStore } from '../../domain/seals/ports.ts';
import type {
  Seal,
  StoredTemplate,
  TemplateOwner,
  Verification,
} from '../../domain/seals/types.ts';
import { type Fields, textOf } from '../fields.ts';
import { commit, row, rows } from './database.ts';
import {
  parseAccount,
  parseCard,
  parseSeal,
  parseTemplate,
  parseVerification,
} from './seal-rows.ts';
import { addingWork } from './work-store.ts';

const sealColumns = `s.tenant, s.id, s.created_at_ms, r.revision, r.revision_id, r.account_id, r.card_id, r.serial,
  r.shape, r.remark, r.status, r.quality, r.revised_at_ms`;
const currentSeals = `SELECT ${sealColumns} FROM seals s JOIN seal_revisions r
  ON r.tenant = s.tenant AND r.seal_id = s.id AND r.revision = s.revision`;

const serialTaken = {
  'UNIQUE constraint failed: seals.tenant, seals.serial': 'seal_serial_taken',
} as const;

/** The seal store in D1. Each change is one batch, which D1 runs as a transaction. */
export function d1SealStore(db: D1Database): SealStore {
  const sql = (query: string, ...values: (string | number | Uint8Array | null)[]) =>
    db.prepare(query).bind(...values);

  /** Filters are fixed column names; only values come from outside, always as parameters. */
  function page(
    select: string,
    idColumn: string,
    conditions: readonly (readonly [condition: string, value: string])[],
    { limit, before }: PageRequest,
  ): Promise<Fields[]> {
    const all = before === undefined ? conditions : [...conditions, [`${idColumn} < ?`, before]];
    const where = all.map(([condition]) => condition).join(' AND ');
    const values = all.map(([, value]) => value ?? '');
    return rows(
      sql(`${select} WHERE ${where} ORDER BY ${idColumn} DESC LIMIT ?`, ...values, limit),
    );
  }

  async function templatesOf(
    tenant: string,
    kind: TemplateOwner['kind'],
    ownerIds: readonly string[],
  ): Promise<StoredTemplate[]> {
    if (ownerIds.length === 0) return [];
    const found = await rows(
      // A JSON list is one parameter, however many ids it holds.
      sql(
        `SELECT * FROM templates WHERE tenant = ? AND owner_kind = ?
           AND owner_id IN (SELECT value FROM json_each(?)) ORDER BY position`,
        tenant,
        kind,
        JSON.stringify(ownerIds),
      ),
    );
    return found.map(parseTemplate);
  }

  async function withTemplates<T extends Seal | Verification>(
    tenant: string,
    kind: TemplateOwner['kind'],
    found: readonly Fields[],
    parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
  ): Promise<T[]> {
    const ids = [...new Set(found.map((fields) => textOf(fields, 'id')))];
    const templates = await templatesOf(tenant, kind, ids);
    return found.map((fields) => {
      const owner = parse(fields, []);
      const revision = 'revision' in owner ? owner.revision : 1;
      const own = templates.filter(
        (template) => template.owner.id === owner.id && template.revision === revision,
      );
      return { ...owner, templates: own };
    });
  }

  function addTemplates(templates: readonly StoredTemplate[]): D1PreparedStatement[] {
    return templates.map((template, position) =>
      sql(
        `INSERT INTO templates (tenant, id, owner_kind, owner_id, revision, position, vendor_code,
           vendor_name, vendor_version, object_key, wrapped_key, digest_hex, bytes, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        template.tenant,
        template.id,
        template.owner.kind,
        template.owner.id,
        template.revision,
        position,
        template.vendor.code,
        template.vendor.name,
        template.vendor.version,
        template.objectKey,
        template.wrappedKey,
        template.digestHex,
        template.bytes,
        template.createdAtMs,
      ),
    );
  }

  function addRevision(seal: Seal): D1PreparedStatement {
    return sql(
      `INSERT INTO seal_revisions (tenant, seal_id, revision, revision_id, previous_revision,
         account_id, card_id,
         serial, shape, remark, status, quality, revised_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    );
  }

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
      const found = await page('SELECT * FROM accounts', 'id', conditions, request);
      return found.map(parseAccount);
    },

    async addCard(card) {
      await commit(
        db,
        [
          sql(
            `INSERT INTO cards (tenant, id, account_id, number, start_date, end_date,
               image_object_key, image_wrapped_key, image_digest_hex, image_bytes,
               image_media_type, created_at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
          ),
        ],
        { 'UNIQUE constraint failed: cards.tenant, cards.number': 'card_number_taken' },
      );
    },

    async findCard(tenant, id) {
      const found = await row(sql('SELECT * FROM cards WHERE tenant = ? AND id = ?', tenant, id));
      return found && parseCard(found);
    },

    async listCards(tenant, { accountId }, request) {
      const found = await page(
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
          ...addTemplates(seal.templates),
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
          ...addTemplates(seal.templates),
        ],
        {
          ...serialTaken,
          'UNIQUE constraint failed: seal_revisions.tenant': 'seal_changed',
          'FOREIGN KEY constraint failed': 'seal_changed',
        },
      );
    },

    async findSeal(tenant, id) {
      const found = await rows(sql(`${currentSeals} WHERE s.tenant = ? AND s.id = ?`, tenant, id));
      const [seal] = await withTemplates(tenant, 'seal', found, parseSeal);
      return seal;
    },

    async listSeals(tenant, { accountId, cardId }, request) {
      const conditions: [string, string][] = [['s.tenant = ?', tenant]];
      if (accountId !== undefined) conditions.push(['s.account_id = ?', accountId]);
      if (cardId !== undefined) conditions.push(['s.card_id = ?', cardId]);
      const found = await page(currentSeals, 's.id', conditions, request);
      return withTemplates(tenant, 'seal', found, parseSeal);
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
      return withTemplates(tenant, 'seal', found, parseSeal);
    },

    async findTemplate(tenant, id) {
      const found = await row(
        sql('SELECT * FROM templates WHERE tenant = ? AND id = ?', tenant, id),
      );
      return found && parseTemplate(found);
    },

    async addVerification(verification, review) {
      await commit(db, [
        sql(
          `INSERT INTO verifications (tenant, id, seal_id, seal_revision, currency, amount_minor,
             branch, policy_source, policy_vendor_count, policy_detail, is_match, verdict, next_step, vendors,
             reasons, elapsed_ms, requested_by, created_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          verification.tenant,
          verification.id,
          verification.sealId,
          verification.sealRevision,
          verification.money.currency,
          verification.money.amountMinor,
          verification.branch,
          verification.policy.source,
          verification.policy.vendorCount,
          JSON.stringify(policyDetail(verification)),
          verification.match ? 1 : 0,
          verification.verdict,
          verification.nextStep,
          JSON.stringify(verification.vendors),
          JSON.stringify(verification.reasons),
          verification.elapsedMs,
          verification.requestedBy,
          verification.createdAtMs,
        ),
        ...addTemplates(verification.templates),
        ...(review ? [addingWork(db, review)] : []),
      ]);
    },

    async findVerification(tenant, id) {
      const found = await rows(
        sql('SELECT * FROM verifications WHERE tenant = ? AND id = ?', tenant, id),
      );
      const [verification] = await withTemplates(tenant, 'verification', found, parseVerification);
      return verification;
    },

    async listVerifications(tenant, { sealId }, request) {
      const conditions: [string, string][] = [['tenant = ?', tenant]];
      if (sealId !== undefined) conditions.push(['seal_id = ?', sealId]);
      const found = await page('SELECT * FROM verifications', 'id', conditions, request);
      return withTemplates(tenant, 'verification', found, parseVerification);
    },

    async referencedObjects(tenant, objectKeys) {
      const found = await rows(
        sql(
          `SELECT value AS object_key FROM json_each(?1) WHERE
             EXISTS (SELECT 1 FROM templates t WHERE t.object_key = value AND t.tenant = ?2)
             OR EXISTS (SELECT 1 FROM cards c WHERE c.image_object_key = value AND c.tenant = ?2)`,
          JSON.stringify(objectKeys),
          tenant,
        ),
      );
      return found.map((fields) => textOf(fields, 'object_key'));
    },
  };
}

/** What the row's own columns do not hold. */
function policyDetail({ policy }: Verification) {
  const { source: _source, vendorCount: _count, ...detail } = policy;
  return detail;
}
