-- What keeps alerts from paging: maintenance, causes, guards, pauses, shadow mode; and heartbeat
-- monitors, whose silence is an alert.

-- SQLite changes no condition of a table that stands.
CREATE TABLE alert_now (
    id             BLOB PRIMARY KEY,
    integration_id BLOB NOT NULL,
    service_id     BLOB NOT NULL,
    dedup_key      TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('open', 'suppressed', 'resolved')),
    severity       INTEGER,
    incident_id    BLOB,
    summary        TEXT NOT NULL,
    source         TEXT NOT NULL,
    component      TEXT NOT NULL,
    grp            TEXT NOT NULL,
    class          TEXT NOT NULL,
    labels         TEXT NOT NULL,
    details        TEXT NOT NULL,
    links          TEXT NOT NULL,
    count          INTEGER NOT NULL,
    first_at       INTEGER NOT NULL,
    last_at        INTEGER NOT NULL,
    resolved_at    INTEGER,
    previous_id    BLOB,
    decision       TEXT NOT NULL,
    said           TEXT NOT NULL DEFAULT '',
    group_key      TEXT,
    occurred_at    INTEGER,
    flaps          INTEGER NOT NULL DEFAULT 0,
    held           TEXT,
    held_until     INTEGER,
    held_by        BLOB,
    firings        TEXT,
    not_paged      TEXT
) STRICT;
INSERT INTO alert_now (id, integration_id, service_id, dedup_key, status, severity, incident_id,
    summary, source, component, grp, class, labels, details, links, count, first_at, last_at,
    resolved_at, previous_id, decision, held, not_paged)
SELECT id, integration_id, service_id, dedup_key, status, severity, incident_id,
    summary, source, component, grp, class, labels, details, links, count, first_at, last_at,
    resolved_at, previous_id, decision,
    CASE WHEN severity IS NULL THEN 'informational' END,
    CASE WHEN severity IS NULL THEN 'informational: recorded and mailed, never paged' END
FROM alert;
DROP TABLE alert;
ALTER TABLE alert_now RENAME TO alert;
-- At most one firing alert per integration and key (ARCHITECTURE.md, invariant 2).
CREATE UNIQUE INDEX alert_open ON alert (integration_id, dedup_key) WHERE status <> 'resolved';
CREATE INDEX alert_key ON alert (integration_id, dedup_key, id);
CREATE INDEX alert_incident ON alert (incident_id, id);
CREATE INDEX alert_service ON alert (service_id, id);
CREATE INDEX alert_status ON alert (status, id);
CREATE INDEX alert_held_by ON alert (held_by) WHERE held_by IS NOT NULL;

CREATE TABLE maintenance (
    id         BLOB PRIMARY KEY,
    reason     TEXT NOT NULL,
    services   TEXT NOT NULL,
    matcher    TEXT,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ended_by   TEXT,
    version    INTEGER NOT NULL
) STRICT;
CREATE INDEX maintenance_end ON maintenance (ends_at, id);

-- Which open alerts are causes that mute others, by a digest of the rule and the labels they share.
CREATE TABLE alert_cause (
    tie      BLOB NOT NULL,
    alert_id BLOB NOT NULL,
    PRIMARY KEY (tie, alert_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_cause_alert ON alert_cause (alert_id);

-- Incidents that would have been opened, had their service or rule not been tried out.
CREATE TABLE shadow_incident (
    id             BLOB PRIMARY KEY,
    service_id     BLOB NOT NULL,
    severity       INTEGER NOT NULL,
    first_alert_at INTEGER NOT NULL,
    grouping_value TEXT NOT NULL,
    group_key      TEXT,
    alert_count    INTEGER NOT NULL,
    pages          TEXT NOT NULL
) STRICT;
CREATE INDEX shadow_incident_service ON shadow_incident (service_id, first_alert_at);

-- How each heartbeat monitor stands. A monitor that was never heard of has no row.
CREATE TABLE heartbeat (
    id          BLOB PRIMARY KEY,
    state       TEXT NOT NULL,
    since       INTEGER NOT NULL,
    last_at     INTEGER,
    started_at  INTEGER,
    run_id      TEXT,
    duration    INTEGER
) STRICT;

-- The last pings of each, the oldest of them removed as new ones come.
CREATE TABLE heartbeat_ping (
    id           BLOB PRIMARY KEY,
    heartbeat_id BLOB NOT NULL,
    at           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    run_id       TEXT,
    exit_code    INTEGER,
    duration     INTEGER,
    note         TEXT
) STRICT;
CREATE INDEX heartbeat_ping_of ON heartbeat_ping (heartbeat_id, id);

-- What the installation does to watch itself, and how it went the last time.
CREATE TABLE self_watch (
    id          BLOB PRIMARY KEY,
    last_at     INTEGER NOT NULL,
    last_ok_at  INTEGER,
    trouble     TEXT,
    delivery_id BLOB
) STRICT;
