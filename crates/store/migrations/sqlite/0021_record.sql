-- When the first person was there; for incidents of before, when somebody first had it.
ALTER TABLE incident ADD COLUMN engaged_at INTEGER;
UPDATE incident SET engaged_at = acknowledged_at;

-- Texts that several people write together: every revision of every section, whatever it belongs to.
CREATE TABLE shared_text (
    subject TEXT NOT NULL,
    section TEXT NOT NULL,
    revision INTEGER NOT NULL,
    text TEXT NOT NULL,
    author_id BLOB,
    author_name TEXT NOT NULL,
    written_at INTEGER NOT NULL,
    PRIMARY KEY (subject, section, revision)
) STRICT;

-- Files that belong to an incident.
CREATE TABLE attachment (
    id BLOB PRIMARY KEY,
    incident_id BLOB NOT NULL REFERENCES incident (id),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL,
    uploaded_at INTEGER NOT NULL,
    uploader_id BLOB,
    uploader_name TEXT NOT NULL
) STRICT;
CREATE INDEX attachment_incident ON attachment (incident_id, id);
