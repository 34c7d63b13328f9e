-- The browsers that a person wants to be notified by. Times are microseconds since 1970 in UTC.
CREATE TABLE push_device (
    id          BLOB PRIMARY KEY,
    user_id     BLOB NOT NULL,
    name        TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    p256dh      BLOB NOT NULL,
    auth        BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    accepted_at INTEGER,
    CONSTRAINT push_device_endpoint UNIQUE (endpoint)
) STRICT;
CREATE INDEX push_device_user ON push_device (user_id, id);
