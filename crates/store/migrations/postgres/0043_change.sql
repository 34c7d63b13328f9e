-- Changes: what somebody means to do, who must agree, and what became of it.
CREATE TABLE change (
    id            UUID NOT NULL PRIMARY KEY,
    number        BIGINT NOT NULL UNIQUE,
    state         TEXT NOT NULL,
    title         TEXT NOT NULL,
    service_id    UUID NOT NULL,
    class         TEXT NOT NULL,
    technician_id UUID,
    submitter_id  UUID NOT NULL,
    start_at      BIGINT,
    end_at        BIGINT,
    revision      BIGINT NOT NULL,
    origin        TEXT NOT NULL,
    excuse        TEXT NOT NULL,
    plan          TEXT NOT NULL,
    assessment    TEXT,
    tier          BIGINT,
    is_emergent   BOOLEAN NOT NULL,
    outcome       TEXT,
    created_at    BIGINT NOT NULL,
    submitted_at  BIGINT,
    approved_at   BIGINT,
    asked_at      BIGINT,
    started_at    BIGINT,
    ended_at      BIGINT,
    closed_at     BIGINT,
    version       BIGINT NOT NULL
);
CREATE INDEX change_state ON change (state, number);
CREATE INDEX change_start ON change (start_at, number);
CREATE INDEX change_technician ON change (technician_id, number);
CREATE INDEX change_submitter ON change (submitter_id, number);

-- Everything that a change touches, its service included.
CREATE TABLE change_service (
    service_id UUID NOT NULL,
    change_id  UUID NOT NULL REFERENCES change (id),
    PRIMARY KEY (service_id, change_id)
);
CREATE INDEX change_service_change ON change_service (change_id);

-- The wordings that people agreed or disagreed to.
CREATE TABLE change_revision (
    change_id UUID NOT NULL REFERENCES change (id),
    revision  BIGINT NOT NULL,
    plan      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (change_id, revision)
);

-- What people decided. Whoever does the work decides nothing.
CREATE TABLE change_decision (
    change_id     UUID NOT NULL REFERENCES change (id),
    position      BIGINT NOT NULL,
    approver      TEXT NOT NULL,
    team_id       UUID,
    user_id       UUID NOT NULL,
    on_behalf_of  UUID,
    is_approval   BOOLEAN NOT NULL,
    reason        TEXT NOT NULL,
    revision      BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    is_void       BOOLEAN NOT NULL,
    technician_id UUID,
    PRIMARY KEY (change_id, position),
    CONSTRAINT not_the_technician CHECK (user_id <> technician_id)
);

-- Who is asked to decide now.
CREATE TABLE change_asked (
    user_id   UUID NOT NULL,
    change_id UUID NOT NULL REFERENCES change (id),
    PRIMARY KEY (user_id, change_id)
);
CREATE INDEX change_asked_change ON change_asked (change_id);

-- What happened to a change.
CREATE TABLE change_entry (
    id         UUID NOT NULL PRIMARY KEY,
    change_id  UUID NOT NULL REFERENCES change (id),
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   UUID,
    actor_name TEXT NOT NULL,
    text       TEXT NOT NULL
);
CREATE INDEX change_entry_change ON change_entry (change_id, id);

INSERT INTO counter (name, value) VALUES ('change', 0);
