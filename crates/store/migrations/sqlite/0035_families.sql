-- Child efforts: an incident that another one split into, or took as its own.
ALTER TABLE incident ADD COLUMN parent_id BLOB;
-- Whether a child effort tells audiences and lists itself.
ALTER TABLE incident ADD COLUMN speaks INTEGER NOT NULL DEFAULT 0;
CREATE INDEX incident_parent ON incident (parent_id) WHERE parent_id IS NOT NULL;
