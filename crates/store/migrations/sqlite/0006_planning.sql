-- Planning of on-call while the server runs: overrides, leave, requests to swap or cover shifts,
-- calendar links, handoffs, and what people say of the load. Times are microseconds since 1970 in
-- UTC. People and schedules are named by id, so that history survives a change of names.

-- Somebody instead of whoever the layers name. What is over stays, since it says who was on call.
CREATE TABLE schedule_override (
    id          BLOB PRIMARY KEY,
    schedule_id BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    from_at     INTEGER NOT NULL,
    to_at       INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    displaced   TEXT NOT NULL,
    instead_of  BLOB,
    request_id  BLOB,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    removed_at  INTEGER,
    removed_by  TEXT
) STRICT;
CREATE INDEX schedule_override_live ON schedule_override (schedule_id, from_at) WHERE removed_at IS NULL;

CREATE TABLE leave_feed (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL,
    name       TEXT NOT NULL,
    url        TEXT,
    created_at INTEGER NOT NULL,
    read_at    INTEGER,
    failed_at  INTEGER,
    error      TEXT,
    skipped    TEXT NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE INDEX leave_feed_user ON leave_feed (user_id, id) WHERE removed_at IS NULL;

CREATE TABLE absence (
    id         BLOB PRIMARY KEY,
    user_id    BLOB NOT NULL,
    from_at    INTEGER NOT NULL,
    to_at      INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    feed_id    BLOB,
    uid        TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE INDEX absence_live ON absence (user_id, from_at) WHERE removed_at IS NULL;
CREATE INDEX absence_feed ON absence (feed_id, id);

-- A request to cover a shift, or to swap it for another one.
CREATE TABLE cover_request (
    id           BLOB PRIMARY KEY,
    schedule_id  BLOB NOT NULL,
    requester_id BLOB NOT NULL,
    from_at      INTEGER NOT NULL,
    to_at        INTEGER NOT NULL,
    return_from  INTEGER,
    return_to    INTEGER,
    reason       TEXT NOT NULL,
    state        TEXT NOT NULL,
    accepted_by  BLOB,
    absence_id   BLOB,
    reminders    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    decided_at   INTEGER,
    version      INTEGER NOT NULL
) STRICT;
CREATE INDEX cover_request_schedule ON cover_request (schedule_id, id);
CREATE INDEX cover_request_absence ON cover_request (absence_id);

CREATE TABLE cover_request_asked (
    request_id  BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    declined_at INTEGER,
    token_hash  BLOB NOT NULL UNIQUE,
    PRIMARY KEY (request_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE calendar_link (
    id          BLOB PRIMARY KEY,
    token_hash  BLOB NOT NULL UNIQUE,
    schedule_id BLOB,
    user_id     BLOB,
    owner_id    BLOB,
    created_at  INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    revoked_at  INTEGER
) STRICT;
CREATE INDEX calendar_link_owner ON calendar_link (owner_id, id);

CREATE TABLE handoff (
    id          BLOB PRIMARY KEY,
    schedule_id BLOB NOT NULL,
    at          INTEGER NOT NULL,
    outgoing    TEXT NOT NULL,
    incoming    TEXT NOT NULL,
    draft       TEXT NOT NULL,
    notes       TEXT NOT NULL,
    edited_at   INTEGER,
    edited_by   TEXT,
    accepted_at INTEGER,
    accepted_by TEXT,
    version     INTEGER NOT NULL,
    CONSTRAINT handoff_at UNIQUE (schedule_id, at)
) STRICT;

-- What a person said of the load of a shift; one row is asked once.
CREATE TABLE load_survey (
    id          BLOB PRIMARY KEY,
    schedule_id BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    from_at     INTEGER NOT NULL,
    to_at       INTEGER NOT NULL,
    token_hash  BLOB NOT NULL UNIQUE,
    score       INTEGER,
    asked_at    INTEGER NOT NULL,
    answered_at INTEGER,
    CONSTRAINT load_survey_shift UNIQUE (schedule_id, user_id, to_at)
) STRICT;
CREATE INDEX load_survey_user ON load_survey (user_id, to_at);

-- Who was on call, written down as time passes, so that a later change of a rotation does not
-- rewrite what people are paid by; and how far that is written down.
CREATE TABLE shift_record (
    schedule_id BLOB NOT NULL,
    user_id     BLOB NOT NULL,
    layer       TEXT NOT NULL,
    from_at     INTEGER NOT NULL,
    to_at       INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, from_at, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE shift_record_until (
    schedule_id BLOB PRIMARY KEY,
    until_at    INTEGER NOT NULL
) STRICT;
