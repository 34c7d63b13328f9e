-- An incident's own links: the dashboard, the document, the ticket.
CREATE TABLE incident_link (
    id BLOB PRIMARY KEY,
    incident_id BLOB NOT NULL REFERENCES incident (id),
    label TEXT NOT NULL,
    address TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    author_id BLOB,
    author_name TEXT NOT NULL
) STRICT;
CREATE INDEX incident_link_incident ON incident_link (incident_id, id);
