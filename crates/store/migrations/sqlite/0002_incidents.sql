-- From a received message to an answered page. Times are microseconds since 1970 in UTC.

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counter (name, value) VALUES ('incident', 0);

-- Every accepted message, whole. Rows are inserted many at a time before their clients hear 202.
CREATE TABLE inbox (
    id             BLOB PRIMARY KEY,
    integration_id BLOB NOT NULL,
    received_at    INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    content_type   TEXT,
    request        TEXT,
    body           BLOB NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    error          TEXT,
    outcome        TEXT
) STRICT;
CREATE INDEX inbox_pending ON inbox (id) WHERE state = 'pending';
CREATE INDEX inbox_failed ON inbox (id) WHERE state = 'failed';

CREATE TABLE alert (
    id             BLOB PRIMARY KEY,
    integration_id BLOB NOT NULL,
    service_id     BLOB NOT NULL,
    dedup_key      TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('open', 'resolved')),
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
    decision       TEXT NOT NULL
) STRICT;
-- At most one open alert per integration and key (ARCHITECTURE.md, invariant 2).
CREATE UNIQUE INDEX alert_open ON alert (integration_id, dedup_key) WHERE status = 'open';
CREATE INDEX alert_key ON alert (integration_id, dedup_key, id);
CREATE INDEX alert_incident ON alert (incident_id, id);
CREATE INDEX alert_service ON alert (service_id, id);
CREATE INDEX alert_status ON alert (status, id);

-- Which messages spoke of which alert.
CREATE TABLE alert_message (
    alert_id   BLOB NOT NULL,
    message_id BLOB NOT NULL,
    PRIMARY KEY (alert_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    id               BLOB PRIMARY KEY,
    number           INTEGER NOT NULL UNIQUE,
    title            TEXT NOT NULL,
    summary          TEXT,
    service_id       BLOB NOT NULL,
    policy_id        BLOB NOT NULL,
    severity         INTEGER NOT NULL,
    status           TEXT NOT NULL,
    assignee_id      BLOB,
    occurred_at      INTEGER,
    detected_at      INTEGER,
    acknowledged_at  INTEGER,
    researching_at   INTEGER,
    identified_at    INTEGER,
    restored_at      INTEGER,
    resolved_at      INTEGER,
    closed_at        INTEGER,
    escalation       TEXT NOT NULL,
    escalation_step  INTEGER NOT NULL,
    escalation_round INTEGER NOT NULL,
    escalation_at    INTEGER,
    alert_count      INTEGER NOT NULL,
    open_alert_count INTEGER NOT NULL,
    reopened_count   INTEGER NOT NULL,
    merged_into      BLOB,
    practice         INTEGER NOT NULL,
    first_alert_at   INTEGER,
    grouping_value   TEXT NOT NULL,
    group_key        TEXT,
    version          INTEGER NOT NULL
) STRICT;
CREATE INDEX incident_open ON incident (severity, number) WHERE status NOT IN ('resolved', 'closed');
CREATE INDEX incident_triggered ON incident (service_id, number) WHERE status = 'triggered';
CREATE INDEX incident_service ON incident (service_id, number);
CREATE INDEX incident_status ON incident (status, number);
CREATE INDEX incident_assignee ON incident (assignee_id, number);
CREATE INDEX incident_detected ON incident (detected_at);

-- Only ever added to.
CREATE TABLE timeline_entry (
    id          BLOB PRIMARY KEY,
    incident_id BLOB NOT NULL,
    at          INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    BLOB,
    actor_name  TEXT NOT NULL,
    text        TEXT NOT NULL,
    data        TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_incident ON timeline_entry (incident_id, id);

-- One person being asked to take one incident.
CREATE TABLE page (
    id            BLOB PRIMARY KEY,
    incident_id   BLOB NOT NULL,
    user_id       BLOB NOT NULL,
    step          INTEGER,
    round         INTEGER NOT NULL,
    reason        TEXT NOT NULL,
    urgency       TEXT NOT NULL,
    state         TEXT NOT NULL,
    how           TEXT,
    superseded_by TEXT,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    token_hash    BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX page_incident ON page (incident_id, id);
CREATE INDEX page_user ON page (user_id, id);

-- One message to one address, with everything that is tried for it. Messages that belong to no page
-- (informational mail, tests, event webhooks) carry their own content.
CREATE TABLE delivery (
    id           BLOB PRIMARY KEY,
    kind         TEXT NOT NULL,
    page_id      BLOB,
    incident_id  BLOB,
    user_id      BLOB,
    method_id    BLOB,
    method       TEXT NOT NULL,
    channel      TEXT NOT NULL,
    address      TEXT,
    content      TEXT,
    state        TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    first_due_at INTEGER NOT NULL,
    due_at       INTEGER,
    accepted_at  INTEGER
) STRICT;
CREATE INDEX delivery_page ON delivery (page_id, position) WHERE page_id IS NOT NULL;
CREATE INDEX delivery_incident ON delivery (incident_id, id) WHERE incident_id IS NOT NULL;
CREATE INDEX delivery_recent ON delivery (method_id, accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX delivery_bundled ON delivery (method_id) WHERE state = 'bundled';

CREATE TABLE delivery_attempt (
    delivery_id     BLOB NOT NULL,
    number          INTEGER NOT NULL,
    started_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    outcome         TEXT NOT NULL,
    status          TEXT,
    detail          TEXT,
    possible_repeat INTEGER NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;

-- The single instant at which each aggregate next needs attention.
CREATE TABLE timer (
    kind        TEXT NOT NULL,
    id          BLOB NOT NULL,
    due_at      INTEGER NOT NULL,
    lease_until INTEGER,
    fence       INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (kind, due_at);

-- What the live stream tells. On the embedded database `xid` is always 0.
CREATE TABLE event (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    type            TEXT NOT NULL,
    incident_number INTEGER,
    subject         TEXT NOT NULL,
    xid             INTEGER NOT NULL DEFAULT 0
) STRICT;
