-- The number that people say of the change that an event of the live stream is about.
ALTER TABLE event ADD COLUMN change_number BIGINT;
