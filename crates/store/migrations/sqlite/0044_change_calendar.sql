-- What is in the way of changes, and links to the calendar of them.
ALTER TABLE change ADD COLUMN back_at INTEGER;
ALTER TABLE change ADD COLUMN checked_at INTEGER;
CREATE INDEX change_booked ON change (state, start_at);

-- What may be in a change's way all the same.
CREATE TABLE change_override (
    change_id  BLOB NOT NULL REFERENCES change (id),
    position   INTEGER NOT NULL,
    conflict   TEXT NOT NULL,
    text       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id   BLOB,
    actor_name TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (change_id, position)
) STRICT, WITHOUT ROWID;

-- A link shows a schedule, a person's shifts, or changes: of a service, or all of them.
ALTER TABLE calendar_link ADD COLUMN is_of_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calendar_link ADD COLUMN service_id BLOB;
