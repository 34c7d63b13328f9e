-- Changes: what somebody means to do, who must agree, and what became of it.
CREATE TABLE change (
    id            BLOB NOT NULL PRIMARY KEY,
    number        INTEGER NOT NULL UNIQUE,
    state         TEXT NOT NULL,
    title         TEXT NOT NULL,
    service_id    BLOB NOT NULL,
    class         TEXT NOT NULL,
    technician_id BLOB,
    submitter_id  BLOB NOT NULL,
    start_at      INTEGER,
    end_at        INTEGER,
    revision      INTEGER NOT NULL,
    origin        TEXT NOT NULL,
    excuse        TEXT NOT NULL,
    plan          TEXT NOT NULL,
    assessment    TEXT,
    tier          INTEGER,
    is_emergent   INTEGER NOT NULL,
    outcome       TEXT,
    created_at    INTEGER NOT NULL,
    submitted_at  INTEGER,
    approved_at   INTEGER,
    asked_at      INTEGER,
    started_at    INTEGER,
    ended_at      INTEGER,
    closed_at     INTEGER,
    version       INTEGER NOT NULL
) STRICT;
CREATE INDEX change_state ON change (state, number);
CREATE INDEX change_start ON change (start_at, number);
CREATE INDEX change_technician ON change (technician_id, number);
CREATE INDEX change_submitter ON change (submitter_id, number);

-- Everything that a change touches, its service included.
CREATE TABLE change_service (
    service_id BLOB NOT NULL,
    change_id  BLOB NOT NULL REFERENCES change (id),
    PRIMARY KEY (service_id, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_service_change ON change_service (change_id);

-- The wordings that people agreed or disagreed to.
CREATE TABLE change_revision (
    change_id BLOB NOT NULL REFERENCES change (id),
    revision  INTEGER NOT NULL,
    plan      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (change_id, revision)
) STRICT, WITHOUT ROWID;

-- What people decided. Whoever does the work decides nothing.
CREATE TABLE change_decision (
    change_id     BLOB NOT NULL REFERENCES change (id),
    position      INTEGER NOT NULL,
    approver      TEXT NOT NULL,
    team_id       BLOB,
    user_id       BLOB NOT NULL,
    on_behalf_of  BLOB,
    is_approval   INTEGER NOT NULL,
    reason        TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    is_void       INTEGER NOT NULL,
    technician_id BLOB,
    PRIMARY KEY (change_id, position),
    CONSTRAINT not_the_technician CHECK (user_id <> technician_id)
) STRICT, WITHOUT ROWID;

-- Who is asked to decide now.
CREATE TABLE change_asked (
    user_id   BLOB NOT NULL,
    change_id BLOB NOT NULL REFERENCES change (id),
    PRIMARY KEY (user_id, change_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_asked_change ON change_asked (change_id);

-- What happened to a change.
CREATE TABLE change_entry (
    id         BLOB NOT NULL PRIMARY KEY,
    change_id  BLOB NOT NULL REFERENCES change (id),
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   BLOB,
    actor_name TEXT NOT NULL,
    text       TEXT NOT NULL
) STRICT;
CREATE INDEX change_entry_change ON change_entry (change_id, id);

INSERT INTO counter (name, value) VALUES ('change', 0);
