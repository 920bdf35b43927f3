-- A seal may have several reserved imprints (specimens), and a template that another vendor's took
-- over is retired: kept as evidence of what was compared, never compared again. Only one live
-- template a vendor and specimen; SQLite cannot drop the old constraint, so the table is made anew.
CREATE TABLE templates_anew (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  specimen INTEGER NOT NULL CHECK (specimen >= 1),
  position INTEGER NOT NULL,
  vendor_code TEXT NOT NULL,
  vendor_name TEXT NOT NULL,
  vendor_version TEXT NOT NULL,
  object_key TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  digest_hex TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  -- The job that put another vendor's template in its place.
  retired_by TEXT,
  PRIMARY KEY (tenant, id)
) STRICT;
INSERT INTO templates_anew (tenant, id, owner_kind, owner_id, revision, specimen, position,
    vendor_code, vendor_name, vendor_version, object_key, wrapped_key, digest_hex, bytes,
    created_at_ms)
  SELECT tenant, id, owner_kind, owner_id, revision, 1, position, vendor_code, vendor_name,
    vendor_version, object_key, wrapped_key, digest_hex, bytes, created_at_ms FROM templates;
DROP TABLE templates;
ALTER TABLE templates_anew RENAME TO templates;
CREATE UNIQUE INDEX templates_live
  ON templates (tenant, owner_kind, owner_id, revision, specimen, vendor_code)
  WHERE retired_by IS NULL;
CREATE INDEX templates_by_owner ON templates (tenant, owner_kind, owner_id);
CREATE INDEX templates_by_vendor ON templates (tenant, owner_kind, vendor_code, id);
CREATE INDEX templates_by_object ON templates (object_key);
CREATE INDEX templates_by_retirement ON templates (tenant, retired_by, id)
  WHERE retired_by IS NOT NULL;

-- The revision whose templates this one goes on with, when its imprint did not change.
ALTER TABLE seal_revisions ADD COLUMN imprint_revision INTEGER;
-- Why and by whom a revision was made.
ALTER TABLE seal_revisions ADD COLUMN reason TEXT NOT NULL DEFAULT '';

ALTER TABLE cards ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
-- Which seals together answer for the card: a list of lists of seal ids, as JSON.
ALTER TABLE cards ADD COLUMN combinations TEXT NOT NULL DEFAULT '[]';
ALTER TABLE cards ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
