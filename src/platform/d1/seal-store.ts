import type { PageRequest } from '../../domain/ports.ts';
import type { SealStore } from '../../domain/seals/ports.ts';
import type {
  Seal,
  StoredTemplate,
  TemplateOwner,
  Verification,
} from '../../domain/seals/types.ts';
import { type Fields, integerOf, textOf } from '../fields.ts';
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
  r.shape, r.remark, r.status, r.quality, r.revised_at_ms, r.imprint_revision, r.reason`;
const currentSeals = `SELECT ${sealColumns} FROM seals s JOIN seal_revisions r
  ON r.tenant = s.tenant AND r.seal_id = s.id AND r.revision = s.revision`;

/** Retired by one job, and no verification was compared with it. */
const unusedRetired = `t.tenant = ? AND t.retired_by = ? AND NOT EXISTS (
  SELECT 1 FROM verifications v, json_each(v.vendors) r WHERE v.tenant = t.tenant
    AND v.seal_id = t.owner_id AND r.value ->> '$.reservedTemplateId' = t.id)`;

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

  function templatesOf(
    tenant: string,
    kind: TemplateOwner['kind'],
    ownerIds: readonly string[],
  ): D1PreparedStatement {
    return sql(
      // A JSON list is one parameter, however many ids it holds.
      `SELECT * FROM templates WHERE tenant = ? AND owner_kind = ?
         AND owner_id IN (SELECT value FROM json_each(?)) AND retired_by IS NULL
       ORDER BY specimen, position`,
      tenant,
      kind,
      JSON.stringify(ownerIds),
    );
  }

  /** Of the templates found, each owner's that belong to what it shows now. */
  function withOwn<T extends Seal | Verification>(
    found: readonly Fields[],
    templateRows: readonly Fields[],
    parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
  ): T[] {
    const templates = templateRows.map(parseTemplate);
    return found.map((fields) => {
      const owner = parse(fields, []);
      const revision = 'imprintRevision' in owner ? owner.imprintRevision : 1;
      const own = templates.filter(
        (template) => template.owner.id === owner.id && template.revision === revision,
      );
      return { ...owner, templates: own };
    });
  }

  async function withTemplates<T extends Seal | Verification>(
    tenant: string,
    kind: TemplateOwner['kind'],
    found: readonly Fields[],
    parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
  ): Promise<T[]> {
    const ids = [...new Set(found.map((fields) => textOf(fields, 'id')))];
    if (ids.length === 0) return [];
    return withOwn(found, await rows(templatesOf(tenant, kind, ids)), parse);
  }

  /** The one with this id: row and templates in one question. */
  async function oneWithTemplates<T extends Seal | Verification>(
    select: D1PreparedStatement,
    { tenant, kind, id }: { tenant: string; kind: TemplateOwner['kind']; id: string },
    parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
  ): Promise<T | undefined> {
    const statements = [select, templatesOf(tenant, kind, [id])];
    const [found = [], templates = []] = await commit(db, statements);
    return withOwn(found, templates, parse)[0];
  }

  function addTemplates(templates: readonly StoredTemplate[]): D1PreparedStatement[] {
    return templates.map((template, position) =>
      sql(
        `INSERT INTO templates (tenant, id, owner_kind, owner_id, revision, specimen, position,
           vendor_code, vendor_name, vendor_version, object_key, wrapped_key, digest_hex, bytes,
           created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        template.tenant,
        template.id,
        template.owner.kind,
        template.owner.id,
        template.revision,
        template.specimen,
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
          // A revision that goes on with an earlier imprint has no templates of its own.
          ...addTemplates(seal.imprintRevision === seal.revision ? seal.templates : []),
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
      return oneWithTemplates(select, { tenant, kind: 'seal', id }, parseSeal);
    },

    async findSealBySerial(tenant, serial) {
      const found = await rows(
        sql(`${currentSeals} WHERE s.tenant = ? AND s.serial = ?`, tenant, serial),
      );
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

    async listReserved(tenant, { vendorCode, retiredBy, after }, limit) {
      const found = await rows(
        sql(
          `SELECT * FROM templates WHERE tenant = ? AND owner_kind = 'seal' AND vendor_code = ?
             AND id > ? AND (retired_by IS NULL OR retired_by = ?) ORDER BY id LIMIT ?`,
          tenant,
          vendorCode,
          after,
          retiredBy,
          limit,
        ),
      );
      return found.map((fields) => ({
        template: parseTemplate(fields),
        isRetired: fields.retired_by !== null,
      }));
    },

    async findReserved({ tenant, owner, revision, specimen }, vendorCode) {
      const found = await row(
        sql(
          `SELECT * FROM templates WHERE tenant = ? AND owner_kind = 'seal' AND owner_id = ?
             AND revision = ? AND specimen = ? AND vendor_code = ? AND retired_by IS NULL`,
          tenant,
          owner.id,
          revision,
          specimen,
          vendorCode,
        ),
      );
      return found && parseTemplate(found);
    },

    async countReserved(tenant, vendorCode) {
      const found = await row(
        sql(
          `SELECT count(*) AS many FROM templates WHERE tenant = ? AND owner_kind = 'seal'
             AND vendor_code = ? AND retired_by IS NULL`,
          tenant,
          vendorCode,
        ),
      );
      return found ? integerOf(found, 'many') : 0;
    },

    async putInPlace({ old, fresh, jobId }) {
      const retire = sql(
        `UPDATE templates SET retired_by = ? WHERE tenant = ? AND id = ? AND retired_by IS NULL`,
        jobId,
        old.tenant,
        old.id,
      );
      // A second worker's fresh template breaks the rule of one live template, and its batch fails.
      const codes = { 'UNIQUE constraint failed: templates.tenant': 'work_contended' } as const;
      await commit(db, [retire, ...addTemplates(fresh ? [fresh] : [])], codes);
    },

    async listUnusedRetired(tenant, jobId, limit) {
      const found = await rows(
        sql(`SELECT * FROM templates t WHERE ${unusedRetired} LIMIT ?`, tenant, jobId, limit),
      );
      return found.map(parseTemplate);
    },

    async removeRetired(tenant, jobId, ids) {
      await rows(
        sql(
          `DELETE FROM templates AS t WHERE ${unusedRetired}
             AND t.id IN (SELECT value FROM json_each(?))`,
          tenant,
          jobId,
          JSON.stringify(ids),
        ),
      );
    },

    async countRetired(tenant, jobId) {
      const found = await row(
        sql(
          'SELECT count(*) AS many FROM templates WHERE tenant = ? AND retired_by = ?',
          tenant,
          jobId,
        ),
      );
      return found ? integerOf(found, 'many') : 0;
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
      const select = sql('SELECT * FROM verifications WHERE tenant = ? AND id = ?', tenant, id);
      return oneWithTemplates(select, { tenant, kind: 'verification', id }, parseVerification);
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

/** What the row's own columns do not hold. */
function policyDetail({ policy }: Verification) {
  const { source: _source, vendorCount: _count, ...detail } = policy;
  return detail;
}
