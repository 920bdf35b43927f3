-- Public information of seals, in tables of its own (B3). Every row belongs to one tenant, and every
-- reference carries the tenant, so that no row can point into another one.

CREATE TABLE accounts (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  number TEXT NOT NULL,
  name TEXT NOT NULL,
  contact TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, number)
) STRICT;

CREATE TABLE cards (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  number TEXT NOT NULL,
  start_date TEXT NOT NULL,
  end_date TEXT NOT NULL,
  image_object_key TEXT,
  image_wrapped_key BLOB,
  image_digest_hex TEXT,
  image_bytes INTEGER,
  image_media_type TEXT,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, number),
  FOREIGN KEY (tenant, account_id) REFERENCES accounts (tenant, id)
) STRICT;
CREATE INDEX cards_by_account ON cards (tenant, account_id, id);
CREATE INDEX cards_by_image ON cards (image_object_key);

-- The current revision of each seal.
CREATE TABLE seals (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  card_id TEXT NOT NULL,
  serial TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, serial),
  FOREIGN KEY (tenant, account_id) REFERENCES accounts (tenant, id),
  FOREIGN KEY (tenant, card_id) REFERENCES cards (tenant, id)
) STRICT;
CREATE INDEX seals_by_account ON seals (tenant, account_id, id);
CREATE INDEX seals_by_card ON seals (tenant, card_id, id);

-- Every revision that a seal has had (B4). A revision refers to the one before it, so two changes
-- of the same revision cannot both be committed, and none can be skipped.
CREATE TABLE seal_revisions (
  tenant TEXT NOT NULL,
  seal_id TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  revision_id TEXT NOT NULL,
  previous_revision INTEGER CHECK (
    (revision = 1 AND previous_revision IS NULL) OR previous_revision = revision - 1
  ),
  account_id TEXT NOT NULL,
  card_id TEXT NOT NULL,
  serial TEXT NOT NULL,
  shape TEXT NOT NULL,
  remark TEXT NOT NULL,
  status TEXT NOT NULL,
  quality TEXT NOT NULL,
  revised_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, seal_id, revision),
  FOREIGN KEY (tenant, seal_id) REFERENCES seals (tenant, id),
  FOREIGN KEY (tenant, seal_id, previous_revision)
    REFERENCES seal_revisions (tenant, seal_id, revision)
) STRICT;

CREATE TABLE verifications (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  seal_id TEXT NOT NULL,
  seal_revision INTEGER NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  branch TEXT NOT NULL,
  policy_source TEXT NOT NULL,
  policy_vendor_count INTEGER NOT NULL,
  is_match INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  next_step TEXT NOT NULL,
  vendors TEXT NOT NULL,
  reasons TEXT NOT NULL,
  elapsed_ms REAL NOT NULL,
  requested_by TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, seal_id, seal_revision)
    REFERENCES seal_revisions (tenant, seal_id, revision)
) STRICT;
CREATE INDEX verifications_by_seal ON verifications (tenant, seal_id, id);

-- One encrypted template of one vendor (B2); the bytes are in the object store.
CREATE TABLE templates (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  position INTEGER NOT NULL,
  vendor_code TEXT NOT NULL,
  vendor_name TEXT NOT NULL,
  vendor_version TEXT NOT NULL,
  object_key TEXT NOT NULL,
  wrapped_key BLOB NOT NULL,
  digest_hex TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, owner_kind, owner_id, revision, vendor_code)
) STRICT;
CREATE INDEX templates_by_object ON templates (object_key);

-- What was answered to an idempotency key. `answer_status` is empty until there is an answer.
CREATE TABLE idempotency (
  tenant TEXT NOT NULL,
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint_hex TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL,
  lease_ends_at_ms INTEGER NOT NULL,
  answer_status INTEGER,
  answer_headers TEXT,
  answer_body TEXT,
  PRIMARY KEY (tenant, actor, key)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (started_at_ms);
