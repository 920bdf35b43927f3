-- Applications that the coordinator carried: who asked, under which consent, and what came back,
-- which only the applicant can open. No person is named here (A2).
CREATE TABLE scoring_requests (
  request_id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  consent TEXT NOT NULL,
  state TEXT NOT NULL,
  stage TEXT NOT NULL,
  nodes TEXT NOT NULL,
  contributors TEXT NOT NULL,
  code TEXT,
  outcome TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX scoring_requests_by_actor ON scoring_requests (tenant, requested_by, created_at_ms);

-- What an institution allows its people at most, whatever the score.
CREATE TABLE settings_caps (
  tenant TEXT PRIMARY KEY,
  caps TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;
