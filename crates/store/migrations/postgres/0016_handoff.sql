-- Handoffs with where they stand and whom they were sent to; what people say of their shifts in
-- words; and what is known of the calendars that leave is read from.
ALTER TABLE handoff ADD COLUMN state TEXT NOT NULL DEFAULT 'passed';
ALTER TABLE handoff ADD COLUMN since_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE handoff ADD COLUMN reminders BIGINT NOT NULL DEFAULT 0;
CREATE INDEX handoff_schedule ON handoff (schedule_id, state);
CREATE INDEX handoff_state ON handoff (state, id);

CREATE TABLE handoff_link (
    token_hash BYTEA PRIMARY KEY,
    handoff_id UUID NOT NULL,
    user_id    UUID NOT NULL
);

ALTER TABLE load_survey ADD COLUMN comment TEXT;

ALTER TABLE leave_feed ADD COLUMN sealed_url BYTEA;
ALTER TABLE leave_feed ADD COLUMN matches TEXT;
ALTER TABLE leave_feed ADD COLUMN etag TEXT;
ALTER TABLE leave_feed ADD COLUMN tried_at BIGINT;
ALTER TABLE leave_feed ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leave_feed ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
