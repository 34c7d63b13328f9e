-- What keeps alerts from paging: maintenance, causes, guards, pauses, shadow mode; and heartbeat
-- monitors, whose silence is an alert.

ALTER TABLE alert DROP CONSTRAINT alert_status_check;
ALTER TABLE alert ADD CONSTRAINT alert_status_check
    CHECK (status IN ('open', 'suppressed', 'resolved'));
ALTER TABLE alert ADD COLUMN said TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN group_key TEXT;
ALTER TABLE alert ADD COLUMN occurred_at BIGINT;
ALTER TABLE alert ADD COLUMN flaps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN held TEXT;
ALTER TABLE alert ADD COLUMN held_until BIGINT;
ALTER TABLE alert ADD COLUMN held_by UUID;
ALTER TABLE alert ADD COLUMN firings TEXT;
ALTER TABLE alert ADD COLUMN not_paged TEXT;
UPDATE alert SET held = 'informational',
    not_paged = 'informational: recorded and mailed, never paged' WHERE severity IS NULL;
DROP INDEX alert_open;
-- At most one firing alert per integration and key (ARCHITECTURE.md, invariant 2).
CREATE UNIQUE INDEX alert_open ON alert (integration_id, dedup_key) WHERE status <> 'resolved';
CREATE INDEX alert_held_by ON alert (held_by) WHERE held_by IS NOT NULL;

CREATE TABLE maintenance (
    id         UUID PRIMARY KEY,
    reason     TEXT NOT NULL,
    services   TEXT NOT NULL,
    matcher    TEXT,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_by   TEXT,
    version    BIGINT NOT NULL
);
CREATE INDEX maintenance_end ON maintenance (ends_at, id);

-- Which open alerts are causes that mute others, by a digest of the rule and the labels they share.
CREATE TABLE alert_cause (
    tie      UUID NOT NULL,
    alert_id UUID NOT NULL,
    PRIMARY KEY (tie, alert_id)
);
CREATE INDEX alert_cause_alert ON alert_cause (alert_id);

-- Incidents that would have been opened, had their service or rule not been tried out.
CREATE TABLE shadow_incident (
    id             UUID PRIMARY KEY,
    service_id     UUID NOT NULL,
    severity       BIGINT NOT NULL,
    first_alert_at BIGINT NOT NULL,
    grouping_value TEXT NOT NULL,
    group_key      TEXT,
    alert_count    BIGINT NOT NULL,
    pages          TEXT NOT NULL
);
CREATE INDEX shadow_incident_service ON shadow_incident (service_id, first_alert_at);

-- How each heartbeat monitor stands. A monitor that was never heard of has no row.
CREATE TABLE heartbeat (
    id          UUID PRIMARY KEY,
    state       TEXT NOT NULL,
    since       BIGINT NOT NULL,
    last_at     BIGINT,
    started_at  BIGINT,
    run_id      TEXT,
    duration    BIGINT
);

-- The last pings of each, the oldest of them removed as new ones come.
CREATE TABLE heartbeat_ping (
    id           UUID PRIMARY KEY,
    heartbeat_id UUID NOT NULL,
    at           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    run_id       TEXT,
    exit_code    BIGINT,
    duration     BIGINT,
    note         TEXT
);
CREATE INDEX heartbeat_ping_of ON heartbeat_ping (heartbeat_id, id);

-- What the installation does to watch itself, and how it went the last time.
CREATE TABLE self_watch (
    id          UUID PRIMARY KEY,
    last_at     BIGINT NOT NULL,
    last_ok_at  BIGINT,
    trouble     TEXT,
    delivery_id UUID
);
