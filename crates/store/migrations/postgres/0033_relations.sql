-- Links between incidents: one for each two of them, said from the one with the lesser id.
CREATE TABLE incident_relation (
    id UUID PRIMARY KEY,
    first_id UUID NOT NULL REFERENCES incident (id),
    second_id UUID NOT NULL REFERENCES incident (id),
    sort TEXT NOT NULL,
    note TEXT NOT NULL,
    related_at BIGINT NOT NULL,
    author_id UUID,
    author_name TEXT NOT NULL,
    UNIQUE (first_id, second_id)
);
CREATE INDEX incident_relation_second ON incident_relation (second_id);
