-- An incident's own links: the dashboard, the document, the ticket.
CREATE TABLE incident_link (
    id UUID PRIMARY KEY,
    incident_id UUID NOT NULL REFERENCES incident (id),
    label TEXT NOT NULL,
    address TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    author_id UUID,
    author_name TEXT NOT NULL
);
CREATE INDEX incident_link_incident ON incident_link (incident_id, id);
