-- What a revocation list has seen is told by the number of a change, given where it is written: a
-- time is read before the row is, and a list made in between would have missed the change for good.
-- -1: a list from before there were numbers has seen none.

ALTER TABLE certificates ADD COLUMN status_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pki_crls ADD COLUMN through_change INTEGER NOT NULL DEFAULT -1;

DROP INDEX certificates_by_change;
CREATE INDEX certificates_by_change ON certificates (algorithm, issuer, status_change);
