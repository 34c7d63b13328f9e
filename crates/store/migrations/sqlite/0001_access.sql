-- Who gets in, and the record of what they did; with the few rows that belong to the installation.

CREATE TABLE credential (
    user_id       BLOB    NOT NULL PRIMARY KEY,
    password_hash TEXT    NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id           BLOB    NOT NULL PRIMARY KEY,
    user_id      BLOB    NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    address      TEXT    NOT NULL,
    agent        TEXT    NOT NULL
) STRICT;

CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE token (
    id           BLOB    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    user_id      BLOB,
    token_hash   BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

-- A revoked token keeps its row and frees its name.
CREATE UNIQUE INDEX token_name_key ON token (name) WHERE revoked_at IS NULL;
CREATE INDEX token_user_id ON token (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE lease (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     BLOB    NOT NULL,
    fence      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- `seq` is the order of writing; `position`, `prev_hash` and `hash` are filled in by the sealer in
-- the order of commits.
CREATE TABLE audit (
    seq         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id          BLOB    NOT NULL UNIQUE,
    at          INTEGER NOT NULL,
    actor_kind  TEXT    NOT NULL,
    actor_id    BLOB,
    action      TEXT    NOT NULL,
    object_kind TEXT    NOT NULL,
    object_id   TEXT    NOT NULL,
    data        TEXT    NOT NULL,
    salt        BLOB,
    digest      BLOB    NOT NULL,
    position    INTEGER UNIQUE,
    prev_hash   BLOB,
    hash        BLOB
) STRICT;

CREATE INDEX audit_unsealed ON audit (seq) WHERE position IS NULL;
CREATE INDEX audit_object ON audit (object_kind, object_id, seq);
