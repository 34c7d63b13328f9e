-- Free words on incidents.
CREATE TABLE incident_tag (
    incident_id BLOB NOT NULL REFERENCES incident (id),
    tag         TEXT NOT NULL,
    tagged_at   INTEGER NOT NULL,
    PRIMARY KEY (incident_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_tag_tag ON incident_tag (tag, incident_id);
