-- The steps of changes that were done: by whom and when.
ALTER TABLE change ADD COLUMN aborted_at bigint;

CREATE TABLE change_tick (
    change_id  uuid NOT NULL REFERENCES change (id),
    run        text NOT NULL,
    place      bigint NOT NULL,
    actor_kind text NOT NULL,
    actor_id   uuid,
    actor_name text NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (change_id, run, place)
);
