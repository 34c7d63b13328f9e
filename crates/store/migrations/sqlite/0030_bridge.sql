-- Where people meet about an incident, and when they expect it to be over; each one versioned text,
-- empty where there is none.
ALTER TABLE incident ADD COLUMN bridge TEXT NOT NULL DEFAULT '';
ALTER TABLE incident ADD COLUMN estimate TEXT NOT NULL DEFAULT '';
