import type { SealStore } from '../../domain/seals/ports.ts';
import type {
  Seal,
  StoredTemplate,
  TemplateOwner,
  Verification,
} from '../../domain/seals/types.ts';
import { type Fields, integerOf, textOf } from '../fields.ts';
import { binding, commit, row, rows } from './database.ts';
import { parseTemplate } from './seal-rows.ts';

/** Retired by one job, and no verification was compared with it. */
const unusedRetired = `t.tenant = ? AND t.retired_by = ? AND NOT EXISTS (
  SELECT 1 FROM verifications v, json_each(v.vendors) r WHERE v.tenant = t.tenant
    AND v.seal_id = t.owner_id AND r.value ->> '$.reservedTemplateId' = t.id)`;

function templatesOf(
  db: D1Database,
  tenant: string,
  kind: TemplateOwner['kind'],
  ownerIds: readonly string[],
): D1PreparedStatement {
  return binding(db)(
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

export async function withTemplates<T extends Seal | Verification>(
  db: D1Database,
  tenant: string,
  kind: TemplateOwner['kind'],
  found: readonly Fields[],
  parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
): Promise<T[]> {
  const ids = [...new Set(found.map((fields) => textOf(fields, 'id')))];
  if (ids.length === 0) return [];
  return withOwn(found, await rows(templatesOf(db, tenant, kind, ids)), parse);
}

/** The one with this id: row and templates in one question. */
export async function oneWithTemplates<T extends Seal | Verification>(
  db: D1Database,
  select: D1PreparedStatement,
  { tenant, kind, id }: { tenant: string; kind: TemplateOwner['kind']; id: string },
  parse: (row: Fields, templates: readonly StoredTemplate[]) => T,
): Promise<T | undefined> {
  const statements = [select, templatesOf(db, tenant, kind, [id])];
  const [found = [], templates = []] = await commit(db, statements);
  return withOwn(found, templates, parse)[0];
}

export function addTemplates(
  db: D1Database,
  templates: readonly StoredTemplate[],
): D1PreparedStatement[] {
  const sql = binding(db);
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

/** The templates of the seal store: those reserved, and what replaces a vendor's. */
export function d1Templates(
  db: D1Database,
): Pick<
  SealStore,
  | 'findTemplate'
  | 'listReserved'
  | 'findReserved'
  | 'countReserved'
  | 'putInPlace'
  | 'listUnusedRetired'
  | 'removeRetired'
  | 'countRetired'
> {
  const sql = binding(db);
  return {
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
      await commit(db, [retire, ...addTemplates(db, fresh ? [fresh] : [])], codes);
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
  };
}
