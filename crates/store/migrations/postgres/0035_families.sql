-- Child efforts: an incident that another one split into, or took as its own.
ALTER TABLE incident ADD COLUMN parent_id UUID;
-- Whether a child effort tells audiences and lists itself.
ALTER TABLE incident ADD COLUMN speaks BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX incident_parent ON incident (parent_id) WHERE parent_id IS NOT NULL;
