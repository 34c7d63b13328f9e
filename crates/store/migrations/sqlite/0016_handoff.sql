-- Handoffs with where they stand and whom they were sent to; what people say of their shifts in
-- words; and what is known of the calendars that leave is read from.
ALTER TABLE handoff ADD COLUMN state TEXT NOT NULL DEFAULT 'passed';
ALTER TABLE handoff ADD COLUMN since_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handoff ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0;
CREATE INDEX handoff_schedule ON handoff (schedule_id, state);
CREATE INDEX handoff_state ON handoff (state, id);

CREATE TABLE handoff_link (
    token_hash BLOB PRIMARY KEY,
    handoff_id BLOB NOT NULL,
    user_id    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE load_survey ADD COLUMN comment TEXT;

ALTER TABLE leave_feed ADD COLUMN sealed_url BLOB;
ALTER TABLE leave_feed ADD COLUMN matches TEXT;
ALTER TABLE leave_feed ADD COLUMN etag TEXT;
ALTER TABLE leave_feed ADD COLUMN tried_at INTEGER;
ALTER TABLE leave_feed ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leave_feed ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
