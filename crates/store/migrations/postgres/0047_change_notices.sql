-- What people were told of changes, and what waits for their digest.
CREATE TABLE change_notice (
    id          uuid NOT NULL PRIMARY KEY,
    change_id   uuid NOT NULL REFERENCES change (id),
    user_id     uuid NOT NULL,
    news        text NOT NULL,
    because     text NOT NULL,
    way         text NOT NULL,
    at          bigint NOT NULL,
    due_at      bigint,
    told_at     bigint,
    delivery_id uuid
);
CREATE INDEX change_notice_change ON change_notice (change_id, id);
CREATE UNIQUE INDEX change_notice_waiting ON change_notice (user_id, change_id) WHERE told_at IS NULL;

-- How people want to hear of changes around them, where they said so or had a digest.
CREATE TABLE change_reader (
    user_id     uuid NOT NULL PRIMARY KEY,
    wish        text NOT NULL,
    digested_at bigint
);
