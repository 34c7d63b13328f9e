-- What was said about the gates of an incident, as one versioned text; empty where nothing was.
ALTER TABLE incident ADD COLUMN gates TEXT NOT NULL DEFAULT '';
