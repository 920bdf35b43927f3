-- What decided about a verification besides source and count: version, rule and draw, as JSON (B5).
ALTER TABLE verifications ADD COLUMN policy_detail TEXT;

-- Work that people and queue consumers take: policies to approve, imprints to review, jobs and their
-- pieces. A row moves by compare and swap on its version; a lost race writes -1, which the check
-- refuses, and with it the whole batch.
CREATE TABLE seal_work (
  tenant TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  parent TEXT NOT NULL,
  state TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  body TEXT NOT NULL,
  PRIMARY KEY (tenant, kind, id)
) STRICT;
CREATE INDEX seal_work_by_state ON seal_work (tenant, kind, state, id);
CREATE INDEX seal_work_by_parent ON seal_work (tenant, kind, parent, state, id);
CREATE INDEX seal_work_by_due ON seal_work (kind, state, due_at_ms);
