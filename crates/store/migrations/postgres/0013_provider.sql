-- Who carried a message, and the carrier's own name for it.
ALTER TABLE delivery ADD COLUMN provider TEXT;
ALTER TABLE delivery ADD COLUMN reference TEXT;
ALTER TABLE delivery_attempt ADD COLUMN provider TEXT;
