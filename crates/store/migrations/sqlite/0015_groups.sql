-- Who volunteered for an incident, as one versioned text; empty where nobody did.
ALTER TABLE incident ADD COLUMN helpers TEXT NOT NULL DEFAULT '';

-- Who subscribed to which notification list.
CREATE TABLE subscription (
    list_id    BLOB NOT NULL,
    user_id    BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (list_id, user_id)
) STRICT;
