-- What the organisation configured: one document per thing, and one row per change of it. A thing
-- that is removed keeps its row, so that the same name has the same id when it comes back.

CREATE TABLE config_object (
    id         BLOB    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    document   TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    UNIQUE (kind, name)
) STRICT;

CREATE TABLE config_revision (
    revision INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT    NOT NULL,
    summary  TEXT    NOT NULL
) STRICT;
