-- From a received message to an answered page. Times are microseconds since 1970 in UTC.

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('incident', 0);

-- Every accepted message, whole. Rows are inserted many at a time before their clients hear 202.
CREATE TABLE inbox (
    id             UUID PRIMARY KEY,
    integration_id UUID NOT NULL,
    received_at    BIGINT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    content_type   TEXT,
    request        TEXT,
    body           BYTEA NOT NULL,
    attempts       BIGINT NOT NULL DEFAULT 0,
    error          TEXT,
    outcome        TEXT
);
CREATE INDEX inbox_pending ON inbox (id) WHERE state = 'pending';
CREATE INDEX inbox_failed ON inbox (id) WHERE state = 'failed';

CREATE TABLE alert (
    id             UUID PRIMARY KEY,
    integration_id UUID NOT NULL,
    service_id     UUID NOT NULL,
    dedup_key      TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('open', 'resolved')),
    severity       BIGINT,
    incident_id    UUID,
    summary        TEXT NOT NULL,
    source         TEXT NOT NULL,
    component      TEXT NOT NULL,
    grp            TEXT NOT NULL,
    class          TEXT NOT NULL,
    labels         TEXT NOT NULL,
    details        TEXT NOT NULL,
    links          TEXT NOT NULL,
    count          BIGINT NOT NULL,
    first_at       BIGINT NOT NULL,
    last_at        BIGINT NOT NULL,
    resolved_at    BIGINT,
    previous_id    UUID,
    decision       TEXT NOT NULL
);
-- At most one open alert per integration and key (ARCHITECTURE.md, invariant 2).
CREATE UNIQUE INDEX alert_open ON alert (integration_id, dedup_key) WHERE status = 'open';
CREATE INDEX alert_key ON alert (integration_id, dedup_key, id);
CREATE INDEX alert_incident ON alert (incident_id, id);
CREATE INDEX alert_service ON alert (service_id, id);
CREATE INDEX alert_status ON alert (status, id);

-- Which messages spoke of which alert.
CREATE TABLE alert_message (
    alert_id   UUID NOT NULL,
    message_id UUID NOT NULL,
    PRIMARY KEY (alert_id, message_id)
);

CREATE TABLE incident (
    id               UUID PRIMARY KEY,
    number           BIGINT NOT NULL UNIQUE,
    title            TEXT NOT NULL,
    summary          TEXT,
    service_id       UUID NOT NULL,
    policy_id        UUID NOT NULL,
    severity         BIGINT NOT NULL,
    status           TEXT NOT NULL,
    assignee_id      UUID,
    occurred_at      BIGINT,
    detected_at      BIGINT,
    acknowledged_at  BIGINT,
    researching_at   BIGINT,
    identified_at    BIGINT,
    restored_at      BIGINT,
    resolved_at      BIGINT,
    closed_at        BIGINT,
    escalation       TEXT NOT NULL,
    escalation_step  BIGINT NOT NULL,
    escalation_round BIGINT NOT NULL,
    escalation_at    BIGINT,
    alert_count      BIGINT NOT NULL,
    open_alert_count BIGINT NOT NULL,
    reopened_count   BIGINT NOT NULL,
    merged_into      UUID,
    practice         BOOLEAN NOT NULL,
    first_alert_at   BIGINT,
    grouping_value   TEXT NOT NULL,
    group_key        TEXT,
    version          BIGINT NOT NULL
);
CREATE INDEX incident_open ON incident (severity, number) WHERE status NOT IN ('resolved', 'closed');
CREATE INDEX incident_triggered ON incident (service_id, number) WHERE status = 'triggered';
CREATE INDEX incident_service ON incident (service_id, number);
CREATE INDEX incident_status ON incident (status, number);
CREATE INDEX incident_assignee ON incident (assignee_id, number);
CREATE INDEX incident_detected ON incident (detected_at);

-- Only ever added to.
CREATE TABLE timeline_entry (
    id          UUID PRIMARY KEY,
    incident_id UUID NOT NULL,
    at          BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    UUID,
    actor_name  TEXT NOT NULL,
    text        TEXT NOT NULL,
    data        TEXT NOT NULL
);
CREATE INDEX timeline_incident ON timeline_entry (incident_id, id);

-- One person being asked to take one incident.
CREATE TABLE page (
    id            UUID PRIMARY KEY,
    incident_id   UUID NOT NULL,
    user_id       UUID NOT NULL,
    step          BIGINT,
    round         BIGINT NOT NULL,
    reason        TEXT NOT NULL,
    urgency       TEXT NOT NULL,
    state         TEXT NOT NULL,
    how           TEXT,
    superseded_by TEXT,
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT,
    token_hash    BYTEA NOT NULL UNIQUE
);
CREATE INDEX page_incident ON page (incident_id, id);
CREATE INDEX page_user ON page (user_id, id);

-- One message to one address, with everything that is tried for it. Messages that belong to no page
-- (informational mail, tests, event webhooks) carry their own content.
CREATE TABLE delivery (
    id           UUID PRIMARY KEY,
    kind         TEXT NOT NULL,
    page_id      UUID,
    incident_id  UUID,
    user_id      UUID,
    method_id    UUID,
    method       TEXT NOT NULL,
    channel      TEXT NOT NULL,
    address      TEXT,
    content      TEXT,
    state        TEXT NOT NULL,
    attempts     BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    first_due_at BIGINT NOT NULL,
    due_at       BIGINT,
    accepted_at  BIGINT
);
CREATE INDEX delivery_page ON delivery (page_id, position) WHERE page_id IS NOT NULL;
CREATE INDEX delivery_incident ON delivery (incident_id, id) WHERE incident_id IS NOT NULL;
CREATE INDEX delivery_recent ON delivery (method_id, accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX delivery_bundled ON delivery (method_id) WHERE state = 'bundled';

CREATE TABLE delivery_attempt (
    delivery_id     UUID NOT NULL,
    number          BIGINT NOT NULL,
    started_at      BIGINT NOT NULL,
    finished_at     BIGINT,
    outcome         TEXT NOT NULL,
    status          TEXT,
    detail          TEXT,
    possible_repeat BOOLEAN NOT NULL,
    PRIMARY KEY (delivery_id, number)
);

-- The single instant at which each aggregate next needs attention.
CREATE TABLE timer (
    kind        TEXT NOT NULL,
    id          UUID NOT NULL,
    due_at      BIGINT NOT NULL,
    lease_until BIGINT,
    fence       BIGINT NOT NULL,
    generation  BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX timer_due ON timer (kind, due_at);

-- What the live stream tells. `xid` is the transaction that told it: readers stop below the oldest
-- transaction that still runs, because sequence order is not commit order.
CREATE TABLE event (
    seq             BIGSERIAL PRIMARY KEY,
    at              BIGINT NOT NULL,
    type            TEXT NOT NULL,
    incident_number BIGINT,
    subject         TEXT NOT NULL,
    xid             BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint)
);
