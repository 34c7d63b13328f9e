-- The room of an incident in a chat, as one versioned text.
CREATE TABLE room (
    incident_id UUID PRIMARY KEY,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
