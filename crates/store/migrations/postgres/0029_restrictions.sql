-- That an incident is restricted, as one versioned text; empty where everybody sees it. `restricted`
-- says the same where rows are found.
ALTER TABLE incident ADD COLUMN restriction TEXT NOT NULL DEFAULT '';
ALTER TABLE incident ADD COLUMN restricted BOOLEAN NOT NULL DEFAULT false;

-- Who sees a restricted incident, besides those who were paged for it: people and groups.
CREATE TABLE incident_sight (
    incident_id UUID NOT NULL REFERENCES incident (id),
    holder_id UUID NOT NULL,
    is_group BOOLEAN NOT NULL,
    PRIMARY KEY (incident_id, holder_id)
);
CREATE INDEX incident_sight_group ON incident_sight (holder_id) WHERE is_group;
