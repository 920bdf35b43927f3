-- What people ask of their own, and what is asked of all certificates at once, reads as many rows as
-- it answers, however many certificates there are.

CREATE INDEX certificates_by_holder ON certificates (tenant, holder, id);
CREATE INDEX certificate_applications_by_applicant
  ON certificate_applications (tenant, applicant, id);

-- For revocation lists: the few that are not in force. The condition is that of the query, word for
-- word, which is how SQLite knows that it may use the index.
CREATE INDEX certificates_not_in_force ON certificates (algorithm, not_after_ms)
  WHERE state <> 'active' OR pending IS NOT NULL;

-- For the sweep that finishes what a crash left.
CREATE INDEX certificates_undelivered ON certificates (changed_at_ms)
  WHERE state = 'active' AND delivery IN ('thawed', 'set');
