-- What pipelines and tools report to have changed, and what people think of it in incidents.
CREATE TABLE change_event (
    id             UUID   NOT NULL PRIMARY KEY,
    service_id     UUID   NOT NULL,
    integration_id UUID,
    source         TEXT   NOT NULL,
    event_key      TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    summary        TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    version        TEXT   NOT NULL,
    author         TEXT   NOT NULL,
    url            TEXT,
    diff_url       TEXT,
    started_at     BIGINT NOT NULL,
    ended_at       BIGINT,
    received_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX change_event_key ON change_event (integration_id, event_key, service_id);
CREATE INDEX change_event_started ON change_event (started_at, id);
CREATE INDEX change_event_service ON change_event (service_id, started_at, id);

-- Deliveries of sources that number them, so that one that is sent again is known.
CREATE TABLE change_delivery (
    integration_id UUID   NOT NULL,
    delivery       TEXT   NOT NULL,
    received_at    BIGINT NOT NULL,
    PRIMARY KEY (integration_id, delivery)
);
CREATE INDEX change_delivery_received ON change_delivery (received_at);

-- What somebody thinks a change has to do with an incident: suspect, ruled out or cause.
CREATE TABLE change_mark (
    incident_id UUID   NOT NULL REFERENCES incident (id),
    change_kind TEXT   NOT NULL,
    change_id   UUID   NOT NULL,
    mark        TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    marked_by   TEXT   NOT NULL,
    marked_at   BIGINT NOT NULL,
    PRIMARY KEY (incident_id, change_kind, change_id)
);
CREATE INDEX change_mark_change ON change_mark (change_kind, change_id, mark);
