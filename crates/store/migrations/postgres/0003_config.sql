-- What the organisation configured: one document per thing, and one row per change of it. A thing
-- that is removed keeps its row, so that the same name has the same id when it comes back.

CREATE TABLE config_object (
    id         UUID   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    revision   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (kind, name)
);

CREATE TABLE config_revision (
    revision BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    summary  TEXT   NOT NULL
);
