-- What is in the way of changes, and links to the calendar of them.
ALTER TABLE change ADD COLUMN back_at bigint;
ALTER TABLE change ADD COLUMN checked_at bigint;
CREATE INDEX change_booked ON change (state, start_at);

-- What may be in a change's way all the same.
CREATE TABLE change_override (
    change_id  uuid NOT NULL REFERENCES change (id),
    position   bigint NOT NULL,
    conflict   text NOT NULL,
    text       text NOT NULL,
    reason     text NOT NULL,
    actor_kind text NOT NULL,
    actor_id   uuid,
    actor_name text NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (change_id, position)
);

-- A link shows a schedule, a person's shifts, or changes: of a service, or all of them.
ALTER TABLE calendar_link ADD COLUMN is_of_changes boolean NOT NULL DEFAULT false;
ALTER TABLE calendar_link ADD COLUMN service_id uuid;
