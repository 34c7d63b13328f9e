-- Links between incidents: one for each two of them, said from the one with the lesser id.
CREATE TABLE incident_relation (
    id BLOB PRIMARY KEY,
    first_id BLOB NOT NULL REFERENCES incident (id),
    second_id BLOB NOT NULL REFERENCES incident (id),
    sort TEXT NOT NULL,
    note TEXT NOT NULL,
    related_at INTEGER NOT NULL,
    author_id BLOB,
    author_name TEXT NOT NULL,
    UNIQUE (first_id, second_id)
) STRICT;
CREATE INDEX incident_relation_second ON incident_relation (second_id);
