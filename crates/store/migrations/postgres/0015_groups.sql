-- Who volunteered for an incident, as one versioned text; empty where nobody did.
ALTER TABLE incident ADD COLUMN helpers TEXT NOT NULL DEFAULT '';

-- Who subscribed to which notification list.
CREATE TABLE subscription (
    list_id    UUID NOT NULL,
    user_id    UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (list_id, user_id)
);
