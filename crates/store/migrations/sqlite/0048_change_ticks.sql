-- The steps of changes that were done: by whom and when.
ALTER TABLE change ADD COLUMN aborted_at INTEGER;

CREATE TABLE change_tick (
    change_id  BLOB NOT NULL REFERENCES change (id),
    run        TEXT NOT NULL,
    place      INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   BLOB,
    actor_name TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (change_id, run, place)
) STRICT, WITHOUT ROWID;
