-- Applications for certificates, certificates, and what the authorities remember. The ledger is the
-- truth about a certificate's state; its row shows it, and a revision orders the changes of a row.

CREATE TABLE certificate_applications (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  applicant TEXT NOT NULL,
  branch TEXT NOT NULL,
  kind TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  subject TEXT NOT NULL,
  dns_names TEXT NOT NULL,
  keys TEXT NOT NULL,
  requested TEXT NOT NULL,
  sealed TEXT,
  identity TEXT,
  decision TEXT,
  decided_by TEXT,
  reason TEXT,
  renews TEXT,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX certificate_applications_by_state ON certificate_applications (tenant, state, id);

CREATE TABLE certificates (
  serial_hex TEXT NOT NULL PRIMARY KEY,
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  holder TEXT NOT NULL,
  application_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  purpose TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  ledger_subject TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  -- The subject's words and the serial, for searching.
  words TEXT NOT NULL,
  spki BLOB NOT NULL,
  spki_sha256 TEXT NOT NULL,
  key_id TEXT,
  der BLOB,
  sha256_hex TEXT,
  sm3_hex TEXT,
  not_before_ms INTEGER NOT NULL,
  not_after_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  delivery TEXT NOT NULL,
  pending TEXT,
  pending_at_ms INTEGER,
  head_hash TEXT,
  frozen_index INTEGER,
  reason TEXT,
  moved_by TEXT,
  statement TEXT,
  renews_subject TEXT,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  UNIQUE (tenant, id),
  -- However often an application is issued again, it has one certificate for each purpose.
  UNIQUE (tenant, application_id, purpose)
) STRICT;
CREATE INDEX certificates_by_end ON certificates (tenant, not_after_ms);
CREATE INDEX certificates_by_key ON certificates (spki_sha256);
CREATE INDEX certificates_by_change ON certificates (algorithm, changed_at_ms);
CREATE INDEX certificates_by_state ON certificates (algorithm, state, not_after_ms);
CREATE INDEX certificates_pending ON certificates (pending_at_ms) WHERE pending_at_ms IS NOT NULL;

CREATE TABLE pki_authorities (
  algorithm TEXT NOT NULL,
  role TEXT NOT NULL,
  generation INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  der BLOB NOT NULL,
  PRIMARY KEY (algorithm, role, generation)
) STRICT;

CREATE TABLE pki_crls (
  algorithm TEXT NOT NULL,
  number INTEGER NOT NULL,
  this_update_ms INTEGER NOT NULL,
  next_update_ms INTEGER NOT NULL,
  der BLOB NOT NULL,
  PRIMARY KEY (algorithm, number)
) STRICT;

-- One row: the newest checkpoint that a verification here accepted.
CREATE TABLE ledger_memory (
  name TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  note TEXT NOT NULL
) STRICT;
