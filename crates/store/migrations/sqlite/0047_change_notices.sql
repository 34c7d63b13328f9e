-- What people were told of changes, and what waits for their digest.
CREATE TABLE change_notice (
    id          BLOB NOT NULL PRIMARY KEY,
    change_id   BLOB NOT NULL REFERENCES change (id),
    user_id     BLOB NOT NULL,
    news        TEXT NOT NULL,
    because     TEXT NOT NULL,
    way         TEXT NOT NULL,
    at          INTEGER NOT NULL,
    due_at      INTEGER,
    told_at     INTEGER,
    delivery_id BLOB
) STRICT;
CREATE INDEX change_notice_change ON change_notice (change_id, id);
CREATE UNIQUE INDEX change_notice_waiting ON change_notice (user_id, change_id) WHERE told_at IS NULL;

-- How people want to hear of changes around them, where they said so or had a digest.
CREATE TABLE change_reader (
    user_id     BLOB NOT NULL PRIMARY KEY,
    wish        TEXT NOT NULL,
    digested_at INTEGER
) STRICT;
