-- An application carries the federated decision that the applicant opened, and the override of its
-- tier by two officers. Boxes for other parties never went through an application.
ALTER TABLE certificate_applications DROP COLUMN sealed;
ALTER TABLE certificate_applications ADD COLUMN scored TEXT;
ALTER TABLE certificate_applications ADD COLUMN override TEXT;
