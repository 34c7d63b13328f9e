-- The browsers that a person wants to be notified by. Times are microseconds since 1970 in UTC.
CREATE TABLE push_device (
    id          UUID PRIMARY KEY,
    user_id     UUID NOT NULL,
    name        TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    p256dh      BYTEA NOT NULL,
    auth        BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    accepted_at BIGINT,
    CONSTRAINT push_device_endpoint UNIQUE (endpoint)
);
CREATE INDEX push_device_user ON push_device (user_id, id);
