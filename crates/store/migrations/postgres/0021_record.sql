-- When the first person was there; for incidents of before, when somebody first had it.
ALTER TABLE incident ADD COLUMN engaged_at BIGINT;
UPDATE incident SET engaged_at = acknowledged_at;

-- Texts that several people write together: every revision of every section, whatever it belongs to.
CREATE TABLE shared_text (
    subject TEXT NOT NULL,
    section TEXT NOT NULL,
    revision BIGINT NOT NULL,
    text TEXT NOT NULL,
    author_id UUID,
    author_name TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    PRIMARY KEY (subject, section, revision)
);

-- Files that belong to an incident.
CREATE TABLE attachment (
    id UUID PRIMARY KEY,
    incident_id UUID NOT NULL REFERENCES incident (id),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    bytes BYTEA NOT NULL,
    uploaded_at BIGINT NOT NULL,
    uploader_id UUID,
    uploader_name TEXT NOT NULL
);
CREATE INDEX attachment_incident ON attachment (incident_id, id);
