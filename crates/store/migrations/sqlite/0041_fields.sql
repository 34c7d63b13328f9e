-- Values of custom fields. The title and the kind stay readable when the field is no longer configured.
CREATE TABLE incident_field (
    incident_id BLOB NOT NULL REFERENCES incident (id),
    field       TEXT NOT NULL,
    title       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    value       TEXT NOT NULL,
    folded      TEXT NOT NULL,
    number      INTEGER,
    set_at      INTEGER NOT NULL,
    PRIMARY KEY (incident_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_field_value ON incident_field (field, folded, incident_id);
