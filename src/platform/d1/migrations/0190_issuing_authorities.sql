-- A hierarchy may have several issuing authorities, one after the other: each certificate, revocation
-- list and responder belongs to one of them.

ALTER TABLE certificates ADD COLUMN issuer INTEGER NOT NULL DEFAULT 1;

DROP INDEX certificates_by_change;
CREATE INDEX certificates_by_change ON certificates (algorithm, issuer, changed_at_ms);
DROP INDEX certificates_by_state;
CREATE INDEX certificates_by_state ON certificates (algorithm, issuer, state, not_after_ms);
DROP INDEX certificates_not_in_force;
CREATE INDEX certificates_not_in_force ON certificates (algorithm, issuer, not_after_ms)
  WHERE state <> 'active' OR pending IS NOT NULL;
CREATE INDEX certificates_moving ON certificates (algorithm, issuer)
  WHERE pending_at_ms IS NOT NULL;

CREATE TABLE pki_authorities_next (
  algorithm TEXT NOT NULL,
  role TEXT NOT NULL,
  -- Of a responder, the generation of the issuing authority that it answers for; otherwise 0.
  under INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  der BLOB NOT NULL,
  revocation TEXT,
  PRIMARY KEY (algorithm, role, under, generation)
) STRICT;
INSERT INTO pki_authorities_next (algorithm, role, under, generation, key_id, der)
  SELECT algorithm, role, CASE role WHEN 'ocsp' THEN 1 ELSE 0 END, generation, key_id, der
  FROM pki_authorities;
DROP TABLE pki_authorities;
ALTER TABLE pki_authorities_next RENAME TO pki_authorities;

CREATE TABLE pki_crls_next (
  algorithm TEXT NOT NULL,
  issuer INTEGER NOT NULL,
  number INTEGER NOT NULL,
  this_update_ms INTEGER NOT NULL,
  next_update_ms INTEGER NOT NULL,
  der BLOB NOT NULL,
  PRIMARY KEY (algorithm, issuer, number)
) STRICT;
INSERT INTO pki_crls_next
  SELECT algorithm, 1, number, this_update_ms, next_update_ms, der FROM pki_crls;
DROP TABLE pki_crls;
ALTER TABLE pki_crls_next RENAME TO pki_crls;
