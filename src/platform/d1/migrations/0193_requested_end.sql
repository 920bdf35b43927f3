-- When a certificate is to end that shall be in force for less than its kind may be.
ALTER TABLE certificate_applications ADD COLUMN not_after_ms INTEGER;
