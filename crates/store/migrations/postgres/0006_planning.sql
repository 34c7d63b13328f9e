-- Planning of on-call while the server runs: overrides, leave, requests to swap or cover shifts,
-- calendar links, handoffs, and what people say of the load. Times are microseconds since 1970 in
-- UTC. People and schedules are named by id, so that history survives a change of names.

-- Somebody instead of whoever the layers name. What is over stays, since it says who was on call.
CREATE TABLE schedule_override (
    id          UUID PRIMARY KEY,
    schedule_id UUID NOT NULL,
    user_id     UUID NOT NULL,
    from_at     BIGINT NOT NULL,
    to_at       BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    displaced   TEXT NOT NULL,
    instead_of  UUID,
    request_id  UUID,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    removed_at  BIGINT,
    removed_by  TEXT
);
CREATE INDEX schedule_override_live ON schedule_override (schedule_id, from_at) WHERE removed_at IS NULL;

CREATE TABLE leave_feed (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL,
    name       TEXT NOT NULL,
    url        TEXT,
    created_at BIGINT NOT NULL,
    read_at    BIGINT,
    failed_at  BIGINT,
    error      TEXT,
    skipped    TEXT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX leave_feed_user ON leave_feed (user_id, id) WHERE removed_at IS NULL;

CREATE TABLE absence (
    id         UUID PRIMARY KEY,
    user_id    UUID NOT NULL,
    from_at    BIGINT NOT NULL,
    to_at      BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    feed_id    UUID,
    uid        TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX absence_live ON absence (user_id, from_at) WHERE removed_at IS NULL;
CREATE INDEX absence_feed ON absence (feed_id, id);

-- A request to cover a shift, or to swap it for another one.
CREATE TABLE cover_request (
    id           UUID PRIMARY KEY,
    schedule_id  UUID NOT NULL,
    requester_id UUID NOT NULL,
    from_at      BIGINT NOT NULL,
    to_at        BIGINT NOT NULL,
    return_from  BIGINT,
    return_to    BIGINT,
    reason       TEXT NOT NULL,
    state        TEXT NOT NULL,
    accepted_by  UUID,
    absence_id   UUID,
    reminders    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    decided_at   BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX cover_request_schedule ON cover_request (schedule_id, id);
CREATE INDEX cover_request_absence ON cover_request (absence_id);

CREATE TABLE cover_request_asked (
    request_id  UUID NOT NULL,
    user_id     UUID NOT NULL,
    declined_at BIGINT,
    token_hash  BYTEA NOT NULL UNIQUE,
    PRIMARY KEY (request_id, user_id)
);

CREATE TABLE calendar_link (
    id          UUID PRIMARY KEY,
    token_hash  BYTEA NOT NULL UNIQUE,
    schedule_id UUID,
    user_id     UUID,
    owner_id    UUID,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    revoked_at  BIGINT
);
CREATE INDEX calendar_link_owner ON calendar_link (owner_id, id);

CREATE TABLE handoff (
    id          UUID PRIMARY KEY,
    schedule_id UUID NOT NULL,
    at          BIGINT NOT NULL,
    outgoing    TEXT NOT NULL,
    incoming    TEXT NOT NULL,
    draft       TEXT NOT NULL,
    notes       TEXT NOT NULL,
    edited_at   BIGINT,
    edited_by   TEXT,
    accepted_at BIGINT,
    accepted_by TEXT,
    version     BIGINT NOT NULL,
    CONSTRAINT handoff_at UNIQUE (schedule_id, at)
);

-- What a person said of the load of a shift; one row is asked once.
CREATE TABLE load_survey (
    id          UUID PRIMARY KEY,
    schedule_id UUID NOT NULL,
    user_id     UUID NOT NULL,
    from_at     BIGINT NOT NULL,
    to_at       BIGINT NOT NULL,
    token_hash  BYTEA NOT NULL UNIQUE,
    score       BIGINT,
    asked_at    BIGINT NOT NULL,
    answered_at BIGINT,
    CONSTRAINT load_survey_shift UNIQUE (schedule_id, user_id, to_at)
);
CREATE INDEX load_survey_user ON load_survey (user_id, to_at);

-- Who was on call, written down as time passes, so that a later change of a rotation does not
-- rewrite what people are paid by; and how far that is written down.
CREATE TABLE shift_record (
    schedule_id UUID NOT NULL,
    user_id     UUID NOT NULL,
    layer       TEXT NOT NULL,
    from_at     BIGINT NOT NULL,
    to_at       BIGINT NOT NULL,
    PRIMARY KEY (schedule_id, from_at, user_id)
);
CREATE TABLE shift_record_until (
    schedule_id UUID PRIMARY KEY,
    until_at    BIGINT NOT NULL
);
