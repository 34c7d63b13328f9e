-- The room of an incident in a chat, as one versioned text.
CREATE TABLE room (
    incident_id BLOB PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
