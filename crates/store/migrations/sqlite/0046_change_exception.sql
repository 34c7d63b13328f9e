-- Kinds of changes that are held to less than their row of the matrix asks for.
CREATE TABLE change_exception (
    id              BLOB    NOT NULL PRIMARY KEY,
    number          INTEGER NOT NULL UNIQUE,
    team_id         BLOB    NOT NULL,
    class           TEXT    NOT NULL,
    service_id      BLOB,
    row_name        TEXT    NOT NULL,
    justification   TEXT    NOT NULL,
    nominator_id    BLOB    NOT NULL,
    nominated_at    INTEGER NOT NULL,
    manager_id      BLOB,
    manager_at      INTEGER,
    owner_id        BLOB,
    owner_at        INTEGER,
    review_at       INTEGER,
    ending          TEXT,
    ended_by        TEXT,
    ended_reason    TEXT,
    ended_incident  BLOB,
    ended_at        INTEGER,
    is_announced    INTEGER NOT NULL
) STRICT;
CREATE INDEX change_exception_class ON change_exception (class, ending);

-- The exception that a change was held to, by its number.
ALTER TABLE change ADD COLUMN exception INTEGER;
CREATE INDEX change_under_exception ON change (exception, state);
CREATE INDEX change_begins ON change (coalesce(started_at, start_at), number);
CREATE INDEX change_runs ON change (class, service_id, closed_at);

INSERT INTO counter (name, value) VALUES ('change_exception', 0);
