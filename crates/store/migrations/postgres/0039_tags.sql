-- Free words on incidents.
CREATE TABLE incident_tag (
    incident_id UUID NOT NULL REFERENCES incident (id),
    tag         TEXT COLLATE "C" NOT NULL,
    tagged_at   BIGINT NOT NULL,
    PRIMARY KEY (incident_id, tag)
);
CREATE INDEX incident_tag_tag ON incident_tag (tag, incident_id);
