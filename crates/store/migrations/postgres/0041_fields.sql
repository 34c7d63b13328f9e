-- Values of custom fields. The title and the kind stay readable when the field is no longer configured.
CREATE TABLE incident_field (
    incident_id UUID NOT NULL REFERENCES incident (id),
    field       TEXT COLLATE "C" NOT NULL,
    title       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    value       TEXT COLLATE "C" NOT NULL,
    folded      TEXT COLLATE "C" NOT NULL,
    number      BIGINT,
    set_at      BIGINT NOT NULL,
    PRIMARY KEY (incident_id, field)
);
CREATE INDEX incident_field_value ON incident_field (field, folded, incident_id);
