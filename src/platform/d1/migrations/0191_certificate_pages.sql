-- Pages of certificates by state, and of those that end soon, read as many rows as they show.

CREATE INDEX certificates_by_state_page ON certificates (tenant, state, id);
DROP INDEX certificates_by_end;
CREATE INDEX certificates_by_end ON certificates (tenant, not_after_ms, id)
  WHERE state <> 'revoked';
